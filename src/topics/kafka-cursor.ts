/** Records of a topic of Kafka from given offsets on, of several partitions in the order in which they came. */
import { hasCode, type LoanstreamError } from "../errors.ts";
import type { Bounds } from "../eventlog/positions.ts";
import { type Fetched, type KafkaReader, openReader, type ReadPosition } from "../kafka/fetch.ts";
import type { KafkaBatch } from "../kafka/records/record-batches.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { mergeByTime } from "./merge-by-time.ts";
import type { TopicCursor, TopicRecord } from "./topics.ts";

/** A record of a batch as one of a topic; null for one that is none. */
export type ToRecord = (batch: KafkaBatch, row: number) => TopicRecord | null;

export interface KafkaCursor extends TopicCursor {
  /** Makes a `next` under way, and each after it, answer nothing. */
  close(): Promise<void>;
}

export interface CursorOptions {
  readonly from: readonly ReadPosition[];
  readonly toRecord: ToRecord;
  /** By partition. */
  readonly bounds: () => Promise<readonly Bounds[]>;
  /** Told of what passes by itself. */
  readonly onTrouble: (trouble: LoanstreamError) => void;
}

/** How often a partition is asked before it has nothing new: the first answer may have been on its way for long. */
const ANSWERS = 2;

/** Only what is committed. Throws what keeps the first connection from coming about, and `kafka.topic-missing`. */
export async function openCursor(settings: KafkaSettings, options: CursorOptions): Promise<KafkaCursor> {
  const { onTrouble, toRecord, bounds } = options;
  const offsets = new Map(options.from.map(({ partition, offset }) => [partition, offset]));
  const topic = options.from[0]?.topic ?? "";
  let waiting: readonly TopicRecord[] = [];
  let closed = false;

  function read(): Promise<KafkaReader> {
    const from = [...offsets].map(([partition, offset]) => ({ topic, partition, offset }));
    return openReader(settings, { from, committedOnly: true, onTrouble });
  }
  let reader = await read();

  /** What was deleted is passed over. */
  async function goOn(): Promise<readonly Fetched[]> {
    try {
      return await reader.next();
    } catch (error) {
      if (!isGone(error)) throw error;
      await reader.close();
      const kept = await bounds();
      for (const [partition, offset] of offsets) offsets.set(partition, within(offset, kept[partition]));
      reader = await read();
      if (closed) await reader.close();
      return [];
    }
  }

  async function fill(): Promise<void> {
    const answers = new Map<number, number>();
    const isThrough = () =>
      [...offsets.keys()].every((partition) => (answers.get(partition) ?? 0) >= ANSWERS);
    while (waiting.length === 0 && !isThrough() && !closed) {
      const fetched = await goOn();
      const arrived = fetched.map(({ batches }) => arrivedIn(batches, toRecord));
      waiting = mergeByTime(arrived, ({ atMs }) => atMs).map(({ record }) => record);
      for (const { partition, nextOffset, lastStableOffset } of fetched) {
        offsets.set(partition, nextOffset);
        if (nextOffset >= lastStableOffset) answers.set(partition, (answers.get(partition) ?? 0) + 1);
      }
    }
  }

  return {
    async next(limit) {
      if (waiting.length === 0) await fill();
      const records = closed ? [] : waiting.slice(0, limit);
      waiting = waiting.slice(limit);
      return records;
    },
    async close() {
      closed = true;
      await reader.close();
    },
  };
}

/** The offset, or what is nearest to it of what is kept. */
export function within(offset: number, { start, end }: Bounds = NOTHING): number {
  return Math.min(Math.max(offset, start), end);
}

const NOTHING: Bounds = { start: 0, end: 0 };

const isGone = (error: unknown) => hasCode(error, "kafka.offset-out-of-range");

/** A record with the broker's time of it. */
interface Arrived {
  readonly atMs: number;
  readonly record: TopicRecord;
}

function arrivedIn(batches: readonly KafkaBatch[], toRecord: ToRecord): readonly Arrived[] {
  return batches.flatMap((batch) =>
    Array.from(batch.ingestTimesMs).flatMap((atMs, row) => {
      const record = toRecord(batch, row);
      return record === null ? [] : [{ atMs, record }];
    }),
  );
}
