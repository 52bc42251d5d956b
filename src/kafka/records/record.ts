/** A record as it goes to Kafka and comes from it. */

export interface Header {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface OutgoingRecord {
  readonly key: Uint8Array | null;
  /** Null deletes the key from a compacted topic. */
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Milliseconds since the epoch; brokers put their own time where the topic says so. */
  readonly timestampMs: number;
}
