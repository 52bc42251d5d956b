/** Hands generated events over as their time comes; what lies in the past goes at once. */
import { Buffer } from "node:buffer";
import type { Append } from "../eventlog/event-log.ts";

/** What a feed needs to know of an event. */
export interface ArrivingEvent {
  readonly json: string;
  readonly arrivalMs: number;
}

export interface FeedParts {
  readonly events: Iterator<ArrivingEvent>;
  /** Hand over no more than so many. */
  readonly limit: number;
  readonly append: (batch: Append) => Promise<number>;
  readonly nowMs: () => number;
  /** Resolves after so many milliseconds, or once the signal is aborted. */
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const MOST_EVENTS_A_BATCH = 512;
/** A shorter wait would make a batch, and so an fsync, of nearly every event of a fast stream. */
const LEAST_WAIT_MS = 20;

/** Ends when the limit is reached or the signal is aborted; every event handed over is durable by then. */
export async function feed({ events, limit, append, nowMs, sleep, signal }: FeedParts): Promise<void> {
  let next = events.next();
  let left = limit;
  while (left > 0 && !next.done && !signal.aborted) {
    const batch: ArrivingEvent[] = [];
    const dueMs = nowMs();
    while (
      !next.done &&
      next.value.arrivalMs <= dueMs &&
      batch.length < Math.min(left, MOST_EVENTS_A_BATCH)
    ) {
      batch.push(next.value);
      next = events.next();
    }
    left -= batch.length;
    const last = batch.at(-1);
    if (last) {
      await append({ records: batch.map(({ json }) => Buffer.from(json)), ingestTimeMs: last.arrivalMs });
    } else if (!next.done) {
      await sleep(Math.max(next.value.arrivalMs - dueMs, LEAST_WAIT_MS), signal);
    }
  }
}
