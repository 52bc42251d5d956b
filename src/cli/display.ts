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

/** Starts showing; what it returns stops that. */
export function startDisplay(parts: DisplayParts): () => void {
  return process.stdout.isTTY ? startScreen(parts, process.stdout) : startReports(parts);
}

function startScreen(parts: DisplayParts, screen: NodeJS.WriteStream): () => void {
  const { reader, tables, timeZone } = parts;
  const status = statusOf(parts);
  const draw = (): void => {
    const size = { width: screen.columns, height: screen.rows };
    const view = reader.newest(rowsThatFit(tables, size));
    const lines = liveView(view, status(view.progress), timeZone, size);
    screen.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join("\n")}${CLEAR_BELOW}`);
  };
  screen.write(`${HIDE_CURSOR}${CLEAR_ALL}`);
  draw();
  const timer = setInterval(draw, REFRESH_MS);
  return () => {
    clearInterval(timer);
    draw();
    screen.write(`\n${SHOW_CURSOR}`);
  };
}

function startReports(parts: DisplayParts): () => void {
  const status = statusOf(parts);
  const report = (): void => {
    const { progress, alerts } = parts.reader.newest(0);
    const { ratePerSecond, lag } = status(progress);
    const watermark = progress.watermarkMs === null ? null : new Date(progress.watermarkMs).toISOString();
    const rate = Math.round(ratePerSecond * 10) / 10;
    parts.logger.info("progress", { rate, lag, watermark, alerts: alerts.count, ...progress.ledger?.source });
  };
  const timer = setInterval(report, REPORT_MS);
  return () => clearInterval(timer);
}

function statusOf({ end }: DisplayParts) {
  const rate = createRate(RATE_OVER_MS);
  return ({ position }: { readonly position: number }) => ({
    ratePerSecond: rate({ atMs: Date.now(), read: position }),
    lag: Math.max(0, end() - position),
  });
}
