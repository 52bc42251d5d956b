/** Hands generated events over as their time comes; what lies in the past goes at once. */
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import type { Append } from "../eventlog/event-log.ts";
import { createLine, type Line } from "../generator/line.ts";
import { mostEventBytes } from "../generator/stream.ts";

/** Writes records one after the other, each where the line stands. */
export interface ArrivingRecords {
  next(line: Line): void;
  readonly last: { readonly arrivalMs: number };
}

/** Records of a stream as appends. */
export interface Gathering {
  /** When the next record arrives. */
  nextArrivalMs(): number;
  /** The next ones that have arrived by then, at most so many; null if there is none. */
  take(dueMs: number, most: number): Append | null;
}

const MOST_RECORDS = 1000;
const MOST_BYTES = 1 << 18;
/** Their ingest time is the last one's arrival, so that none of them seems to have arrived much later than it did. */
const LONGEST_SPAN_MS = 10_000;

export function createGathering(records: ArrivingRecords): Gathering {
  const line = createLine(MOST_BYTES + 2 * mostEventBytes);
  records.next(line);

  function gather(dueMs: number, most: number): Append {
    const ends: number[] = [];
    const firstMs = records.last.arrivalMs;
    let ingestTimeMs = firstMs;
    const untilMs = Math.min(dueMs, firstMs + LONGEST_SPAN_MS);
    while (ends.length < most && line.at < MOST_BYTES && records.last.arrivalMs <= untilMs) {
      ingestTimeMs = records.last.arrivalMs;
      ends.push(line.at);
      records.next(line);
    }
    return { records: cut(line, ends), ingestTimeMs };
  }

  return {
    nextArrivalMs: () => records.last.arrivalMs,
    take: (dueMs, most) =>
      records.last.arrivalMs > dueMs ? null : gather(dueMs, Math.min(most, MOST_RECORDS)),
  };
}

/** The first records of the line, as bytes of their own; the one behind them moves to its begin. */
function cut(line: Line, ends: readonly number[]): Uint8Array[] {
  const end = ends.at(-1) ?? 0;
  const bytes = Buffer.from(line.bytes.subarray(0, end));
  line.bytes.copyWithin(0, end, line.at);
  line.at -= end;
  return ends.map((each, i) => bytes.subarray(ends[i - 1] ?? 0, each));
}

export interface FeedParts {
  readonly events: Gathering;
  /** Hand over what arrives by then. */
  readonly untilMs: number;
  /** And no more than so many. */
  readonly limit: number;
  readonly append: (batch: Append) => Promise<void>;
  /** Each append waits for the one before. */
  readonly oneAtATime: boolean;
  readonly nowMs: () => number;
  /** Resolves after so many milliseconds, or once the signal is aborted. */
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A shorter wait would make a batch, and so an fsync, of nearly every event of a fast stream. */
const LEAST_WAIT_MS = 20;

/**
 * Ends when all has arrived, the limit is reached or the signal is aborted; every event handed over is durable by then.
 * Rejects with what an append rejects with.
 */
export async function feed(parts: FeedParts): Promise<void> {
  const { events, untilMs, append, nowMs, sleep, signal } = parts;
  const underWay = createUnderWay(append, parts.oneAtATime ? 0 : MOST_BYTES_UNDER_WAY);
  let left = parts.limit;
  while (left > 0 && !signal.aborted && events.nextArrivalMs() <= untilMs) {
    const dueMs = nowMs();
    const batch = events.take(Math.min(dueMs, untilMs), left);
    if (batch) {
      left -= batch.records.length;
      await underWay.add(batch);
    } else {
      await sleep(Math.max(events.nextArrivalMs() - dueMs, LEAST_WAIT_MS), signal);
    }
  }
  await underWay.all();
}

/** As much as keeps log and engine busy; the engine's thread takes more before it lets anybody wait. */
const MOST_BYTES_UNDER_WAY = 4 << 20;

export interface UnderWay {
  /** Resolves when there is room for another, and whoever else waits has had a turn. */
  add(batch: Append): Promise<void>;
  /** Resolves when none is left. */
  all(): Promise<void>;
}

/** Appends that aren't durable yet, of so many bytes at once. Both functions reject with what the first of them rejects with. */
export function createUnderWay(
  append: (batch: Append) => Promise<unknown>,
  mostBytes = MOST_BYTES_UNDER_WAY,
): UnderWay {
  const waiting: { readonly durable: Promise<unknown>; readonly bytes: number }[] = [];
  let bytesUnderWay = 0;

  async function first(): Promise<void> {
    const oldest = waiting.shift();
    await oldest?.durable;
    bytesUnderWay -= oldest?.bytes ?? 0;
  }

  return {
    async add(batch) {
      const durable = append(batch);
      durable.catch(() => {});
      const bytes = batch.records.reduce((sum, { length }) => sum + length, 0);
      waiting.push({ durable, bytes });
      bytesUnderWay += bytes;
      while (bytesUnderWay > mostBytes) await first();
      await setImmediate();
    },
    async all() {
      while (waiting.length > 0) await first();
    },
  };
}
