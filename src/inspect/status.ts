/** What goes on in a data directory, seen from outside of the process that may run on it. */
import type { Ledger } from "../engine/engine.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import { readRunning } from "../server/running.ts";
import { isLocked } from "../store/directory-lock.ts";
import { type StoreSummary, summarizeStore } from "../store/summary.ts";
import { type BackfillStatus, backfillStatus } from "./backfills.ts";

export interface DirectoryStatus {
  readonly directory: string;
  /** Null where no process runs on it. */
  readonly process: RunningProcess | null;
  readonly log: LogStatus;
  /** Taken in lately, as the process tells it; null where none tells. */
  readonly recordsPerSecond: number | null;
  /** Committed up to there. */
  readonly position: number;
  /** Records in the log that are not committed yet. */
  readonly lag: number;
  readonly watermarkMs: number | null;
  readonly snapshot: StoreSummary["snapshot"];
  readonly ledger: Ledger["source"] | null;
  readonly tables: readonly TableStatus[];
  readonly backfills: readonly BackfillStatus[];
  readonly retried: number;
  readonly alerts: StoreSummary["alerts"];
}

/** Null what only a process that listens tells. */
export interface RunningProcess {
  readonly pid: number | null;
  readonly url: string | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
}

const ANSWERS_WITHIN_MS = 2000;

/** Records that a process takes in a second, lately; null where it doesn't tell. */
async function rateOf({ url }: RunningProcess): Promise<number | null> {
  if (url === null) return null;
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    const reply: unknown = await response.json();
    const { ratePerSecond } = { ratePerSecond: null, ...(typeof reply === "object" ? reply : {}) };
    return typeof ratePerSecond === "number" ? ratePerSecond : null;
  } catch {
    return null;
  }
}

export interface LogStatus {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
  /** The arrival time that the oldest record bears: a generated one's may lie before the log's begin. */
  readonly oldestMs: number | null;
}

export interface TableStatus {
  readonly name: string;
  readonly rows: number;
  /** Accepted events that it took in and left out; null for one that the pipeline no longer has. */
  readonly used: number | null;
  readonly filtered: number | null;
  /** It counts events from this position on; what was accepted before is among the filtered ones. */
  readonly begunPosition: number | null;
}

/** Null where nothing was ever kept there. Throws `file.unreadable`, `log.corrupt`, `store.unreadable`, … */
export async function statusOf(directory: string): Promise<DirectoryStatus | null> {
  const store = summarizeStore(directory);
  if (store === null) return null;
  const log = await logStatus(directory);
  const { position, watermarkMs, ledger } = store.progress;
  const process = await processOn(directory);
  return {
    directory,
    process,
    log,
    recordsPerSecond: process === null ? null : await rateOf(process),
    position,
    lag: Math.max(0, log.end - position),
    watermarkMs,
    snapshot: store.snapshot,
    ledger: ledger?.source ?? null,
    tables: [...store.rows].map(([name, rows]) => ({
      ...{ name, rows },
      used: ledger?.tables[name]?.used ?? null,
      filtered: ledger?.tables[name]?.filtered ?? null,
      begunPosition: store.begun.get(name) ?? null,
    })),
    backfills: store.backfills.map((file) => backfillStatus(file, log.end, process !== null)),
    retried: store.retried,
    alerts: store.alerts,
  };
}

/** The process that holds the directory. */
export async function processOn(directory: string): Promise<RunningProcess | null> {
  const running = await readRunning(directory);
  if (running !== null) return { pid: running.pid, url: running.url, startedAt: running.startedAt };
  return isLocked(directory) ? { pid: null, url: null, startedAt: null } : null;
}

async function logStatus(directory: string): Promise<LogStatus> {
  const log = await openLogReader(directory);
  if (log === null) return { start: 0, end: 0, bytes: 0, oldestMs: null };
  try {
    const start = await log.start();
    return {
      start,
      end: await log.end(),
      bytes: await log.bytes(),
      oldestMs: await ingestTimeOf(log, start),
    };
  } finally {
    await log.close();
  }
}

async function ingestTimeOf(log: LogReader, position: number): Promise<number | null> {
  for await (const { ingestTimesMs } of log.read(position, position + 1)) return ingestTimesMs?.[0] ?? null;
  return null;
}
