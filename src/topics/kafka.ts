/** Topics of a Kafka cluster, of which only what is committed is read. */
import type { LoanstreamError } from "../errors.ts";
import type { Bounds } from "../eventlog/positions.ts";
import { type KafkaAdmin, type KafkaTopic, openAdmin } from "../kafka/admin.ts";
import { probe } from "../kafka/probe.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { type KafkaCursor, openCursor, within } from "./kafka-cursor.ts";
import { recordReader } from "./kafka-record.ts";
import { type Topic, topicsOf } from "./topic-list.ts";
import type { Start, TopicRecord, TopicStatus, Topics } from "./topics.ts";

export interface KafkaTopicsOptions {
  readonly pipeline: Pipeline;
  /** Told of what passes by itself, such as a broker that restarts. */
  readonly onTrouble: (trouble: LoanstreamError) => void;
  /** Makes every cursor answer nothing any more. */
  readonly signal?: AbortSignal;
}

/** Nothing is asked yet. A topic that isn't there is an error, as is a cluster that can't be reached at first. */
export function openKafkaTopics(settings: KafkaSettings, options: KafkaTopicsOptions): Topics {
  const { pipeline, onTrouble, signal } = options;
  const cursors: KafkaCursor[] = [];
  let opened: Promise<KafkaAdmin> | null = null;
  const closeCursors = () => Promise.all(cursors.map((cursor) => cursor.close()));
  signal?.addEventListener("abort", closeCursors, { once: true });
  const admin = (): Promise<KafkaAdmin> => {
    opened ??= probe(settings).then(() => openAdmin(settings));
    return opened;
  };

  async function cursorOf(topic: Topic, from: ReadonlyMap<number, number>, using = settings) {
    const known = await admin();
    const cursor = await openCursor(using, {
      from: [...from].map(([partition, offset]) => ({ topic: topic.name, partition, offset })),
      toRecord: recordReader(topic),
      bounds: () => boundsOf(known, topic),
      onTrouble,
    });
    cursors.push(cursor);
    return cursor;
  }

  async function open(topic: Topic, from: Start): Promise<KafkaCursor> {
    const bounds = await boundsOf(await admin(), topic);
    return cursorOf(topic, new Map(bounds.map((each) => offsetOf(from, each)).entries()));
  }

  /** Of the record at an offset, or the last that is committed behind it. */
  async function recordsFrom(
    topic: Topic,
    partition: number,
    offset: number,
  ): Promise<readonly TopicRecord[]> {
    const cursor = await cursorOf(topic, new Map([[partition, offset]]), quick(settings));
    const found = await cursor.next(LOOK_BACK);
    await cursor.close();
    return found;
  }

  async function status(topic: Topic): Promise<TopicStatus> {
    const [found] = await (await admin()).describe([topic.name]);
    const times = { oldest: [] as number[], newest: [] as number[] };
    for (const { partition, start, end } of found?.partitions ?? []) {
      if (start === end) continue;
      const [oldest] = await recordsFrom(topic, partition, start);
      const newest = (await recordsFrom(topic, partition, Math.max(start, end - LOOK_BACK))).at(-1);
      times.oldest.push(...timesOf(oldest));
      times.newest.push(...timesOf(newest));
    }
    return {
      topic,
      partitions: found?.partitions.length ?? 0,
      records: found?.partitions.reduce((sum, { start, end }) => sum + end - start, 0) ?? 0,
      oldestMs: times.oldest.length === 0 ? null : Math.min(...times.oldest),
      newestMs: times.newest.length === 0 ? null : Math.max(...times.newest),
      ...keptOf(found?.configs ?? {}),
    };
  }

  return {
    list: topicsOf(pipeline),
    status,
    open,
    async close() {
      signal?.removeEventListener("abort", closeCursors);
      await closeCursors();
      const known = await opened?.catch(() => null);
      await known?.close();
    },
  };
}

/** Transactions end with a record of Kafka's own; behind more of those than this the newest time isn't found. */
const LOOK_BACK = 100;

/** Doesn't wait for what may still come. */
const quick = (settings: KafkaSettings): KafkaSettings => ({
  ...settings,
  consumer: { ...settings.consumer, "fetch.max.wait.ms": "0", "max.partition.fetch.bytes": "65536" },
});

async function boundsOf(admin: KafkaAdmin, { name }: Topic): Promise<readonly Bounds[]> {
  const starts = await admin.offsets(name, "start");
  const ends = await admin.offsets(name, "stable-end");
  return starts.map((start, partition) => ({ start, end: ends[partition] ?? start }));
}

function offsetOf(from: Start, bounds: Bounds): number {
  if (from === "beginning") return bounds.start;
  return from === "end" ? bounds.end : within(from, bounds);
}

function timesOf(record: TopicRecord | undefined): readonly number[] {
  return record === undefined || record.timeMs === null ? [] : [record.timeMs];
}

const DEFAULT_RETENTION_MS = 604_800_000;

/** How long Kafka keeps records by a topic's configs; -1 is for good. */
export function keptOf(configs: KafkaTopic["configs"]): Pick<TopicStatus, "retentionMs" | "retentionBytes"> {
  if (configs["cleanup.policy"] === "compact") return { retentionMs: null, retentionBytes: null };
  const retentionMs = Number(configs["retention.ms"] ?? DEFAULT_RETENTION_MS);
  const retentionBytes = Number(configs["retention.bytes"] ?? -1);
  return {
    retentionMs: retentionMs < 0 ? null : retentionMs,
    retentionBytes: retentionBytes < 0 ? null : retentionBytes,
  };
}
