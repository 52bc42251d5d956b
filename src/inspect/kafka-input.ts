/** The pipeline's input on Kafka, as far as checks look at it: where its partitions end, what came last, what waits. */
import { identityOf, topicBounds } from "../eventlog/kafka/topic-bounds.ts";
import type { Bounds, Positions } from "../eventlog/positions.ts";
import { openCluster } from "../kafka/cluster.ts";
import { openReader } from "../kafka/fetch.ts";
import type { KafkaBatch } from "../kafka/records/record-batches.ts";
import { PATIENT } from "../kafka/retry.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import type { Waiting } from "./lagging.ts";

export interface InputBounds {
  /** Tells the topic from another that had its name. */
  readonly identity: string;
  /** By partition. */
  readonly bounds: readonly Bounds[];
}

const REQUEST_TIMEOUT_MS = 15_000;

/** Throws `kafka.topic-missing`, … */
export async function boundsOf(kafka: KafkaSettings, topic: string): Promise<InputBounds> {
  const cluster = await openCluster(kafka, REQUEST_TIMEOUT_MS);
  try {
    const found = await topicBounds(cluster, topic, PATIENT);
    return { identity: identityOf(found), bounds: found.bounds };
  } finally {
    await cluster.close();
  }
}

/** About so many of the newest records, evenly of the partitions. */
export async function newestOf(
  kafka: KafkaSettings,
  topic: string,
  bounds: readonly Bounds[],
  records: number,
): Promise<readonly KafkaBatch[]> {
  const each = Math.ceil(records / Math.max(1, bounds.length));
  const ranges = bounds.map(({ start, end }) => ({ start: Math.max(start, end - each), end }));
  const batches: KafkaBatch[] = [];
  for await (const batch of batchesWithin(kafka, topic, new Map(ranges.entries()))) batches.push(batch);
  return batches;
}

/** What isn't taken in yet by who stands at these positions; the ends of transactions may be counted with it. */
export async function waitingFrom(
  kafka: KafkaSettings,
  topic: string,
  bounds: readonly Bounds[],
  positions: Positions,
): Promise<Waiting> {
  const waiting = { records: 0, oldestMs: Number.POSITIVE_INFINITY };
  for (const [partition, { start, end }] of bounds.entries()) {
    const range = { start: Math.max(start, positions[partition] ?? start), end };
    const oldestMs = await firstTimeWithin(kafka, topic, partition, range);
    if (oldestMs === null) continue;
    waiting.records += range.end - range.start;
    waiting.oldestMs = Math.min(waiting.oldestMs, oldestMs);
  }
  return { records: waiting.records, oldestMs: waiting.records === 0 ? null : waiting.oldestMs };
}

async function firstTimeWithin(
  kafka: KafkaSettings,
  topic: string,
  partition: number,
  range: Bounds,
): Promise<number | null> {
  for await (const { ingestTimesMs } of batchesWithin(kafka, topic, new Map([[partition, range]])))
    return ingestTimesMs[0] ?? null;
  return null;
}

const LOOKS_FOR_MS = 10_000;

/** Committed records of each partition's range, and perhaps some behind it; as many as come in some seconds. */
async function* batchesWithin(
  kafka: KafkaSettings,
  topic: string,
  ranges: ReadonlyMap<number, Bounds>,
): AsyncGenerator<KafkaBatch> {
  const left = new Map([...ranges].filter(([, { start, end }]) => start < end));
  if (left.size === 0) return;
  const from = [...left].map(([partition, { start }]) => ({ topic, partition, offset: start }));
  const reader = await openReader(quick(kafka), { from, committedOnly: true });
  const patience = setTimeout(() => {
    left.clear();
    void reader.close();
  }, LOOKS_FOR_MS);
  try {
    while (left.size > 0) {
      for (const { partition, batches, nextOffset } of await reader.next()) {
        if (left.has(partition)) yield* batches;
        if (nextOffset >= (left.get(partition)?.end ?? 0)) left.delete(partition);
      }
    }
  } finally {
    clearTimeout(patience);
    await reader.close();
  }
}

/** Doesn't wait for what may still come. */
const quick = (settings: KafkaSettings): KafkaSettings => ({
  ...settings,
  consumer: { ...settings.consumer, "fetch.max.wait.ms": "0" },
});
