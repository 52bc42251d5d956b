/** Batches of records in Kafka's own form (`magic` 2), written straight into one growing buffer. */
import { compressionsAlgorithms } from "@platformatic/kafka";
import { crc32c } from "../../crc32c.ts";
import type { Compression } from "../tuning.ts";
import type { Header, OutgoingRecord } from "./record.ts";
import { type Cursor, readVarint, varintSize, writeVarint } from "./varint.ts";

/** Who writes, so that the broker knows a repetition and a gap. */
export interface Writer {
  readonly producerId: number;
  readonly epoch: number;
  readonly transactional: boolean;
}

export interface OpenBatch {
  bytes: Buffer;
  length: number;
  count: number;
  baseTimestampMs: number;
  maxTimestampMs: number;
}

export const BATCH_HEADER_BYTES = 61;
const FIRST_BYTES = 16_384;
/** Behind base offset, length, leader epoch, magic and checksum. */
const CHECKED_FROM = 21;

export const openBatch = (): OpenBatch => ({
  bytes: Buffer.allocUnsafe(FIRST_BYTES),
  length: 0,
  count: 0,
  baseTimestampMs: 0,
  maxTimestampMs: 0,
});

export function addRecord(batch: OpenBatch, record: OutgoingRecord): void {
  if (batch.count === 0) batch.baseTimestampMs = batch.maxTimestampMs = record.timestampMs;
  else if (record.timestampMs > batch.maxTimestampMs) batch.maxTimestampMs = record.timestampMs;
  const delta = record.timestampMs - batch.baseTimestampMs;
  const size = 1 + varintSize(delta) + varintSize(batch.count) + sizeOf(record);
  reserve(batch, size + 5);
  const { bytes } = batch;
  let at = writeVarint(bytes, batch.length, size);
  bytes[at++] = 0;
  at = writeVarint(bytes, at, delta);
  at = writeVarint(bytes, at, batch.count);
  at = writeBytes(bytes, at, record.key);
  at = writeBytes(bytes, at, record.value);
  batch.length = writeHeaders(bytes, at, record.headers);
  batch.count++;
}

/** Of what comes after the offset. */
function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let size = sizeOfBytes(key) + sizeOfBytes(value) + varintSize(headers.length);
  for (const header of headers) {
    const name = Buffer.byteLength(header.key);
    size += varintSize(name) + name + sizeOfBytes(header.value);
  }
  return size;
}

const sizeOfBytes = (bytes: Uint8Array | null): number =>
  bytes === null ? 1 : varintSize(bytes.length) + bytes.length;

function reserve(batch: OpenBatch, size: number): void {
  if (batch.length + size <= batch.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(batch.bytes.length * 2, batch.length + size));
  batch.bytes.copy(larger, 0, 0, batch.length);
  batch.bytes = larger;
}

function writeBytes(bytes: Buffer, at: number, value: Uint8Array | null): number {
  if (value === null) return writeVarint(bytes, at, -1);
  const start = writeVarint(bytes, at, value.length);
  bytes.set(value, start);
  return start + value.length;
}

function writeHeaders(bytes: Buffer, from: number, headers: readonly Header[]): number {
  let at = writeVarint(bytes, from, headers.length);
  for (const { key, value } of headers) {
    at = writeVarint(bytes, at, Buffer.byteLength(key));
    at += bytes.write(key, at);
    at = writeBytes(bytes, at, value);
  }
  return at;
}

/** The records of a batch, compressed or as they are. */
export interface Packed {
  readonly payload: Buffer;
  readonly attributes: number;
}

export function pack(batch: OpenBatch, compression: Compression): Packed {
  const plain = batch.bytes.subarray(0, batch.length);
  const algorithm = compressionsAlgorithms[compression];
  return compression === "none"
    ? { payload: plain, attributes: 0 }
    : { payload: algorithm.compressSync(plain), attributes: algorithm.bitmask };
}

const TRANSACTIONAL = 0x10;

/** The whole batch as it goes over the wire. */
export function encode(
  batch: OpenBatch,
  { payload, attributes }: Packed,
  writer: Writer,
  sequence: number,
): Buffer {
  const whole = Buffer.allocUnsafe(BATCH_HEADER_BYTES + payload.length);
  whole.fill(0, 0, 16);
  whole.writeInt32BE(whole.length - 12, 8);
  whole[16] = 2;
  whole.writeInt16BE(attributes | (writer.transactional ? TRANSACTIONAL : 0), 21);
  whole.writeInt32BE(batch.count - 1, 23);
  whole.writeBigInt64BE(BigInt(batch.baseTimestampMs), 27);
  whole.writeBigInt64BE(BigInt(batch.maxTimestampMs), 35);
  whole.writeBigInt64BE(BigInt(writer.producerId), 43);
  whole.writeInt16BE(writer.epoch, 51);
  whole.writeInt32BE(sequence, 53);
  whole.writeInt32BE(batch.count, 57);
  whole.set(payload, BATCH_HEADER_BYTES);
  whole.writeUInt32BE(crc32c(whole.subarray(CHECKED_FROM)), 17);
  return whole;
}

/** The batch as two: the first `count` records, and the rest. */
export function splitBatch(batch: OpenBatch, count: number): readonly [OpenBatch, OpenBatch] {
  const parts: [OpenBatch, OpenBatch] = [openBatch(), openBatch()];
  const cursor: Cursor = { bytes: batch.bytes, at: 0 };
  for (let row = 0; row < batch.count; row++) {
    addRecord(parts[row < count ? 0 : 1], readRecord(cursor, batch.baseTimestampMs));
  }
  return parts;
}

function readRecord(cursor: Cursor, baseTimestampMs: number): OutgoingRecord {
  readVarint(cursor);
  cursor.at++;
  const timestampMs = baseTimestampMs + readVarint(cursor);
  readVarint(cursor);
  const key = readBytes(cursor);
  const value = readBytes(cursor);
  return { key, value, headers: readHeaders(cursor), timestampMs };
}

export function readBytes(cursor: Cursor): Buffer | null {
  const length = readVarint(cursor);
  if (length < 0) return null;
  cursor.at += length;
  return cursor.bytes.subarray(cursor.at - length, cursor.at);
}

export function readHeaders(cursor: Cursor): readonly Header[] {
  const headers: Header[] = [];
  for (let left = readVarint(cursor); left > 0; left--) {
    const key = readBytes(cursor)?.toString() ?? "";
    headers.push({ key, value: readBytes(cursor) ?? Buffer.alloc(0) });
  }
  return headers;
}
