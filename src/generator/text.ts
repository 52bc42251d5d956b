/** Texts of an event that are made often: times, dates and UUIDs, without a Date or a Buffer each. */
import type { Random } from "./random.ts";

export const dayMs = 86_400_000;

/** `2026-01-05T08:30:00.125Z`; remembers the last day, since neighbouring events share it. */
export function createTimeText(): (timeMs: number) => string {
  let knownDay = Number.NaN;
  let prefix = "";
  return (timeMs) => {
    const day = Math.floor(timeMs / dayMs);
    if (day !== knownDay) {
      knownDay = day;
      prefix = `${dateText(day)}T`;
    }
    const ms = timeMs - day * dayMs;
    const s = Math.floor(ms / 1000);
    const minute = Math.floor(s / 60);
    return `${prefix}${two(Math.floor(minute / 60))}:${two(minute % 60)}:${two(s % 60)}.${three(ms % 1000)}Z`;
  };
}

/** `2026-01-05`, of a day since the epoch, in years 0 to 9999 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
export function dateText(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${two(Math.floor(year / 100))}${two(year % 100)}-${two(month)}-${two(dayOfMonth)}`;
}

const twoDigits = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, "0"));
const threeDigits = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, "0"));
const two = (value: number): string => twoDigits[value] ?? "";
const three = (value: number): string => threeDigits[value] ?? "";

const hexBytes = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
const hex16 = (value: number): string => `${hexBytes[(value >>> 8) & 255]}${hexBytes[value & 255]}`;

/** A UUID of version 4 from the next 128 bits of a stream. */
export function uuid(random: Random): string {
  const a = random.bits();
  const b = random.bits();
  const c = random.bits();
  const d = random.bits();
  const version = 0x4000 | (b & 0x0fff);
  const variant = 0x8000 | ((c >>> 16) & 0x3fff);
  return `${hex16(a >>> 16)}${hex16(a)}-${hex16(b >>> 16)}-${hex16(version)}-${hex16(variant)}-${hex16(c)}${hex16(d >>> 16)}${hex16(d)}`;
}

/** Rounded half up to four decimals, which prints in few digits. */
export const fourDecimals = (value: number): number => Math.floor(value * 10_000 + 0.5) / 10_000;

export const clamp = (value: number, least: number, greatest: number): number =>
  value < least ? least : value > greatest ? greatest : value;
