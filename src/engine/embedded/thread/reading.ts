/** Reads the partitions of a log side by side: what was taken in first comes first. */
import type { EventLog, PartitionedLog } from "../../../eventlog/event-log.ts";
import type { Positions } from "../../../eventlog/positions.ts";
import { type RecordBatch, recordsBetween } from "../../batch.ts";

export interface NextBatch {
  readonly batch: RecordBatch;
  /** Other partitions that have unread records beside it. */
  readonly unread: readonly number[];
}

/** Of its promises one at a time. */
export interface Reading {
  /** By partition: behind what `next` has given, and behind what holds no records. */
  positions(): Positions;
  /** How many records there may be to read, at most, as far as it is known. */
  lag(): number;
  /** Partitions that may have more, whether it is to be read or not. */
  unread(): readonly number[];
  /** The batch that was taken in before every other that is unread; null where nothing is. Throws as `EventLog.read`. */
  next(): Promise<NextBatch | null>;
  /** What stands there or behind isn't read, unless it was asked for already. */
  endAt(positions: Positions): void;
  /** Holds nothing open until it is asked for more. */
  rest(): Promise<void>;
}

/** @param untilPositions what stands there or behind isn't read; default: everything is */
export function openReading(
  { partitions }: PartitionedLog,
  fromPositions: Positions,
  untilPositions?: Positions,
): Reading {
  const ones = partitions.map((log, partition) => {
    const from = fromPositions[partition] ?? log.start();
    return openPartition(
      log,
      from,
      untilPositions === undefined ? Infinity : (untilPositions[partition] ?? from),
    );
  });
  const having = (isSo: (one: PartitionReading) => boolean): number[] =>
    [...ones.keys()].filter((partition) => isSo(ones[partition]!));
  const unread = (): number[] => having((one) => one.isUnread());

  return {
    positions: () => ones.map(({ position }) => position()),
    lag: () => ones.reduce((sum, { lag }) => sum + lag(), 0),
    unread,
    async next() {
      for (;;) {
        const left = having((one) => one.lag() > 0);
        if (left.length === 0) return null;
        const first = earliest(await Promise.all(left.map((partition) => ones[partition]!.head())));
        if (first === null) continue;
        ones[first.partition]!.take();
        return { batch: first, unread: unread().filter((partition) => partition !== first.partition) };
      }
    },
    endAt(positions) {
      for (const [partition, one] of ones.entries()) one.endAt(positions[partition] ?? 0);
    },
    async rest() {
      await Promise.all(ones.map(({ rest }) => rest()));
    },
  };
}

function earliest(heads: readonly (RecordBatch | null)[]): RecordBatch | null {
  const takenInMs = ({ ingestTimesMs }: RecordBatch) => ingestTimesMs?.[0] ?? 0;
  return heads.reduce((a, b) => (a === null || (b !== null && takenInMs(b) < takenInMs(a)) ? b : a), null);
}

interface PartitionReading {
  position(): number;
  /** How many positions that are to be read may hold unread records. */
  lag(): number;
  isUnread(): boolean;
  /** The next batch, which stays the next one until it is taken; null where there is none by now. */
  head(): Promise<RecordBatch | null>;
  take(): void;
  endAt(position: number): void;
  rest(): Promise<void>;
}

function openPartition(log: EventLog, from: number, untilPosition: number): PartitionReading {
  let cursor = openCursor(log, from);
  let position = from;
  let next: RecordBatch | null = null;
  let until = untilPosition;
  const readThrough = () => (next === null ? position : next.basePosition + next.count);
  const lag = () => (next?.count ?? 0) + Math.max(0, Math.min(log.end(), until) - readThrough());

  return {
    position: () => position,
    lag,
    isUnread: () => next !== null || log.end() > position || !log.isCurrent(),
    async head() {
      const endBefore = Math.min(log.end(), until);
      next ??= await cursor.next(until);
      // A log that couldn't go on has counted one more, for nothing where it could after all.
      const passed = Math.min(endBefore, log.end());
      // What is left there are no records: in Kafka the end of a transaction takes a position, too.
      if (next === null && passed > position) {
        await cursor.rest();
        position = passed;
        cursor = openCursor(log, position);
      }
      return next;
    },
    take() {
      position = readThrough();
      next = null;
    },
    endAt(end) {
      until = Math.min(until, end);
    },
    rest: () => cursor.rest(),
  };
}

/** Goes through one partition in order. */
export interface Cursor {
  /** The next records before a position; null where the log holds none by now. Throws as `EventLog.read`. */
  next(toPosition: number): Promise<RecordBatch | null>;
  /** Holds nothing open until it is asked for more. */
  rest(): Promise<void>;
}

export function openCursor(log: EventLog, fromPosition: number): Cursor {
  let position = fromPosition;
  let batches: AsyncIterator<RecordBatch> | null = null;
  let rest: RecordBatch | null = null;

  async function read(): Promise<RecordBatch | null> {
    batches ??= log.read(position)[Symbol.asyncIterator]();
    const { done, value } = await batches.next();
    if (done !== true) return value;
    batches = null;
    return null;
  }

  return {
    async next(toPosition) {
      if (position >= toPosition) return null;
      rest ??= await read();
      if (rest === null || rest.basePosition >= toPosition) return null;
      const whole = rest;
      const end = whole.basePosition + whole.count;
      position = Math.min(end, toPosition);
      rest = end > toPosition ? recordsBetween(whole, toPosition, end) : null;
      return end > toPosition ? recordsBetween(whole, whole.basePosition, toPosition) : whole;
    },
    async rest() {
      await batches?.return?.();
      batches = null;
    },
  };
}
