/** Follows a partition from one position on: what comes is fetched before it is asked for. */
import { type RecordBatch, recordsBetween } from "../../engine/batch.ts";
import type { LoanstreamError } from "../../errors.ts";
import type { KafkaReader } from "../../kafka/fetch.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { type ConsumerTuning, consumerTuning } from "../../kafka/tuning.ts";
import { piecesOf, sizeOf } from "./pieces.ts";
import { type PartitionSource, readerAt } from "./source.ts";

export interface Tail {
  /**
   * The batch that holds the position, or else the next behind it; the last one may be had again. Waits for what the
   * broker has below the end. "end" where there is nothing up to the end; null where the tail doesn't stand there.
   */
  next(position: number): Promise<RecordBatch | "end" | null>;
  stands(position: number): boolean;
  /** Why it can't go on; null while it can. */
  readonly failure: unknown;
  /** Behind all that was fetched. */
  readonly reached: number;
  /** It can't go on, as somebody else has found. */
  fail(error: LoanstreamError): void;
  close(): Promise<void>;
}

/** So many bytes are fetched ahead, and what one answer brings beyond that. */
const AHEAD_BYTES = 4 << 20;
const CONSUMER = { "fetch.max.wait.ms": "500", "max.partition.fetch.bytes": String(2 << 20) };

/** How a tail asks. */
export const tailTuning = ({ consumer }: KafkaSettings): ConsumerTuning =>
  consumerTuning({ ...CONSUMER, ...consumer });

/** @param end behind the last record that can be read */
export function openTail(
  source: PartitionSource,
  from: number,
  end: () => number,
  onFailure: () => void,
): Tail {
  const stop = new AbortController();
  const ahead: RecordBatch[] = [];
  let last: RecordBatch | null = null;
  let aheadBytes = 0;
  let reached = from;
  let failure: unknown = null;
  let wake: (() => void)[] = [];

  const changed = () => new Promise<void>((resolve) => wake.push(resolve));
  function change(): void {
    const woken = wake;
    wake = [];
    for (const resolve of woken) resolve();
  }

  async function follow(): Promise<void> {
    const consumer = { ...CONSUMER, ...source.settings.consumer };
    const reader = await readerAt(source, from, consumer, stop.signal);
    const close = () => reader.close();
    stop.signal.addEventListener("abort", close);
    try {
      while (!stop.signal.aborted) {
        await take(reader);
        while (aheadBytes >= AHEAD_BYTES && !stop.signal.aborted) await changed();
      }
    } finally {
      await reader.close();
    }
  }

  async function take(reader: KafkaReader): Promise<void> {
    for (const fetched of await reader.next()) {
      for (const batch of fetched.batches)
        for (const piece of piecesOf(batch)) {
          ahead.push(piece);
          aheadBytes += sizeOf(piece);
        }
      reached = fetched.nextOffset;
      source.learn(fetched);
    }
    change();
  }

  function stands(position: number): boolean {
    return position >= (last?.basePosition ?? from) && position <= (ahead[0]?.basePosition ?? reached);
  }

  function shift(): RecordBatch | null {
    const batch = ahead.shift();
    if (batch === undefined) return null;
    last = batch;
    aheadBytes -= sizeOf(batch);
    change();
    return batch;
  }

  function fail(error: unknown): void {
    if (stop.signal.aborted || failure !== null) return;
    failure = error;
    change();
    onFailure();
  }

  const following = follow().catch(fail);

  return {
    async next(position) {
      while (stands(position) && !stop.signal.aborted) {
        if (last !== null && position < last.basePosition + last.count)
          return recordsBetween(last, position, Number.POSITIVE_INFINITY);
        const batch = shift();
        if (batch !== null) return batch;
        if (failure !== null) throw failure;
        if (reached >= end()) return "end";
        await changed();
      }
      return null;
    },
    stands,
    get failure() {
      return failure;
    },
    get reached() {
      return reached;
    },
    fail,
    async close() {
      stop.abort();
      change();
      await following;
    },
  };
}
