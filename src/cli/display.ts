/** Shows a running stream: a screen that refreshes on a terminal, JSON lines on standard error elsewhere. */
import type { Logger } from "../log.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Status } from "../server/parts.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import { cutTo } from "./aligned.ts";
import { historyView, liveView, rowsThatFit, type ScreenSize, type WidestCells } from "./live-view.ts";
import { printable } from "./table-text.ts";

export interface DisplayParts {
  readonly reader: StoreReader;
  readonly tables: number;
  readonly timeZone: string;
  readonly status: () => Status;
  /** Where the page is. */
  readonly url: string;
  readonly logger: Logger;
  /** Null where standard output is no terminal. */
  readonly screen: Screen | null;
  /** The newest of the run's messages, the oldest first; a screen shows them. */
  readonly messages: () => readonly string[];
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
/** Of the history each refresh is reported, since it lasts some seconds. */
const FIRST_REPORT_MS = 5000;
const REPORT_MS = 60_000;

/** What a screen shows beside messages, if it is small. */
const LEAST_LINES = 8;

const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_ALL = "\x1b[2J";
const HIDE_CURSOR = "\x1b[?25l";
export const SHOW_CURSOR = "\x1b[?25h";

/** Starts showing. Throws what reading the store throws. */
export function startDisplay(parts: DisplayParts): Display {
  return parts.screen === null ? startReports(parts) : startScreen(parts, parts.screen);
}

function startScreen(parts: DisplayParts, screen: Screen): Display {
  const lines = screenLines(parts);
  const { show, failed } = untilItFails(() => {
    const shown = withMessages(lines, parts.messages(), { width: screen.columns, height: screen.rows });
    screen.write(`${HOME}${shown.map((line) => line + CLEAR_LINE).join("\n")}${CLEAR_BELOW}`);
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

/** The messages stand above the last line. */
function withMessages(
  lines: (size: ScreenSize) => string[],
  messages: readonly string[],
  { width, height }: ScreenSize,
): string[] {
  const said = messages.slice(0, Math.max(0, height - LEAST_LINES));
  const view = lines({ width, height: height - said.length });
  return [...view.slice(0, -1), ...said.map((line) => cutTo(width, printable(line))), ...view.slice(-1)];
}

/** While the history comes in its progress alone is shown: reading the tables would hold it up. */
function screenLines({
  reader,
  tables,
  timeZone,
  url,
  ...parts
}: DisplayParts): (size: ScreenSize) => string[] {
  const remaining = createRemaining(parts.nowMs);
  const widest: WidestCells = new Map();
  return (size) => {
    const status = parts.status();
    if (status.state === "recovering") return [`${url}  recovering: reopening the stream of events`];
    if (status.history !== null) return historyView(status.history, remaining(status.history), url, size);
    const seen = { url, timeZone, nowMs: parts.nowMs() };
    return liveView(reader.newest(rowsThatFit(tables, size)), status, seen, size, widest);
  };
}

function startReports({ reader, status, logger, nowMs, every }: DisplayParts): Display {
  const remaining = createRemaining(nowMs);
  let nextMs = nowMs() + FIRST_REPORT_MS;
  let reported = status().state;
  const { show, failed } = untilItFails(() => {
    const { history, state, ratePerSecond, lag } = status();
    if (history !== null) {
      const remainingS = secondsOf(remaining(history));
      reported = state;
      return logger.info("history", { done: history.done, of: Math.round(history.of), remainingS });
    }
    if (nowMs() < nextMs && state === reported) return;
    nextMs = nowMs() + REPORT_MS;
    reported = state;
    const { watermarkMs, ledger } = reader.progress();
    const watermark = watermarkMs === null ? null : new Date(watermarkMs).toISOString();
    const watermarkAgeS = secondsOf(watermarkMs === null ? null : nowMs() - watermarkMs);
    const rate = Math.round(ratePerSecond * 10) / 10;
    const times = { watermark, watermarkAgeS };
    logger.info("progress", { state, rate, lag, ...times, alerts: reader.count(ALERTS), ...ledger?.source });
  });
  return { stop: every(REFRESH_MS, show), failed };
}

const secondsOf = (ms: number | null): number | null => (ms === null ? null : Math.round(ms / 1000));

/** How many milliseconds remain, by how far it has come since the first time that it was asked. */
function createRemaining(nowMs: () => number): (history: NonNullable<Status["history"]>) => number | null {
  let first: { readonly atMs: number; readonly done: number } | null = null;
  return ({ done, of }) => {
    first ??= { atMs: nowMs(), done };
    const came = done - first.done;
    return came > 0 ? ((nowMs() - first.atMs) * (of - done)) / came : null;
  };
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
