/** Texts of fixed form, read straight from bytes. */
import { hexDigit } from "./scan-json.ts";

const DASH = 0x2d;

/** Eight, four, four, four and twelve hexadecimal digits of either case, joined by dashes. */
export function isUuid(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 36) return false;
  for (let index = 0; index < 36; index++) {
    const byte = bytes[start + index]!;
    const dash = index === 8 || index === 13 || index === 18 || index === 23;
    if (dash ? byte !== DASH : hexDigit(byte) < 0) return false;
  }
  return true;
}

/** `YYYY-MM-DD`, a real date of the years 0001 to 9999. */
export function isDate(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 10 && !Number.isNaN(epochDay(bytes, start));
}

/** `YYYY-MM-DDTHH:MM:SS.sssZ` as milliseconds since the epoch; NaN for anything else. */
export function parseDateTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 24) return Number.NaN;
  const separators =
    bytes[start + 10] === 0x54 &&
    bytes[start + 13] === 0x3a &&
    bytes[start + 16] === 0x3a &&
    bytes[start + 19] === 0x2e &&
    bytes[start + 23] === 0x5a;
  if (!separators) return Number.NaN;
  const hour = digits(bytes, start + 11, 2);
  const minute = digits(bytes, start + 14, 2);
  const second = digits(bytes, start + 17, 2);
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  const seconds = (epochDay(bytes, start) * 24 + hour) * 3600 + minute * 60 + second;
  return seconds * 1000 + digits(bytes, start + 20, 3);
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; NaN if there is no such date. */
function epochDay(bytes: Uint8Array, start: number): number {
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return Number.NaN;
  const year = digits(bytes, start, 4);
  const month = digits(bytes, start + 5, 2);
  const day = digits(bytes, start + 8, 2);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return Number.NaN;
  const shifted = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let place = at; place < at + count; place++) {
    const digit = bytes[place]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
