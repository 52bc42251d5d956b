/** The embedded log as a process reads it that isn't the one that writes it: changes nothing, holds nothing up. */
import type { RecordBatch } from "../../engine/batch.ts";
import type { LogCheck, LogReader } from "../event-log.ts";
import { gone } from "./failures.ts";
import { readSegment } from "./read-segment.ts";
import {
  closedBatches,
  closedSegment,
  corrupt,
  countSettled,
  endPosition,
  listSegments,
  newestBatches,
  type PlacedBatch,
  type SegmentView,
  viewSegment,
} from "./segment.ts";
import { type ReadableDirectory, readableDirectory } from "./segment-file.ts";

/** Batches of segments that are no longer written to, of those read last. */
const MOST_KNOWN = 4;
const BATCH_BYTES = 1 << 20;

/** What is in the directory at one moment. */
interface Sight {
  readonly bases: readonly number[];
  /** Of the last segment. */
  readonly newest: readonly PlacedBatch[];
  readonly start: number;
  readonly end: number;
}

/**
 * Of a directory that needn't be there yet. A record that isn't acknowledged yet may be seen; only a loss of power
 * can take it back. Throws `file.unreadable`.
 */
export async function openSegmentReader(directory: string): Promise<LogReader> {
  const readable = readableDirectory(directory);
  await readable.list();
  return segmentReader(readable);
}

export function segmentReader(directory: ReadableDirectory): LogReader {
  const known = new Map<number, readonly PlacedBatch[]>();
  let settled = { basePosition: 0, batches: [] as readonly PlacedBatch[] };

  /** Looks a second time where the newest segment of the list was removed in between. */
  async function look(again = true): Promise<Sight> {
    const { bases } = await listSegments(directory);
    const last = bases.at(-1) ?? 0;
    if (settled.basePosition !== last) settled = { basePosition: last, batches: [] };
    const found = await newestBatches(directory, last, settled.batches);
    if (found === null && bases.length > 0 && again) return look(false);
    const newest = found ?? [];
    settled = { basePosition: last, batches: newest.slice(0, countSettled(newest)) };
    return { bases, newest, start: bases[0] ?? 0, end: endPosition(last, newest) };
  }

  /** Null if the segment was removed. */
  async function batchesOf(sight: Sight, index: number): Promise<readonly PlacedBatch[] | null> {
    const next = sight.bases[index + 1];
    if (next === undefined) return sight.newest;
    const basePosition = sight.bases[index]!;
    const batches =
      known.get(basePosition) ?? (await closedBatches(directory, { basePosition, endPosition: next }));
    if (batches) remember(basePosition, batches);
    return batches;
  }

  function remember(basePosition: number, batches: readonly PlacedBatch[]): void {
    known.delete(basePosition);
    known.set(basePosition, batches);
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? basePosition);
  }

  /** The segment that holds a position of the log. Throws `log.position-gone`. */
  async function enter(sight: Sight, at: number): Promise<SegmentView> {
    const index = sight.bases.findLastIndex((base) => base <= at);
    const batches = index < 0 ? null : await batchesOf(sight, index);
    const basePosition = sight.bases[index] ?? 0;
    const view = batches && (await viewSegment(directory, { basePosition, batches }));
    if (view) return view;
    const { start } = await look();
    throw at < start ? gone(directory.name, at, start) : corrupt(directory, basePosition, at);
  }

  async function* read(fromPosition: number, toPosition = Infinity): AsyncGenerator<RecordBatch> {
    let sight = await look();
    if (fromPosition < sight.start) throw gone(directory.name, fromPosition, sight.start);
    let view: SegmentView | null = null;
    try {
      for (let at = fromPosition; at < toPosition; ) {
        if (view !== null && at >= endPosition(view.basePosition, view.batches)) {
          await view.records.close();
          view = null;
          sight = await look();
        }
        if (at >= sight.end) return;
        view ??= await enter(sight, at);
        const batch: RecordBatch = await readSegment(directory, view, at, BATCH_BYTES, toPosition);
        at += batch.count;
        yield batch;
      }
    } finally {
      await view?.records.close();
    }
  }

  async function timeOf(sight: Sight, index: number): Promise<number> {
    const next = sight.bases[index + 1];
    if (next === undefined) return Infinity;
    return (await closedSegment(directory, sight.bases[index]!, next)).newestMs;
  }

  async function positionAtTime(ingestTimeMs: number): Promise<number> {
    return firstSince(await look(), ingestTimeMs);
  }

  async function firstSince(sight: Sight, ingestTimeMs: number): Promise<number> {
    for (let i = 0; i < sight.bases.length; i++) {
      if ((await timeOf(sight, i)) < ingestTimeMs) continue;
      const batches = await batchesOf(sight, i);
      const first = batches?.find((batch) => batch.ingestTimeMs >= ingestTimeMs);
      if (first) return first.basePosition;
    }
    return sight.end;
  }

  async function bytes(): Promise<number> {
    let sum = 0;
    for (const name of await directory.list()) {
      const file = await directory.openToRead(name);
      sum += (await file?.size()) ?? 0;
      await file?.close();
    }
    return sum;
  }

  async function check(): Promise<LogCheck> {
    const { bases, start } = await look();
    for (const next of bases.slice(1)) await countRecords(read(next - 1, next));
    return { segments: bases.length, newestRecords: await countRecords(read(bases.at(-1) ?? start)) };
  }

  return {
    start: async () => (await look()).start,
    end: async () => (await look()).end,
    read,
    positionAtTime,
    bytes,
    check,
    close: async () => known.clear(),
  };
}

async function countRecords(batches: AsyncIterable<RecordBatch>): Promise<number> {
  let records = 0;
  for await (const { count } of batches) records += count;
  return records;
}
