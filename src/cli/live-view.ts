/** What a running stream looks like on a terminal: a status line, the newest alerts, the newest rows of each table. */

import { duration } from "../output/quantities.ts";
import { type TimeFormat, timeOfDay } from "../output/time-text.ts";
import type { Status } from "../server/parts.ts";
import type { StoreView } from "../store/sqlite-reader.ts";
import { cutTo } from "./aligned.ts";
import { ledgerText } from "./ledger-text.ts";
import { durationLeft } from "./reading-progress.ts";
import { printable, tableText } from "./table-text.ts";

/** Where and when it is looked at. */
export interface Seen {
  /** Of the page. */
  readonly url: string;
  readonly timeZone: string;
  readonly nowMs: number;
}

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** By table the widths that its columns have had. */
export type WidestCells = Map<string, number[]>;

const LEAST_ROWS = 2;
const MOST_ROWS = 6;
/** Status, watermark, ledger, an empty line, and the hint at the end. */
const OTHER_LINES = 5;
/** How long tables are shown that take turns. */
const TURN_MS = 5000;
/** A table's title, its header, and the empty line after it. */
const LINES_AROUND_ROWS = 3;

/** How many rows of each table fit on the screen, and of the alerts; where tables take turns, a few. */
export function rowsThatFit(tables: number, { height }: ScreenSize): number {
  const linesATable = Math.floor((height - OTHER_LINES) / (tables + 1));
  return Math.min(Math.max(linesATable - LINES_AROUND_ROWS, LEAST_ROWS), MOST_ROWS);
}

export function liveView(
  view: StoreView,
  status: Pick<Status, "state" | "ratePerSecond" | "lag">,
  { url, timeZone, nowMs }: Seen,
  { width, height }: ScreenSize,
  widest: WidestCells = new Map(),
): string[] {
  const { ledger, watermarkMs } = view.progress;
  const time = timeOfDay(timeZone, watermarkMs ?? 0);
  const watermark =
    watermarkMs === null ? "none yet" : `${time(watermarkMs)}, ${duration(nowMs - watermarkMs)} ago`;
  const rate = `${status.ratePerSecond.toFixed(1)} events/s`;
  const head = [url, status.state, rate, `lag ${status.lag}`].join("  ");
  const times = `watermark ${watermark}  times in ${timeZone}`;
  const tables = view.tables.map(({ table, rows }) => {
    const widths = widest.get(table.name) ?? [];
    widest.set(table.name, widths);
    const lines = tableText(table.relation.columns, rows, { width, time }, widths);
    return [`${table.name} (${table.emit})`, ...(rows.length > 0 ? lines : ["nothing yet"]), ""];
  });
  const counts = ledger === null ? "nothing read yet" : (ledgerText(ledger)[0] ?? "");
  const top = [head, times, counts, "", ...alertLines(view.alerts, time), ""];
  const turns = turnsOf(tables, height - 1 - top.length);
  const turn = turns[Math.floor(nowMs / TURN_MS) % turns.length] ?? { first: 0, tables };
  const body = [...top, ...turn.tables.flat()].slice(0, height - 1);
  const which = turns.length > 1 ? ` ${turnText(turn, tables.length)}` : "";
  return [...body, `Ctrl-C drains and ends.${which}`].map((line) => cutTo(width, line));
}

const LONGEST_BAR = 40;

/** How far the past has been taken in. */
export function historyView(
  { done, of }: NonNullable<Status["history"]>,
  remainingMs: number | null,
  url: string,
  { width, height }: ScreenSize,
): string[] {
  const share = of > 0 ? Math.min(1, done / of) : 1;
  const full = Math.round(share * LONGEST_BAR);
  const bar = `${"█".repeat(full)}${"░".repeat(LONGEST_BAR - full)} ${Math.floor(share * 100)}%`;
  const left = remainingMs === null ? "" : `, ${durationLeft(remainingMs)}`;
  const events = `${done.toLocaleString("en-US")} of about ${Math.round(of).toLocaleString("en-US")} events${left}`;
  const lines = [`${url}  history`, bar, events, "", "Ctrl-C drains and ends."];
  return lines.slice(0, height).map((line) => cutTo(width, line));
}

interface Turn {
  /** The place of its first table. */
  readonly first: number;
  readonly tables: readonly string[][];
}

/** Tables that fit together, each whole unless it alone has too little room. The last needs no empty line after it. */
function turnsOf(tables: readonly string[][], room: number): readonly Turn[] {
  const turns: { first: number; tables: string[][] }[] = [];
  let used = 0;
  for (const [place, lines] of tables.entries()) {
    used += lines.length;
    const turn = turns.at(-1);
    if (turn && used - 1 <= room) turn.tables.push(lines);
    else {
      turns.push({ first: place, tables: [lines] });
      used = lines.length;
    }
  }
  return turns;
}

function turnText({ first, tables }: Turn, all: number): string {
  const last = first + tables.length;
  return tables.length === 1
    ? `Table ${last} of ${all}, in turn.`
    : `Tables ${first + 1} to ${last} of ${all}, in turn.`;
}

/** Each on one line, that may be longer than the screen is wide. */
function alertLines({ count, newest }: StoreView["alerts"], time: TimeFormat): string[] {
  const lines = newest.map(({ eventTimeMs, severity, alert, message }) => {
    const at = eventTimeMs === null ? "" : time(eventTimeMs);
    return printable([at, severity.padEnd("critical".length), alert, message].join("  "));
  });
  return [`alerts: ${count.toLocaleString("en-US")}`, ...lines];
}

export interface ReadAt {
  readonly atMs: number;
  readonly read: number;
}

/** The rate over the last readings, of which it keeps those of `overMs`. */
export function createRate(overMs: number): (reading: ReadAt) => number {
  let kept: ReadAt[] = [];
  return (reading) => {
    kept = [...kept.filter(({ atMs }) => reading.atMs - atMs <= overMs), reading];
    const first = kept[0] ?? reading;
    const elapsedMs = reading.atMs - first.atMs;
    return elapsedMs > 0 ? ((reading.read - first.read) * 1000) / elapsedMs : 0;
  };
}
