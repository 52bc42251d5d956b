/** What the embedded engine offers to whoever feeds it: a pure, deterministic `step(batch) → outputs`. */
import type { RecordBatch } from "../batch.ts";
import type { DeadLetter, Ledger, RecordPlace, TableRows } from "../engine.ts";

export interface StepOutput {
  /** New rows of row tables, and of the alerts over them, in log order. */
  readonly rows: readonly TableRows[];
  readonly late: readonly RecordPlace[];
  readonly dead: readonly DeadLetter[];
}

export interface Session {
  /** @param unread other partitions that have unread records, which hold the watermark back; default: none */
  step(batch: RecordBatch, unread?: readonly number[]): StepOutput;
  /**
   * Rows of window tables and of the alerts over them: groups changed since the last trigger (`update`), those of them
   * that never left before (`once`), windows closed since (`final`).
   *
   * @param unread partitions that have unread records; default: none
   */
  trigger(unread?: readonly number[]): readonly TableRows[];
  /** The end of a bounded input: closes every window. */
  finish(): readonly TableRows[];
  ledger(): Ledger;
  /** Milliseconds since the epoch; null before the first accepted event, or without event time. */
  watermarkMs(): number | null;
  /** The greatest time of an event that was not late; null where there is none. */
  newestEventMs(): number | null;
  /** Everything that the next step depends on. */
  snapshot(): Uint8Array;
}
