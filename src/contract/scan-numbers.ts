/** Numbers, read straight from bytes and exactly as `Number(text)` would. */
import { type Cursor, DOT, FAILED, failed, LOWER_E, MINUS, scanNumber, UPPER_E, ZERO } from "./scan-json.ts";

/** The number read last. */
export interface NumberCursor extends Cursor {
  number: number;
}

export const numberReasons = { notWhole: "expected a whole number", notNumber: "expected a number" } as const;

/** A whole number without fraction or exponent; -0 is 0. Beyond 2^53 the value is rounded, and still beyond. */
export function readInteger(cursor: NumberCursor, at: number): number {
  const { bytes } = cursor;
  const negative = bytes[at] === MINUS;
  const first = negative ? at + 1 : at;
  let place = first;
  let value = 0;
  if (bytes[place] === ZERO) place++;
  else
    for (;;) {
      const digit = bytes[place]! - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      place++;
    }
  const next = bytes[place];
  if (place === first || next === DOT || next === LOWER_E || next === UPPER_E)
    return failed(cursor, numberReasons.notWhole, place);
  cursor.number = negative ? 0 - value : value;
  return place;
}

/** Whether the whole number in `bytes[start, end)` fits into 64 bits with a sign. */
export function isLong(bytes: Cursor["bytes"], start: number, end: number): boolean {
  if (end - start > 20) return false;
  const value = BigInt(bytes.toString("latin1", start, end));
  return BigInt.asIntN(64, value) === value;
}

const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** Any JSON number; -0 is 0, and what is too large is infinite. */
export function readDouble(cursor: NumberCursor, at: number): number {
  const { bytes } = cursor;
  const start = bytes[at] === MINUS ? at + 1 : at;
  let place = start;
  let mantissa = 0;
  let point = -1;
  for (;;) {
    const byte = bytes[place]!;
    if (byte >= 0x30 && byte <= 0x39) mantissa = mantissa * 10 + (byte - 0x30);
    else if (byte === DOT && point < 0) point = place;
    else break;
    place++;
  }
  if (!isSimple(bytes, start, point, place)) return readAnyDouble(cursor, at);
  const value = point < 0 ? mantissa : mantissa / POWERS[place - point - 1]!;
  cursor.number = start === at ? value : 0 - value;
  return place;
}

/**
 * Few enough digits that mantissa and power of ten are exact, so that one division rounds correctly; no exponent;
 * well formed.
 */
function isSimple(bytes: Uint8Array, start: number, point: number, end: number): boolean {
  const wholeEnd = point < 0 ? end : point;
  if (end - start > 16 || wholeEnd === start || point === end - 1) return false;
  if (bytes[start] === ZERO && wholeEnd > start + 1) return false;
  return bytes[end] !== LOWER_E && bytes[end] !== UPPER_E && (point >= 0 || end - start <= 15);
}

function readAnyDouble(cursor: NumberCursor, at: number): number {
  const byte = cursor.bytes[at]!;
  if (byte !== MINUS && !(byte >= 0x30 && byte <= 0x39)) return failed(cursor, numberReasons.notNumber, at);
  const end = scanNumber(cursor, at);
  if (end === FAILED) return FAILED;
  cursor.number = Number(cursor.bytes.toString("latin1", at, end)) + 0;
  return end;
}
