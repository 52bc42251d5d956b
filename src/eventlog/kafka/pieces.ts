/** Batches as the engine takes them in: no larger than it should take in at once. */
import { type RecordBatch, recordsBetween } from "../../engine/batch.ts";

const MOST_BYTES = 1 << 20;

/** The same records in order, without copies. */
export function* piecesOf(batch: RecordBatch, mostBytes = MOST_BYTES): Generator<RecordBatch> {
  const { count, offsets, basePosition } = batch;
  if (sizeOf(batch) <= mostBytes) return yield batch;
  for (let from = 0, to = 1; from < count; from = to++) {
    while (to < count && offsets[to + 1]! - offsets[from]! <= mostBytes) to++;
    yield recordsBetween(batch, basePosition + from, basePosition + to);
  }
}

export const sizeOf = ({ offsets, count }: RecordBatch): number => offsets[count]! - offsets[0]!;
