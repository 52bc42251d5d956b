/** Reads elsewhere in a partition than where it is followed: fetches as it is asked, and waits for nothing to come. */
import type { RecordBatch } from "../../engine/batch.ts";
import type { KafkaReader } from "../../kafka/fetch.ts";
import { pause } from "../../kafka/retry.ts";
import { piecesOf } from "./pieces.ts";
import { type PartitionSource, readerAt } from "./source.ts";

export interface Aside {
  /** What is committed from a position on, up to the end, which lies where there is something to fetch before it. */
  read(from: number, end: () => number): AsyncGenerator<RecordBatch>;
  close(): Promise<void>;
}

const CONSUMER = { "max.partition.fetch.bytes": String(1 << 20) };
const AT_ONCE = { "fetch.max.wait.ms": "0" };
/** Where a new leader doesn't know yet how far others have read. */
const PAUSE_MS = 20;

export function openAside(source: PartitionSource): Aside {
  const stop = new AbortController();
  const open = new Set<KafkaReader>();
  let idle: KafkaReader | null = null;

  async function take(offset: number): Promise<KafkaReader> {
    const { topic, partition, settings } = source;
    const again = idle;
    idle = null;
    again?.seek({ topic, partition, offset });
    const consumer = { ...CONSUMER, ...settings.consumer, ...AT_ONCE };
    const reader = again ?? (await readerAt(source, offset, consumer, stop.signal));
    open.add(reader);
    if (stop.signal.aborted) await reader.close();
    return reader;
  }

  async function leave(reader: KafkaReader, sound: boolean): Promise<void> {
    if (sound && idle === null) {
      idle = reader;
      return;
    }
    open.delete(reader);
    await reader.close();
  }

  async function* read(from: number, end: () => number): AsyncGenerator<RecordBatch> {
    if (from >= end() || stop.signal.aborted) return;
    const reader = await take(from);
    let sound = false;
    try {
      for (let at = from; at < end() && !stop.signal.aborted; ) {
        sound = false;
        const answers = await reader.next();
        sound = true;
        for (const fetched of answers) {
          source.learn(fetched);
          if (fetched.nextOffset === at) await pause(PAUSE_MS, stop.signal);
          at = fetched.nextOffset;
          for (const batch of fetched.batches) yield* piecesOf(batch);
        }
      }
    } finally {
      await leave(reader, sound);
    }
  }

  return {
    read,
    async close() {
      stop.abort();
      await Promise.all([...open].map((reader) => reader.close()));
    },
  };
}
