/** Where a run keeps what it put out and how far it came: all of a commit, or none of it. */
import type { DeadLetter, Ledger, RecordPlace, TableRows } from "../engine/engine.ts";
import type { Positions } from "../eventlog/positions.ts";
import type { Backfills } from "./backfills.ts";
import type { PipelineChange } from "./pipeline-change.ts";
import type { Retries } from "./retries.ts";

/** What the engine took in at once: a partition's records up to a position. */
export interface Step {
  readonly partition: number;
  readonly toPosition: number;
  /** Other partitions that had unread records then. */
  readonly unread: readonly number[];
}

/** What the engine did between two commits, which is all that its state depends on beside the log. */
export interface JournalEntry {
  readonly steps: readonly Step[];
  /** Whether it triggered after them, and if so, which partitions had unread records. */
  readonly trigger: { readonly unread: readonly number[] } | null;
}

export interface KeptEntry extends JournalEntry {
  /** Ascends. */
  readonly id: number;
}

/** What one transaction makes visible. */
export interface Commit extends JournalEntry {
  /** In the log, by partition: of the first record that is not part of this commit or an earlier one. */
  readonly positions: Positions;
  /**
   * Rows of row tables to append, rows of window tables to put in place of those of the same key, rows of alerts to
   * keep unless there is one of the same id.
   */
  readonly tables: readonly TableRows[];
  readonly late: readonly RecordPlace[];
  readonly dead: readonly DeadLetter[];
  readonly ledger: Ledger;
  readonly watermarkMs: number | null;
}

/** What a commit came to. */
export interface Written {
  /** The last change's number. */
  readonly seq: number;
  /** The commit's, without alerts whose id was there already. */
  readonly tables: readonly TableRows[];
}

/** Where the engine's state was taken. */
export interface StatePoint {
  readonly takenAtMs: number;
  readonly positions: Positions;
  /** The journal's entry that ends there: what the engine did since is behind it. */
  readonly journalId: number;
}

/** A state to keep, as `packState` gives it. */
export interface PackedState extends StatePoint {
  readonly packed: Uint8Array;
}

/** What a store goes on from with another pipeline. */
export interface Adoption extends Pick<PackedState, "takenAtMs" | "packed"> {
  /** The state is that after it. */
  readonly commit: Commit;
}

export interface Snapshot extends StatePoint {
  /** Null where its checksum doesn't hold. */
  readonly state: Uint8Array | null;
}

/** How far the last commit came. */
export interface Progress {
  /** A UUID, given when the store was made. */
  readonly storeId: string;
  /** Of which log the positions are; null until it is known. */
  readonly log: string | null;
  /** Where the first commit began; null until that is known. */
  readonly begun: Positions | null;
  /** Whether it takes in again what was published before this copy of it was restored. */
  readonly following: boolean;
  readonly positions: Positions;
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
  /** The positions of all partitions together. */
  readonly fromPosition: number;
}

export interface Store {
  progress(): Progress;
  /** The newest first. */
  snapshots(): Generator<Snapshot>;
  /** What the engine did from an entry on, in order; known from the oldest snapshot on. */
  journal(fromId: number): readonly KeptEntry[];
  /** The last entry's; 0 where there is none. */
  journalEnd(): number;
  /** Throws as `commit` does. */
  keepSnapshot(state: PackedState): void;
  /** What stands before it in the log is no longer needed to recover, even if the newest snapshot can't be read. */
  neededFrom(): Positions;
  /** The store's positions are of this log from now on. Throws `store.other-log` if they are another's. */
  belongsTo(log: string): void;
  /**
   * Throws `store.owner-lost` if another process took the store over, `store.locked` while another program writes
   * it, `store.disk-full`, `store.failed`, `store.corrupt`; nothing is written then.
   */
  commit(commit: Commit): Written;
  /** Where the first commit is going to begin. */
  begin(positions: Positions): void;
  /** Until it is told otherwise it takes in again what was published before. */
  follow(following: boolean): void;
  /** How the pipeline differs from the one that the store's rows and snapshots belong to; null if it doesn't. */
  readonly change: PipelineChange | null;
  /**
   * A commit, and the state after it, by which they belong to the pipeline from here on; what other snapshots there are
   * go. After its rows `write` may write those of tables that were rebuilt, numbered after the number given; it gives the
   * last one.
   */
  adopt(adoption: Adoption, rebuilt?: Begun, write?: (afterSeq: number) => number): void;
  readonly retries: Retries;
  readonly backfills: Backfills;
  close(): void;
}
