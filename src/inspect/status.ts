/** What goes on in a data directory, seen from outside of the process that may run on it. */
import { join } from "node:path";
import type { Ledger } from "../engine/engine.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import { type Positions, total } from "../eventlog/positions.ts";
import { readRunning } from "../server/running.ts";
import { isLocked } from "../store/directory-lock.ts";
import { readProgress } from "../store/progress.ts";
import { storeError } from "../store/sqlite-error.ts";
import { openToRead, STORE_FILE } from "../store/sqlite-store.ts";
import { type StoreSummary, summarizeStore } from "../store/summary.ts";
import { type BackfillStatus, backfillStatus } from "./backfills.ts";
import { readinessAt } from "./readiness.ts";

export interface DirectoryStatus {
  readonly directory: string;
  /** Null where no process runs on it. */
  readonly process: RunningProcess | null;
  readonly log: LogStatus;
  /** Taken in lately, as the process tells it; null where none tells. */
  readonly recordsPerSecond: number | null;
  /** Of which log the positions are; null until it is known. */
  readonly logIdentity: string | null;
  /** Committed up to there, by partition. */
  readonly positions: Positions;
  /** Of all partitions together. */
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
  const { positions, watermarkMs, ledger } = store.progress;
  const position = total(positions);
  const process = await processOn(directory);
  return {
    directory,
    process,
    log,
    recordsPerSecond:
      process?.url == null ? null : ((await readinessAt(process.url))?.recordsPerSecond ?? null),
    logIdentity: store.progress.log,
    positions,
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

/** Up to where all is committed by now, by partition. Throws what `storeError` gives. */
export function committedPositions(directory: string): Positions {
  const file = join(directory, STORE_FILE);
  try {
    using database = openToRead(file);
    return readProgress(database).positions;
  } catch (error) {
    throw storeError(error, file);
  }
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
