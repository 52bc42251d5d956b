/** Batches as a broker gives them, taken apart as far as each use needs. */
import { compressionsAlgorithmsByBitmask } from "@platformatic/kafka";
import { crc32c } from "../../crc32c.ts";
import { fail, type Place } from "../../errors.ts";
import { BATCH_HEADER_BYTES } from "./encode.ts";
import { readVarint } from "./varint.ts";

/** One batch of the broker's log, its records still packed. */
export interface StoredBatch {
  readonly baseOffset: number;
  /** Also of a record that compaction took away. */
  readonly lastOffset: number;
  readonly count: number;
  readonly producerId: number;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly baseTimestampMs: number;
  /** When the broker took the batch in, where the topic keeps that; null where the records have times of their own. */
  readonly appendTimeMs: number | null;
  readonly compression: number;
  readonly packed: Buffer;
}

const LENGTH_FROM = 8;
const BEFORE_LENGTH_COUNTS = 12;
const CHECKED_FROM = 21;

/** The whole batches; what is cut off at the end comes again with the next fetch. Throws `log.corrupt`. */
export function storedBatches(bytes: Buffer, place: Place): readonly StoredBatch[] {
  const batches: StoredBatch[] = [];
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; ) {
    const end = at + BEFORE_LENGTH_COUNTS + bytes.readInt32BE(at + LENGTH_FROM);
    if (end > bytes.length) break;
    batches.push(storedBatch(bytes.subarray(at, end), place));
    at = end;
  }
  return batches;
}

function storedBatch(bytes: Buffer, place: Place): StoredBatch {
  const magic = bytes[16];
  if (magic !== 2 || crc32c(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32BE(17)) {
    const what = magic === 2 ? "doesn't match its checksum" : `has the old form ${magic}`;
    const message = `the batch at offset ${bytes.readBigInt64BE(0)} ${what}`;
    throw fail("log.corrupt", message, "Look at the broker's disk; read on behind the batch.", place);
  }
  const attributes = bytes.readInt16BE(21);
  const baseOffset = Number(bytes.readBigInt64BE(0));
  const maxTimestampMs = Number(bytes.readBigInt64BE(35));
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(23),
    count: bytes.readInt32BE(57),
    producerId: Number(bytes.readBigInt64BE(43)),
    transactional: (attributes & 0x10) !== 0,
    control: (attributes & 0x20) !== 0,
    baseTimestampMs: Number(bytes.readBigInt64BE(27)),
    appendTimeMs: (attributes & 0x08) === 0 ? null : maxTimestampMs,
    compression: attributes & 0x07,
    packed: bytes.subarray(BATCH_HEADER_BYTES),
  };
}

/** Throws where the batch is compressed in a way that isn't Kafka's. */
export function unpack({ compression, packed }: StoredBatch, place: Place): Buffer {
  if (compression === 0) return packed;
  const algorithm = compressionsAlgorithmsByBitmask[compression];
  if (algorithm) return algorithm.decompressSync(packed);
  throw fail("log.corrupt", `a batch is compressed in the unknown way ${compression}`, "Upgrade.", place);
}

/** Whether a control batch says that its producer's transaction was aborted. */
export function isAbortMarker(batch: StoredBatch): boolean {
  const cursor = { bytes: batch.packed, at: 0 };
  readVarint(cursor);
  cursor.at++;
  readVarint(cursor);
  readVarint(cursor);
  readVarint(cursor);
  return cursor.bytes.readInt16BE(cursor.at + 2) === 0;
}
