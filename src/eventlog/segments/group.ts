/** A group: the appends that one fsync makes durable. */
import { Buffer } from "node:buffer";
import { crc32c } from "../../crc32c.ts";
import type { Append } from "../event-log.ts";
import type { PlacedBatch } from "./segment.ts";

export interface Group {
  readonly batches: readonly PlacedBatch[];
  readonly bytes: Uint8Array;
  /** Of each append's first record. */
  readonly positions: readonly number[];
}

const LINE_END = Buffer.from("\n");

/** The bytes of a group and its batches, none longer than `batchBytes` unless one record is. */
export function encodeGroup(
  appends: readonly Append[],
  groupPosition: number,
  startOffset: number,
  batchBytes: number,
): Group {
  const parts: Uint8Array[] = [];
  const batches: PlacedBatch[] = [];
  const positions: number[] = [];
  let basePosition = groupPosition;
  let offset = startOffset;
  for (const append of appends) {
    positions.push(basePosition);
    for (const records of cut(append.records, batchBytes)) {
      const bytes = Buffer.concat(records.flatMap((record) => [record, LINE_END]));
      const sizes = { count: records.length, length: bytes.length, crc: crc32c(bytes) };
      batches.push({ basePosition, groupPosition, ingestTimeMs: append.ingestTimeMs, ...sizes, offset });
      parts.push(bytes);
      basePosition += records.length;
      offset += bytes.length;
    }
  }
  return { batches, bytes: Buffer.concat(parts), positions };
}

function* cut(records: readonly Uint8Array[], batchBytes: number): Generator<readonly Uint8Array[]> {
  let start = 0;
  let length = 0;
  for (const [i, record] of records.entries()) {
    if (i > start && length + record.length + 1 > batchBytes) {
      yield records.slice(start, i);
      start = i;
      length = 0;
    }
    length += record.length + 1;
  }
  yield records.slice(start);
}
