/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step. */

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;
const table = buildTable();

function buildTable(): Int32Array {
  const slices = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    slices[byte] = crc;
  }
  for (let at = 256; at < slices.length; at++) {
    const previous = slices[at - 256]!;
    slices[at] = (previous >>> 8) ^ slices[previous & 0xff]!;
  }
  return slices;
}

/** The checksum as an unsigned 32-bit number; `before` continues one over what came before. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let at = 0;
  for (const whole = bytes.length - 7; at < whole; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      table[0x700 | (crc & 0xff)]! ^
      table[0x600 | ((crc >>> 8) & 0xff)]! ^
      table[0x500 | ((crc >>> 16) & 0xff)]! ^
      table[0x400 | (crc >>> 24)]! ^
      table[0x300 | bytes[at + 4]!]! ^
      table[0x200 | bytes[at + 5]!]! ^
      table[0x100 | bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
