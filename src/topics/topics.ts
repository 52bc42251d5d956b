/**
 * The contract of topics: the events as they came, and what came of them, as records that anybody may follow, also
 * from another process than the one that runs. `test/conformance/topics.ts` holds every implementation to it.
 */
import type { Topic } from "./topic-list.ts";

export interface TopicRecord {
  readonly topic: string;
  readonly partition: number;
  /** Ascends within a partition; some may be missing. */
  readonly position: number;
  /**
   * Milliseconds since the epoch. Of an event as it came: when the log took it in. Of what came of it: the event's time
   * or the window's end, null where a table shows neither.
   */
  readonly timeMs: number | null;
  /** Of an event the text that names what it is of; of a row its table and key as JSON. */
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 JSON on one line; of an event its bytes as they came, whatever they are. */
  readonly value: Uint8Array;
}

/** Where to begin in every partition: behind the newest record, at the oldest, or at a position. */
export type Start = "beginning" | "end" | number;

export interface TopicStatus {
  readonly topic: Topic;
  readonly partitions: number;
  /** At most: Kafka counts the ends of transactions, too. */
  readonly records: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** How long records are kept at least; null: for good. */
  readonly retentionMs: number | null;
  /** Beyond so many bytes the oldest go earlier; null: they don't. */
  readonly retentionBytes: number | null;
}

export interface TopicCursor {
  /**
   * The next records, at most `limit`, in each partition in order; none where there is nothing new yet. What isn't
   * there yet, the whole data directory even, is nothing new; a topic of Kafka is to be there when it is opened. A
   * position that is no longer kept is passed over.
   */
  next(limit: number): Promise<readonly TopicRecord[]>;
}

export interface Topics {
  /** In the order of the pipeline: events, outputs, alerts, late and dead events. */
  readonly list: readonly Topic[];
  status(topic: Topic): Promise<TopicStatus>;
  open(topic: Topic, from: Start): Promise<TopicCursor>;
  close(): Promise<void>;
}
