/** The contract of an event log. `test/conformance/event-log.ts` holds every implementation to it. */
import type { RecordBatch } from "../engine/batch.ts";

/** Records before they have positions. */
export interface Append {
  /** UTF-8 JSON, one a record, without a line end. */
  readonly records: readonly Uint8Array[];
  /** Milliseconds since the epoch. */
  readonly ingestTimeMs: number;
}

export interface EventLog {
  /** Resolves once the records are durable, with the position of the first. */
  append(batch: Append): Promise<number>;
  /**
   * Batches from a position on, in order, up to what was durable when each was asked for; ends at the log's end.
   * Refuses a position before the oldest that is kept.
   */
  read(fromPosition: number): AsyncIterable<RecordBatch>;
  /** The position that the next record gets. */
  end(): number;
  close(): Promise<void>;
}
