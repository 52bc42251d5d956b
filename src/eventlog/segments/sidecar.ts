/**
 * A sidecar lists the batches of its segment, 40 bytes each, little endian:
 *
 * | at | bytes | holds                                                              |
 * | -- | ----- | ------------------------------------------------------------------ |
 * | 0  | 8     | position of the batch's first record                               |
 * | 8  | 8     | position of the first record of its group: what one fsync covered  |
 * | 16 | 8     | ingest time, milliseconds since the epoch, a double                |
 * | 24 | 4     | count of records                                                   |
 * | 28 | 4     | length in bytes, line ends included                                |
 * | 32 | 4     | CRC-32C of those bytes                                             |
 * | 36 | 4     | CRC-32C of the 36 bytes before                                     |
 */
import { crc32c } from "../../crc32c.ts";

export interface BatchEntry {
  readonly basePosition: number;
  readonly groupPosition: number;
  readonly ingestTimeMs: number;
  readonly count: number;
  readonly length: number;
  readonly crc: number;
}

export const ENTRY_BYTES = 40;
const CHECKED_BYTES = 36;

export function encodeEntries(entries: readonly BatchEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  for (const [i, entry] of entries.entries()) {
    const view = new DataView(bytes.buffer, i * ENTRY_BYTES, ENTRY_BYTES);
    view.setBigUint64(0, BigInt(entry.basePosition), true);
    view.setBigUint64(8, BigInt(entry.groupPosition), true);
    view.setFloat64(16, entry.ingestTimeMs, true);
    view.setUint32(24, entry.count, true);
    view.setUint32(28, entry.length, true);
    view.setUint32(32, entry.crc, true);
    view.setUint32(36, crc32c(bytes.subarray(i * ENTRY_BYTES, i * ENTRY_BYTES + CHECKED_BYTES)), true);
  }
  return bytes;
}

/** The whole entries of a sidecar; null stands for one whose checksum doesn't hold. */
export function decodeEntries(bytes: Uint8Array): (BatchEntry | null)[] {
  const count = Math.floor(bytes.length / ENTRY_BYTES);
  return Array.from({ length: count }, (_, i) =>
    decodeEntry(bytes.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES)),
  );
}

function decodeEntry(bytes: Uint8Array): BatchEntry | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(36, true) !== crc32c(bytes.subarray(0, CHECKED_BYTES))) return null;
  return {
    basePosition: Number(view.getBigUint64(0, true)),
    groupPosition: Number(view.getBigUint64(8, true)),
    ingestTimeMs: view.getFloat64(16, true),
    count: view.getUint32(24, true),
    length: view.getUint32(28, true),
    crc: view.getUint32(32, true),
  };
}
