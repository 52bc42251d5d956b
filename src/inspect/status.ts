/** What goes on in a data directory, seen from outside of the process that may run on it. */
import { join } from "node:path";
import type { Ledger } from "../engine/engine.ts";
import type { Positions } from "../eventlog/positions.ts";
import { readRunning } from "../server/running.ts";
import type { KeptBackfill } from "../store/backfills.ts";
import { isLocked } from "../store/directory-lock.ts";
import { readProgress } from "../store/progress.ts";
import { storeError } from "../store/sqlite-error.ts";
import { openToRead, STORE_FILE } from "../store/sqlite-store.ts";
import type { Progress } from "../store/store.ts";
import { type StoreSummary, summarizeStore } from "../store/summary.ts";
import { readinessAt } from "./readiness.ts";

export interface DirectoryStatus {
  readonly directory: string;
  /** Null where no process runs on it. */
  readonly process: RunningProcess | null;
  /** Taken in lately, as the process tells it; null where none tells. */
  readonly recordsPerSecond: number | null;
  readonly storeId: string;
  /** Of which log the positions are; null until it is known. */
  readonly logIdentity: string | null;
  /** Committed up to there, by partition. */
  readonly positions: Positions;
  readonly watermarkMs: number | null;
  readonly snapshot: StoreSummary["snapshot"];
  readonly ledger: Ledger["source"] | null;
  readonly tables: readonly TableStatus[];
  readonly backfills: readonly KeptBackfill[];
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

export interface TableStatus {
  readonly name: string;
  readonly rows: number;
  /** Accepted events that it took in and left out; null for one that the pipeline no longer has. */
  readonly used: number | null;
  readonly filtered: number | null;
  /**
   * It counts events from there on, the positions of all partitions together; what was accepted before is among the
   * filtered ones.
   */
  readonly begunPosition: number | null;
}

/** Null where nothing was ever kept there. Throws what `storeError` gives. */
export async function statusOf(directory: string): Promise<DirectoryStatus | null> {
  const store = summarizeStore(directory);
  if (store === null) return null;
  const { positions, watermarkMs, ledger } = store.progress;
  const process = await processOn(directory);
  return {
    directory,
    process,
    recordsPerSecond:
      process?.url == null ? null : ((await readinessAt(process.url))?.recordsPerSecond ?? null),
    storeId: store.progress.storeId,
    logIdentity: store.progress.log,
    positions,
    watermarkMs,
    snapshot: store.snapshot,
    ledger: ledger?.source ?? null,
    tables: [...store.rows].map(([name, rows]) => ({
      ...{ name, rows },
      used: ledger?.tables[name]?.used ?? null,
      filtered: ledger?.tables[name]?.filtered ?? null,
      begunPosition: store.begun.get(name) ?? null,
    })),
    backfills: store.backfills,
    retried: store.retried,
    alerts: store.alerts,
  };
}

/** As of the last commit by now. Throws what `storeError` gives. */
export function committedProgress(directory: string): Progress {
  const file = join(directory, STORE_FILE);
  try {
    using database = openToRead(file);
    return readProgress(database);
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
