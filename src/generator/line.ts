/**
 * Bytes of an event, written from left to right without a string in between. A text that is known beforehand is a
 * piece of bytes, made once.
 */
import { Buffer } from "node:buffer";
import type { Random } from "./random.ts";
import { calendarDate, dayMs } from "./text.ts";

/** Where the next byte goes. Whoever makes a line gives it room enough: writing past the end is lost. */
export interface Line {
  readonly bytes: Uint8Array;
  at: number;
}

export type Piece = Uint8Array;

export function createLine(capacity: number): Line {
  return { bytes: new Uint8Array(capacity), at: 0 };
}

export function piece(text: string): Piece {
  return new Uint8Array(Buffer.from(text, "utf8"));
}

/** A piece for each of some texts. */
export function pieces<Text extends string>(
  texts: readonly Text[],
  made: (text: Text) => string = (text) => text,
): Readonly<Record<Text, Piece>> {
  const record: Partial<Record<Text, Piece>> = {};
  for (const text of texts) record[text] = piece(made(text));
  return record as Readonly<Record<Text, Piece>>;
}

export function put(line: Line, added: Piece): void {
  const { bytes } = line;
  const { length } = added;
  const at = line.at;
  for (let i = 0; i < length; i += 1) bytes[at + i] = added[i] ?? 0;
  line.at = at + length;
}

export function putByte(line: Line, byte: number): void {
  line.bytes[line.at] = byte;
  line.at += 1;
}

/** ASCII only. */
export function putText(line: Line, text: string): void {
  const { bytes } = line;
  const at = line.at;
  for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
  line.at = at + text.length;
}

/** Bytes that were written before, in this line or in another. */
export function putRange(line: Line, source: Uint8Array, from: number, to: number): void {
  line.bytes.set(source.subarray(from, to), line.at);
  line.at += to - from;
}

const zero = 48;
const dash = 45;

/** A safe integer. */
export function putInteger(line: Line, value: number): void {
  if (value < 0) {
    putByte(line, dash);
    putInteger(line, -value);
    return;
  }
  let width = 1;
  for (let bound = 10; value >= bound; bound *= 10) width += 1;
  putDigits(line, value, width);
}

/** Of this many digits, zeros in front. */
export function putDigits(line: Line, value: number, width: number): void {
  const { bytes } = line;
  const end = line.at + width;
  let rest = value;
  for (let at = end - 1; at >= line.at; at -= 1) {
    const tens = Math.floor(rest / 10);
    bytes[at] = zero + (rest - tens * 10);
    rest = tens;
  }
  line.at = end;
}

/** A number of [0, 1000) with four decimals at most, as JavaScript prints it. */
export function putFraction(line: Line, value: number): void {
  const scaled = Math.floor(value * 10_000 + 0.5);
  const whole = Math.floor(scaled / 10_000);
  let decimals = scaled - whole * 10_000;
  putInteger(line, whole);
  if (decimals === 0) return;
  let width = 4;
  while (decimals % 10 === 0) {
    decimals /= 10;
    width -= 1;
  }
  putByte(line, 46);
  putDigits(line, decimals, width);
}

const hexDigits = piece("0123456789abcdef");

/** 32 bits as eight hexadecimal digits. */
export function putHex(line: Line, word: number): void {
  const { bytes } = line;
  const at = line.at;
  for (let i = 0; i < 8; i += 1) bytes[at + i] = hexDigits[(word >>> (28 - i * 4)) & 15] ?? 0;
  line.at = at + 8;
}

/** A UUID of version 4 from the next 128 bits of a stream. */
export function putUuid(line: Line, random: Random): void {
  const { bytes } = line;
  const at = line.at;
  putHex(line, random.bits());
  const b = random.bits();
  const c = random.bits();
  bytes[at + 8] = dash;
  putHex16(bytes, at + 9, b >>> 16);
  bytes[at + 13] = dash;
  putHex16(bytes, at + 14, 0x4000 | (b & 0x0fff));
  bytes[at + 18] = dash;
  putHex16(bytes, at + 19, 0x8000 | ((c >>> 16) & 0x3fff));
  bytes[at + 23] = dash;
  putHex16(bytes, at + 24, c);
  line.at = at + 28;
  putHex(line, random.bits());
}

function putHex16(bytes: Uint8Array, at: number, half: number): void {
  bytes[at] = hexDigits[(half >>> 12) & 15] ?? 0;
  bytes[at + 1] = hexDigits[(half >>> 8) & 15] ?? 0;
  bytes[at + 2] = hexDigits[(half >>> 4) & 15] ?? 0;
  bytes[at + 3] = hexDigits[half & 15] ?? 0;
}

/** `2026-01-05`, of a day since the epoch, in years 0 to 9999. */
export function putDate(line: Line, day: number): void {
  const { year, month, dayOfMonth } = calendarDate(day);
  putDigits(line, year, 4);
  putByte(line, dash);
  putDigits(line, month, 2);
  putByte(line, dash);
  putDigits(line, dayOfMonth, 2);
}

export type PutTime = (line: Line, timeMs: number) => void;

/** `2026-01-05T08:30:00.125Z`; remembers the last day, since neighbouring events share it. */
export function createPutTime(): PutTime {
  const prefix = createLine(16);
  let knownDay = Number.NaN;
  return (line, timeMs) => {
    const day = Math.floor(timeMs / dayMs);
    if (day !== knownDay) {
      knownDay = day;
      prefix.at = 0;
      putDate(prefix, day);
    }
    const { bytes } = line;
    const at = line.at;
    for (let i = 0; i < 10; i += 1) bytes[at + i] = prefix.bytes[i] ?? 0;
    const ms = timeMs - day * dayMs;
    const s = Math.floor(ms / 1000);
    const minute = Math.floor(s / 60);
    bytes[at + 10] = 84;
    putTwo(bytes, at + 11, Math.floor(minute / 60));
    bytes[at + 13] = 58;
    putTwo(bytes, at + 14, minute % 60);
    bytes[at + 16] = 58;
    putTwo(bytes, at + 17, s % 60);
    bytes[at + 19] = 46;
    const thousandths = ms % 1000;
    bytes[at + 20] = zero + Math.floor(thousandths / 100);
    putTwo(bytes, at + 21, thousandths % 100);
    bytes[at + 23] = 90;
    line.at = at + 24;
  };
}

function putTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = Math.floor(value / 10);
  bytes[at] = zero + tens;
  bytes[at + 1] = zero + (value - tens * 10);
}
