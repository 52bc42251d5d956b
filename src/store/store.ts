/** Where a run keeps what it put out and how far it came: all of a commit, or none of it. */
import type { DeadLetter, Ledger, RecordPlace, TableRows } from "../engine/engine.ts";
import type { Backfills } from "./backfills.ts";
import type { PipelineChange } from "./pipeline-change.ts";
import type { Retries } from "./retries.ts";

/** What one transaction makes visible. */
export interface Commit {
  /** Position in the log of the first record that is not part of this commit or an earlier one. */
  readonly position: number;
  /**
   * Rows of row tables to append, rows of window tables to put in place of those of the same key, rows of alerts to
   * keep unless there is one of the same id.
   */
  readonly tables: readonly TableRows[];
  readonly late: readonly RecordPlace[];
  readonly dead: readonly DeadLetter[];
  readonly ledger: Ledger;
  readonly watermarkMs: number | null;
  /** Whether the engine triggered at `position`, as the last thing in this commit. */
  readonly trigger: boolean;
  /** The engine's state at `position`, after the trigger, where it is time to keep one. */
  readonly snapshot: State | null;
}

export interface State {
  readonly takenAtMs: number;
  readonly state: Uint8Array;
}

export interface Snapshot extends State {
  readonly position: number;
}

/** How far the last commit came. */
export interface Progress {
  readonly position: number;
  /** The last change's: each row that was put out, and each alert, has the next number of the whole store. */
  readonly seq: number;
  /** Null before the first commit. */
  readonly ledger: Ledger | null;
  readonly watermarkMs: number | null;
  /** How many times the store was opened to write, this time included. */
  readonly ownerEpoch: number;
}

/** Tables that the engine counts in from a position on. */
export interface Begun {
  readonly tables: ReadonlySet<string>;
  readonly fromPosition: number;
}

export interface Store {
  progress(): Progress;
  /** Kept snapshots whose checksum holds, the newest first. */
  snapshots(): Generator<Snapshot>;
  /** The positions after this one at which the engine triggered, ascending; known from the oldest snapshot on. */
  triggers(afterPosition: number): readonly number[];
  /** What stands before it in the log is no longer needed to recover, even if the newest snapshot can't be read. */
  neededFrom(): number;
  /**
   * Throws `store.owner-lost` if another process took the store over, `store.locked` while another program writes
   * it, `store.disk-full`, `store.failed`, `store.corrupt`; nothing is written then.
   */
  commit(commit: Commit): void;
  /** How the pipeline differs from the one that the store's rows and snapshots belong to; null if it doesn't. */
  readonly change: PipelineChange | null;
  /**
   * A commit, with a snapshot, by which they belong to the pipeline from here on; what other snapshots there are go.
   * After its rows `write` may write those of tables that were rebuilt, numbered after the number given; it gives the
   * last one.
   */
  adopt(commit: Commit, rebuilt?: Begun, write?: (afterSeq: number) => number): void;
  readonly retries: Retries;
  readonly backfills: Backfills;
  close(): void;
}
