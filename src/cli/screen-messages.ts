/** Messages of a run that has the terminal to itself: a screen would wipe away what is written beside it. */
import type { Level } from "../log.ts";

export interface ScreenMessages {
  /** Written where messages go, unless a screen is shown. */
  readonly write: (line: string, level: Level) => void;
  /** The newest, without line ends. */
  newest(): readonly string[];
  /** From now on a screen shows the newest. */
  cover(): void;
  /** The screen is left: what it covered and is to be minded is written again. */
  uncover(): void;
}

const NEWEST = 3;
const MOST_REPEATED = 20;
const MINDED: ReadonlySet<Level> = new Set(["warn", "error"]);

export function createScreenMessages(write: (line: string) => void): ScreenMessages {
  let newest: readonly string[] = [];
  let minded: readonly string[] = [];
  let isCovered = false;
  return {
    write(line, level) {
      newest = [...newest, line.trimEnd()].slice(-NEWEST);
      if (MINDED.has(level)) minded = [...minded, line].slice(-MOST_REPEATED);
      if (!isCovered) write(line);
    },
    newest: () => newest,
    cover() {
      isCovered = true;
    },
    uncover() {
      isCovered = false;
      for (const line of minded) write(line);
      minded = [];
    },
  };
}
