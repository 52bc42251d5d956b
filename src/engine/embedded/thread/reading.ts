/** Reads the partitions of a log side by side: what was taken in first comes first. */
import type { EventLog, PartitionedLog } from "../../../eventlog/event-log.ts";
import type { Positions } from "../../../eventlog/positions.ts";
import { type RecordBatch, recordsBetween } from "../../batch.ts";

export interface Unread {
  readonly batch: RecordBatch;
  /** Other partitions that have unread records beside it. */
  readonly unread: readonly number[];
}

/** Of its promises one at a time. */
export interface Reading {
  /** By partition: behind what `next` has given. */
  positions(): Positions;
  /** Whether there may be more, as far as it is known. */
  hasMore(): boolean;
  /** How many records that may be, at most. */
  lag(): number;
  /** Partitions that may have more. */
  unread(): readonly number[];
  /** The batch that was taken in before every other that is unread; null where nothing is. Throws as `EventLog.read`. */
  next(): Promise<Unread | null>;
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
  const ones = partitions.map((log, partition) =>
    openPartition(log, fromPositions[partition] ?? log.start(), untilPositions?.[partition]),
  );
  const unread = (): number[] => [...ones.keys()].filter((partition) => ones[partition]!.lag() > 0);

  return {
    positions: () => ones.map(({ position }) => position()),
    hasMore: () => ones.some(({ lag }) => lag() > 0),
    lag: () => ones.reduce((sum, { lag }) => sum + lag(), 0),
    unread,
    async next() {
      for (let left = unread(); left.length > 0; left = unread()) {
        const heads = await Promise.all(left.map((partition) => ones[partition]!.head()));
        const first = earliest(heads);
        if (first === null) continue;
        ones[first.partition]!.take();
        return { batch: first, unread: unread().filter((partition) => partition !== first.partition) };
      }
      return null;
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
  /** How many positions may hold unread records. */
  lag(): number;
  /** The next batch, which stays the next one until it is taken; null where there is none by now. */
  head(): Promise<RecordBatch | null>;
  take(): void;
  endAt(position: number): void;
  rest(): Promise<void>;
}

function openPartition(
  log: EventLog,
  from: number,
  untilPosition = Number.POSITIVE_INFINITY,
): PartitionReading {
  const cursor = openCursor(log, from);
  let position = from;
  /** Nothing but what is in `next` stands before it unread: the end of a transaction takes a position, too. */
  let readThrough = from;
  let next: RecordBatch | null = null;
  let until = untilPosition;
  const end = () => Math.min(log.end(), until);

  return {
    position: () => position,
    lag: () =>
      next === null ? Math.max(0, end() - readThrough) : next.count + Math.max(0, end() - readThrough),
    async head() {
      const endBefore = end();
      next ??= await cursor.next(until);
      readThrough = next === null ? Math.max(endBefore, position) : next.basePosition + next.count;
      return next;
    },
    take() {
      position = readThrough;
      next = null;
    },
    endAt(position) {
      until = Math.min(until, position);
    },
    rest: cursor.rest,
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
