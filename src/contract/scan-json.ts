/**
 * JSON (RFC 8259) token by token over bytes, strictly as Jackson reads it, without building values.
 *
 * Each function takes the place of a token and returns the place after it, or `FAILED` with a reason in the
 * cursor. A record that is cut short runs on into the bytes behind it; the caller compares places with its end.
 */
import type { Buffer } from "node:buffer";

export const FAILED = -1;
/** One less than Jackson's bound, since the check on Spark puts an array around the record. */
export const MAX_DEPTH = 999;
/** Far above any event, far below the longest string that JavaScript can hold. */
export const MAX_RECORD_BYTES = 16 * 2 ** 20;
/** Jackson's bound. */
export const MAX_NUMBER_DIGITS = 1000;

export const ASCII = 0;
export const UTF8 = 1;
export const ESCAPED = 2;

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const MINUS = 0x2d;
export const PLUS = 0x2b;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const LOWER_E = 0x65;
export const UPPER_E = 0x45;
export const LOWER_N = 0x6e;
export const LOWER_T = 0x74;
export const LOWER_F = 0x66;

export interface Cursor {
  bytes: Buffer;
  /** Set on failure, with the place of the byte that didn't fit. */
  reason: string;
  failedAt: number;
  /** After `scanText`: ASCII, UTF8 or ESCAPED. */
  style: number;
}

export const reasons = {
  syntax: "not valid JSON",
  control: "control character in a text",
  escape: "unknown escape in a text",
  surrogate: "half of a surrogate pair in a text",
  utf8: "not valid UTF-8",
  digits: `number of more than ${MAX_NUMBER_DIGITS} digits`,
  length: `longer than ${MAX_RECORD_BYTES} bytes`,
  depth: `nested deeper than ${MAX_DEPTH}`,
} as const;

export function failed(cursor: Cursor, reason: string, at: number): typeof FAILED {
  cursor.reason = reason;
  cursor.failedAt = at;
  return FAILED;
}

export function skipSpace(bytes: Uint8Array, at: number): number {
  let place = at;
  while (isSpace(bytes[place])) place++;
  return place;
}

/** Where what stands in [from, to) ends, white space behind it left out. */
export function skipSpaceBack(bytes: Uint8Array, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(bytes[at - 1])) at--;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** 1 for the bytes that stand for themselves in a text: ASCII without controls, quote and backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** From the byte after the opening quote to the place **of** the closing quote. */
export function scanText(cursor: Cursor, at: number): number {
  const { bytes } = cursor;
  let place = at;
  while (PLAIN[bytes[place]!] === 1) place++;
  if (bytes[place] !== QUOTE) return scanRichText(cursor, place);
  cursor.style = ASCII;
  return place;
}

function scanRichText(cursor: Cursor, at: number): number {
  const { bytes } = cursor;
  let style = ASCII;
  let place = at;
  for (;;) {
    const byte = bytes[place]!;
    if (PLAIN[byte] === 1) place++;
    else if (byte === QUOTE) {
      cursor.style = style;
      return place;
    } else if (byte === BACKSLASH) {
      style = ESCAPED;
      place = scanEscape(cursor, place);
    } else if (byte >= 0x80) {
      if (style === ASCII) style = UTF8;
      place = scanMultibyte(cursor, place);
    } else return failed(cursor, reasons.control, place);
    if (place === FAILED) return FAILED;
  }
}

const SIMPLE_ESCAPES = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));
const LOWER_U = 0x75;

function scanEscape(cursor: Cursor, at: number): number {
  const { bytes } = cursor;
  const kind = bytes[at + 1]!;
  if (SIMPLE_ESCAPES.has(kind)) return at + 2;
  if (kind !== LOWER_U) return failed(cursor, reasons.escape, at + 1);
  const unit = hex4(bytes, at + 2);
  if (unit < 0) return failed(cursor, reasons.escape, at + 5);
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const paired = unit < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LOWER_U;
  const low = paired ? hex4(bytes, at + 8) : -1;
  return low >= 0xdc00 && low <= 0xdfff ? at + 12 : failed(cursor, reasons.surrogate, at + 6);
}

function hex4(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let place = at; place < at + 4; place++) {
    const digit = hexDigit(bytes[place]!);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/** The value of a hexadecimal digit of either case, else -1. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** One code point of two to four bytes, shortest form, no surrogates, up to U+10FFFF. */
function scanMultibyte(cursor: Cursor, at: number): number {
  const { bytes } = cursor;
  const lead = bytes[at]!;
  const second = bytes[at + 1]!;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || second < lowestSecond(lead) || second > highestSecond(lead))
    return failed(cursor, reasons.utf8, at + 1);
  for (let place = at + 1; place < at + length; place++)
    if ((bytes[place]! & 0xc0) !== 0x80) return failed(cursor, reasons.utf8, place);
  return at + length;
}

const lowestSecond = (lead: number) => (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80);
const highestSecond = (lead: number) => (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf);

export function scanNumber(cursor: Cursor, at: number): number {
  const { bytes } = cursor;
  let place = bytes[at] === MINUS ? at + 1 : at;
  const first = place;
  place = bytes[place] === ZERO ? place + 1 : skipDigits(bytes, place);
  if (place === first) return failed(cursor, reasons.syntax, place);
  // Jackson does not count a zero before the point.
  let digits = bytes[first] === ZERO ? 0 : place - first;
  if (bytes[place] === DOT) {
    const fraction = place + 1;
    place = skipDigits(bytes, fraction);
    if (place === fraction) return failed(cursor, reasons.syntax, place);
    digits += place - fraction;
  }
  if (bytes[place] === LOWER_E || bytes[place] === UPPER_E) {
    const sign = bytes[place + 1];
    const exponent = sign === PLUS || sign === MINUS ? place + 2 : place + 1;
    place = skipDigits(bytes, exponent);
    if (place === exponent) return failed(cursor, reasons.syntax, place);
    digits += place - exponent;
  }
  return digits > MAX_NUMBER_DIGITS ? failed(cursor, reasons.digits, place) : place;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let place = at;
  while (bytes[place]! >= 0x30 && bytes[place]! <= 0x39) place++;
  return place;
}

const literal = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const TRUE = literal("true");
const FALSE = literal("false");
const NULL = literal("null");

export const scanTrue = (cursor: Cursor, at: number) => scanLiteral(cursor, at, TRUE);
export const scanFalse = (cursor: Cursor, at: number) => scanLiteral(cursor, at, FALSE);
export const scanNull = (cursor: Cursor, at: number) => scanLiteral(cursor, at, NULL);

function scanLiteral(cursor: Cursor, at: number, expected: Uint8Array): number {
  const { bytes } = cursor;
  for (let index = 0; index < expected.length; index++)
    if (bytes[at + index] !== expected[index]) return failed(cursor, reasons.syntax, at + index);
  return at + expected.length;
}

/** Any value, checked and passed over. `depth` is the number of objects and arrays around it. */
export function skipValue(cursor: Cursor, at: number, depth: number): number {
  switch (cursor.bytes[at]) {
    case QUOTE: {
      const close = scanText(cursor, at + 1);
      return close === FAILED ? FAILED : close + 1;
    }
    case OPEN_OBJECT:
      return skipObject(cursor, at + 1, depth + 1);
    case OPEN_ARRAY:
      return skipArray(cursor, at + 1, depth + 1);
    case LOWER_T:
      return scanTrue(cursor, at);
    case LOWER_F:
      return scanFalse(cursor, at);
    case LOWER_N:
      return scanNull(cursor, at);
    default:
      return scanNumber(cursor, at);
  }
}

function skipArray(cursor: Cursor, at: number, depth: number): number {
  if (depth > MAX_DEPTH) return failed(cursor, reasons.depth, at);
  const { bytes } = cursor;
  let place = skipSpace(bytes, at);
  if (bytes[place] === CLOSE_ARRAY) return place + 1;
  for (;;) {
    place = skipValue(cursor, place, depth);
    if (place === FAILED) return FAILED;
    place = skipSpace(bytes, place);
    if (bytes[place] === CLOSE_ARRAY) return place + 1;
    if (bytes[place] !== COMMA) return failed(cursor, reasons.syntax, place);
    place = skipSpace(bytes, place + 1);
  }
}

function skipObject(cursor: Cursor, at: number, depth: number): number {
  if (depth > MAX_DEPTH) return failed(cursor, reasons.depth, at);
  const { bytes } = cursor;
  let place = skipSpace(bytes, at);
  if (bytes[place] === CLOSE_OBJECT) return place + 1;
  for (;;) {
    if (bytes[place] !== QUOTE) return failed(cursor, reasons.syntax, place);
    const close = scanText(cursor, place + 1);
    if (close === FAILED) return FAILED;
    place = skipColon(cursor, close + 1);
    if (place === FAILED) return FAILED;
    place = skipValue(cursor, place, depth);
    if (place === FAILED) return FAILED;
    place = skipSpace(bytes, place);
    if (bytes[place] === CLOSE_OBJECT) return place + 1;
    if (bytes[place] !== COMMA) return failed(cursor, reasons.syntax, place);
    place = skipSpace(bytes, place + 1);
  }
}

/** From behind a key to its value. */
export function skipColon(cursor: Cursor, at: number): number {
  const place = skipSpace(cursor.bytes, at);
  if (cursor.bytes[place] !== COLON) return failed(cursor, reasons.syntax, place);
  return skipSpace(cursor.bytes, place + 1);
}
