/** Kafka's zigzag varints, of whole numbers up to 2^52 either way. */

const TWO_31 = 2 ** 31;

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

export function varintSize(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  for (; rest >= 128; size++) rest = Math.floor(rest / 128);
  return size;
}

/** Where the next byte goes. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = zigzag(value);
  let next = at;
  for (; rest >= TWO_31; rest = Math.floor(rest / 128)) bytes[next++] = (rest % 128) | 0x80;
  for (; rest >= 128; rest >>>= 7) bytes[next++] = (rest & 0x7f) | 0x80;
  bytes[next++] = rest;
  return next;
}

/** Reads forward through bytes. Past their end it reads zeros. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

export function readVarint(cursor: Cursor): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at++] ?? 0;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  for (let scale = 128; byte >= 0x80; scale *= 128) {
    byte = bytes[cursor.at++] ?? 0;
    value += (byte & 0x7f) * scale;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
