/** The contract of an event log. `test/conformance/event-log.ts` holds every implementation to it. */
import type { RecordBatch } from "../engine/batch.ts";
import type { RecordPlace } from "../engine/engine.ts";

/** Records before they have positions. */
export interface Append {
  /** UTF-8 JSON, one a record, without a line end. */
  readonly records: readonly Uint8Array[];
  /** Milliseconds since the epoch. */
  readonly ingestTimeMs: number;
}

/**
 * Positions ascend in the order of the records. Within a batch they are dense; between batches some may be missing, as
 * in Kafka, where a transaction's marker takes one.
 */
export interface EventLog {
  /**
   * Resolves once the records are durable, with the position of the first; for none, with that of the next record.
   * What isn't acknowledged when the process ends may be there later: the first records of it, or all.
   * Throws `log.record-has-line-end`, `log.disk-full`, `log.failed`; after the latter two takes nothing more.
   */
  append(batch: Append): Promise<number>;
  /**
   * Batches from a position on, in order, up to what was durable when each was asked for; ends at the log's end.
   * Throws `log.position-gone` for a position before the oldest that is kept, also when it is let go on the way;
   * `log.corrupt`.
   */
  read(fromPosition: number): AsyncIterable<RecordBatch>;
  /** The oldest position kept; `end()` if there is none. */
  start(): number;
  /** The next record gets this position, or a later one. */
  end(): number;
  /** Whether `end` tells what the log holds by now; where it can't be asked at the moment there may be more. */
  isCurrent(): boolean;
  /**
   * Whether everything that was appended before it was asked can be read: waits some seconds where others' open
   * transactions stand before it.
   */
  settled(): Promise<boolean>;
  /**
   * Records before the position are no longer needed to recover: those that the retention doesn't ask for are
   * deleted. To be called from time to time, so that a quiet log forgets as well.
   */
  release(beforePosition: number): Promise<void>;
  /** Calls it whenever there may be more to read, whoever appended it; one listener at most. */
  onMore(listener: () => void): void;
  close(): Promise<void>;
}

/** The log of a source: its partitions, each an event log of its own, numbered by their place. */
export interface PartitionedLog {
  /** Tells one log from another: positions mean nothing elsewhere. */
  readonly identity: string;
  readonly partitions: readonly EventLog[];
  /** Where a record goes: those of one key to the same partition. */
  partitionOf(record: Uint8Array): number;
  /** Each record to its partition. Resolves with where each stands, once all are durable; throws as `EventLog` does. */
  append(batch: Append): Promise<readonly RecordPlace[]>;
  close(): Promise<void>;
}

/** What was read and found whole. */
export interface LogCheck {
  /** Of a log on Kafka one: how its brokers divide it can't be seen. */
  readonly segments: number;
  /** Of the newest segment, or the newest on Kafka. */
  readonly newestRecords: number;
}

/** A log that another process writes. Each call sees what is in it by then, whole batches only. */
export interface LogReader {
  /** The oldest position kept; `end()` if there is none. */
  start(): Promise<number>;
  /** The next record gets this position, or a later one. */
  end(): Promise<number>;
  /**
   * The records of [fromPosition, toPosition), without `toPosition` all up to the end, in batches.
   * Throws `log.position-gone`, `log.corrupt`.
   */
  read(fromPosition: number, toPosition?: number): AsyncIterable<RecordBatch>;
  /** Of the first batch taken in at that time or later, milliseconds since the epoch; `end()` if there is none. */
  positionAtTime(ingestTimeMs: number): Promise<number>;
  /** Of all its files; on Kafka of the leader's. */
  bytes(): Promise<number>;
  /**
   * Reads where damage shows first: all of the newest segment and the end of every other, or the newest on Kafka.
   * Throws `log.corrupt`.
   */
  check(): Promise<LogCheck>;
  close(): Promise<void>;
}

export interface LogReaders {
  /** As `PartitionedLog` has it. */
  readonly identity: string;
  /** One a partition, in their order; of the embedded log none until it is there. */
  readonly partitions: readonly LogReader[];
}
