/** Reads an application's marker from the topic of commits. */
import { Buffer } from "node:buffer";
import { fail, type LoanstreamError } from "../errors.ts";
import type { KafkaAdmin } from "../kafka/admin.ts";
import { topicReplaced } from "../kafka/errors.ts";
import { openReader } from "../kafka/fetch.ts";
import { partitionOf } from "../kafka/records/partition-of.ts";
import type { KafkaBatch } from "../kafka/records/record-batches.ts";
import { pause } from "../kafka/retry.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { COMMITS_TOPIC } from "../pipeline/topic-names.ts";
import { type Marker, readMarker } from "./marker.ts";

export interface MarkerReader {
  /** Where the application's markers are. */
  readonly partition: number;
  /** The newest of those that are committed by now; null if there is none. */
  newest(): Promise<Marker | null>;
  /** The newest once every transaction that is open now is decided. Throws `kafka.timeout`. */
  settled(): Promise<Marker | null>;
}

export interface MarkerReaderOptions {
  readonly applicationId: string;
  /** How long to wait for others' transactions. */
  readonly patienceMs: number;
  readonly onTrouble: (trouble: LoanstreamError) => void;
  readonly signal: AbortSignal;
}

/** The newest marker is nearly always among the last records. */
const FIRST_LOOK = 1000;
const LOOK_FURTHER = 10;
const PAUSE_MS = 5;

/** Throws `kafka.topic-missing`. */
export async function markerReader(
  settings: KafkaSettings,
  admin: KafkaAdmin,
  options: MarkerReaderOptions,
): Promise<MarkerReader> {
  const { applicationId, patienceMs, onTrouble, signal } = options;
  const key = Buffer.from(applicationId);
  const offset = async (edge: "start" | "end" | "stable-end") =>
    (await admin.offsets(COMMITS_TOPIC, edge))[partition] ?? 0;
  const partition = partitionOf(key, (await admin.offsets(COMMITS_TOPIC, "end")).length);

  /**
   * The newest value at offsets of [from, to): null where it was deleted, undefined where there is none. Throws
   * `kafka.topic-replaced` where the partition ends before, which it didn't a moment ago.
   */
  async function valueIn(from: number, to: number): Promise<Uint8Array | null | undefined> {
    const at = { topic: COMMITS_TOPIC, partition, offset: from };
    const reader = await openReader(quick(settings), { from: [at], committedOnly: true, onTrouble });
    signal.addEventListener("abort", reader.close, { once: true });
    let found: Uint8Array | null | undefined;
    try {
      for (let reached = from; reached < to; ) {
        if (signal.aborted) throw stopped(partition);
        for (const { batches, nextOffset, highWatermark } of await reader.next()) {
          // A new leader may not know yet how far others have read; it is asked for offsets once it does.
          if (highWatermark < to && (await offset("stable-end")) < to) throw topicReplaced(COMMITS_TOPIC);
          reached = nextOffset;
          for (const batch of batches) {
            const value = lastValue(batch, key, to);
            if (value !== undefined) found = value;
          }
        }
      }
    } finally {
      signal.removeEventListener("abort", reader.close);
      await reader.close();
    }
    return found;
  }

  async function newest(): Promise<Marker | null> {
    const start = await offset("start");
    let look = FIRST_LOOK;
    for (let to = await offset("stable-end"); to > start; look *= LOOK_FURTHER) {
      const from = Math.max(start, to - look);
      const value = await valueIn(from, to);
      if (value !== undefined) return value && readMarker(value);
      to = from;
    }
    return null;
  }

  return {
    partition,
    newest,
    async settled() {
      const end = await offset("end");
      const deadline = performance.now() + patienceMs;
      while ((await offset("stable-end")) < end) {
        if (performance.now() > deadline) throw undecided(partition);
        await pause(PAUSE_MS, signal);
        if (signal.aborted) throw stopped(partition);
      }
      return newest();
    },
  };
}

/** The last of a key before an offset. */
function lastValue(batch: KafkaBatch, key: Buffer, to: number): Uint8Array | null | undefined {
  for (let row = Math.min(batch.count, to - batch.basePosition) - 1; row >= 0; row--) {
    const { key: its, deleted } = batch.details(row);
    if (its === null || !key.equals(its)) continue;
    return deleted ? null : batch.bytes.slice(batch.offsets[row], batch.offsets[row + 1]);
  }
  return undefined;
}

const quick = (settings: KafkaSettings): KafkaSettings => ({
  ...settings,
  consumer: { ...settings.consumer, "fetch.max.wait.ms": "5" },
});

function undecided(partition: number): LoanstreamError {
  const message = "a transaction has been open there for too long";
  const remedy = "Look with kafka-transactions.sh find-hanging who holds it, and abort it.";
  return fail("kafka.timeout", message, remedy, { topic: COMMITS_TOPIC, partition });
}

const stopped = (partition: number): LoanstreamError =>
  fail("kafka.unavailable", "the end came before the marker was read", "Start again.", {
    topic: COMMITS_TOPIC,
    partition,
  });
