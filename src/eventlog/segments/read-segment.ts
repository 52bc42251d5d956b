/** Record batches out of a segment. */
import type { RecordBatch } from "../../engine/batch.ts";
import { corrupt, holds, type PlacedBatch, type SegmentView } from "./segment.ts";
import type { ReadableDirectory } from "./segment-file.ts";

/**
 * The records from a position on that is in the segment, at most `batchBytes` of them unless one stored batch
 * is longer, and none from `toPosition` on. Throws `log.corrupt`.
 */
export async function readSegment(
  directory: ReadableDirectory,
  segment: SegmentView,
  position: number,
  batchBytes: number,
  toPosition = Infinity,
): Promise<RecordBatch> {
  const stored = span(segment.batches, position, toPosition, batchBytes);
  const first = stored[0]!;
  const length = stored.reduce((sum, batch) => sum + batch.length, 0);
  const bytes = await segment.records.read(first.offset, length);
  for (const batch of stored) {
    const from = batch.offset - first.offset;
    if (!holds(batch, bytes.subarray(from, from + batch.length))) {
      throw corrupt(directory, segment.basePosition, batch.basePosition);
    }
  }
  return toRecords(stored, bytes, position, toPosition);
}

function span(
  batches: readonly PlacedBatch[],
  position: number,
  toPosition: number,
  batchBytes: number,
): readonly PlacedBatch[] {
  const start = batchOf(batches, position);
  let length = batches[start]!.length;
  let end = start + 1;
  for (; end < batches.length; end++) {
    length += batches[end]!.length;
    if (length > batchBytes || batches[end]!.basePosition >= toPosition) break;
  }
  return batches.slice(start, end);
}

/** By bisection: the last batch that begins at the position or before it. */
function batchOf(batches: readonly PlacedBatch[], position: number): number {
  let low = 0;
  let high = batches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (batches[middle]!.basePosition <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

function toRecords(
  stored: readonly PlacedBatch[],
  bytes: Uint8Array,
  position: number,
  toPosition: number,
): RecordBatch {
  const basePosition = stored[0]!.basePosition;
  const count = stored.reduce((sum, batch) => sum + batch.count, 0);
  const offsets = new Uint32Array(count + 1);
  const ingestTimesMs = new Float64Array(count);
  for (let i = 1; i <= count; i++) offsets[i] = bytes.indexOf(0x0a, offsets[i - 1]) + 1;
  for (const batch of stored) {
    const from = batch.basePosition - basePosition;
    ingestTimesMs.fill(batch.ingestTimeMs, from, from + batch.count);
  }
  const skipped = position - basePosition;
  const end = Math.min(count, toPosition - basePosition);
  return {
    partition: 0,
    basePosition: position,
    count: end - skipped,
    bytes,
    offsets: offsets.subarray(skipped, end + 1),
    ingestTimesMs: ingestTimesMs.subarray(skipped, end),
  };
}
