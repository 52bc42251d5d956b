/** Batches of the broker's log as the engine's record batches: values one behind the other, cut where offsets have gaps. */
import type { RecordBatch } from "../../engine/batch.ts";
import type { Place } from "../../errors.ts";
import { type StoredBatch, unpack } from "./decode.ts";
import { readBytes, readHeaders } from "./encode.ts";
import type { Header } from "./record.ts";
import { type Cursor, readVarint } from "./varint.ts";

export interface RecordDetails {
  readonly key: Uint8Array | null;
  /** Whether the record has no value at all, which an empty one can't be told from otherwise. */
  readonly deleted: boolean;
  readonly headers: readonly Header[];
}

/** Positions are offsets. Times are those of the records, or of the broker where the topic keeps that. */
export interface KafkaBatch extends RecordBatch {
  readonly ingestTimesMs: Float64Array;
  /** Read when asked for. */
  details(row: number): RecordDetails;
}

/** What is gathered of records before it is cut into runs. */
interface Gathered {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
  readonly positions: Float64Array;
  readonly timesMs: Float64Array;
  /** Where each record's key begins in its source. */
  readonly keyStarts: Uint32Array;
  readonly sources: Buffer[];
  length: number;
  count: number;
}

/** Of one partition, in order; without the records before `fromOffset`. */
export function recordBatches(
  partition: number,
  stored: readonly StoredBatch[],
  fromOffset: number,
  place: Place,
): readonly KafkaBatch[] {
  const unpacked = stored.map((batch) => unpack(batch, place));
  const gathered = room(stored, unpacked);
  for (const [at, batch] of stored.entries()) gather(gathered, batch, unpacked[at]!, fromOffset);
  return cutAtGaps(partition, gathered);
}

function room(stored: readonly StoredBatch[], unpacked: readonly Buffer[]): Gathered {
  const count = stored.reduce((sum, batch) => sum + batch.count, 0);
  const length = unpacked.reduce((sum, bytes) => sum + bytes.length, 0);
  return {
    bytes: Buffer.allocUnsafeSlow(length),
    ends: new Uint32Array(count),
    positions: new Float64Array(count),
    timesMs: new Float64Array(count),
    keyStarts: new Uint32Array(count),
    sources: [],
    length: 0,
    count: 0,
  };
}

function gather(into: Gathered, batch: StoredBatch, source: Buffer, fromOffset: number): void {
  const cursor: Cursor = { bytes: source, at: 0 };
  for (let left = batch.count; left > 0; left--) {
    const length = readVarint(cursor);
    const end = cursor.at + length;
    cursor.at++;
    const timeMs = batch.appendTimeMs ?? batch.baseTimestampMs + readVarint(cursor);
    if (batch.appendTimeMs !== null) readVarint(cursor);
    const offset = batch.baseOffset + readVarint(cursor);
    if (offset >= fromOffset) add(into, cursor, offset, timeMs);
    cursor.at = end;
  }
}

function add(into: Gathered, cursor: Cursor, offset: number, timeMs: number): void {
  const row = into.count++;
  into.positions[row] = offset;
  into.timesMs[row] = timeMs;
  into.keyStarts[row] = cursor.at;
  into.sources.push(cursor.bytes);
  const keyLength = Math.max(0, readVarint(cursor));
  cursor.at += keyLength;
  const length = Math.max(0, readVarint(cursor));
  cursor.bytes.copy(into.bytes, into.length, cursor.at, cursor.at + length);
  into.length += length;
  into.ends[row] = into.length;
}

function cutAtGaps(partition: number, gathered: Gathered): readonly KafkaBatch[] {
  const batches: KafkaBatch[] = [];
  const { positions, count } = gathered;
  for (let start = 0, row = 1; row <= count; row++) {
    if (row < count && positions[row] === positions[row - 1]! + 1) continue;
    batches.push(run(partition, gathered, start, row));
    start = row;
  }
  return batches;
}

function run(partition: number, gathered: Gathered, start: number, end: number): KafkaBatch {
  const from = start === 0 ? 0 : gathered.ends[start - 1]!;
  const offsets = new Uint32Array(end - start + 1);
  for (let row = start; row < end; row++) offsets[row - start + 1] = gathered.ends[row]! - from;
  return {
    partition,
    basePosition: gathered.positions[start]!,
    count: end - start,
    bytes: gathered.bytes.subarray(from, gathered.ends[end - 1]!),
    offsets,
    ingestTimesMs: gathered.timesMs.subarray(start, end),
    details: (row) => details(gathered, start + row),
  };
}

function details({ sources, keyStarts }: Gathered, row: number): RecordDetails {
  const cursor: Cursor = { bytes: sources[row]!, at: keyStarts[row]! };
  const key = readBytes(cursor);
  const value = readBytes(cursor);
  return { key, deleted: value === null, headers: readHeaders(cursor) };
}
