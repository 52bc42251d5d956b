/** Shows a running stream: a screen that refreshes on a terminal, JSON lines on standard error elsewhere. */
import type { Logger } from "../log.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import { createRate, liveView, rowsThatFit } from "./live-view.ts";

export interface DisplayParts {
  readonly reader: StoreReader;
  readonly tables: number;
  readonly timeZone: string;
  /** The position that the next record gets. */
  readonly end: () => number;
  readonly logger: Logger;
  /** Null where standard output is no terminal. */
  readonly screen: Screen | null;
  readonly nowMs: () => number;
  /** Calls again and again, until what it returns is called. */
  readonly every: (intervalMs: number, work: () => void) => () => void;
}

type Screen = Pick<NodeJS.WriteStream, "write" | "columns" | "rows">;

export interface Display {
  /** Shows the last state, and no more. */
  stop(): void;
  /** Rejects with the first error of reading or showing, after which nothing is shown any more. */
  readonly failed: Promise<never>;
}

const REFRESH_MS = 1000;
const REPORT_MS = 5000;
const RATE_OVER_MS = 10_000;

const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_ALL = "\x1b[2J";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

/** Starts showing. Throws what reading the store throws. */
export function startDisplay(parts: DisplayParts): Display {
  return parts.screen === null ? startReports(parts) : startScreen(parts, parts.screen);
}

function startScreen(parts: DisplayParts, screen: Screen): Display {
  const { reader, tables, timeZone } = parts;
  const status = statusOf(parts);
  const { show, failed } = untilItFails(() => {
    const size = { width: screen.columns, height: screen.rows };
    const view = reader.newest(rowsThatFit(tables, size));
    const lines = liveView(view, status(view.progress), timeZone, size);
    screen.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join("\n")}${CLEAR_BELOW}`);
  });
  screen.write(`${HIDE_CURSOR}${CLEAR_ALL}`);
  show();
  const cancel = parts.every(REFRESH_MS, show);
  const stop = (): void => {
    cancel();
    show();
    screen.write(`\n${SHOW_CURSOR}`);
  };
  return { stop, failed };
}

function startReports(parts: DisplayParts): Display {
  const status = statusOf(parts);
  const { show, failed } = untilItFails(() => {
    const { progress, alerts } = parts.reader.newest(0);
    const { ratePerSecond, lag } = status(progress);
    const watermark = progress.watermarkMs === null ? null : new Date(progress.watermarkMs).toISOString();
    const rate = Math.round(ratePerSecond * 10) / 10;
    parts.logger.info("progress", { rate, lag, watermark, alerts: alerts.count, ...progress.ledger?.source });
  });
  return { stop: parts.every(REPORT_MS, show), failed };
}

/** A timer's error would otherwise end the process on the spot, with nothing drained. */
function untilItFails(act: () => void): { show: () => void; failed: Promise<never> } {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  let works = true;
  const show = (): void => {
    if (!works) return;
    try {
      act();
    } catch (error) {
      works = false;
      failure.reject(error);
    }
  };
  return { show, failed: failure.promise };
}

/** The rate is measured from here on. */
function statusOf({ end, nowMs, reader }: DisplayParts) {
  const rate = createRate(RATE_OVER_MS);
  rate({ atMs: nowMs(), read: reader.newest(0).progress.position });
  return ({ position }: { readonly position: number }) => ({
    ratePerSecond: rate({ atMs: nowMs(), read: position }),
    lag: Math.max(0, end() - position),
  });
}
