/**
 * What compiled expressions call. Every function is total; a null number is NaN, any other null is null
 * (see `types.ts`). Results are equal to Spark's bit for bit, which `test/parity` holds.
 */
import { createHash } from "node:crypto";

type Wide = number | bigint;

/** Non-finite becomes null, -0 becomes 0. */
export function finite(x: number): number {
  return x - x === 0 ? x + 0 : Number.NaN;
}

export function divide(a: number, b: number): number {
  return b === 0 ? Number.NaN : finite(a / b);
}

/** Truncates; exact for safe integers, where `a / b` alone might round up. */
export function integerDivide(a: number, b: number): number {
  return b === 0 ? Number.NaN : (a - (a % b)) / b + 0;
}

export function remainder(a: number, b: number): number {
  return b === 0 ? Number.NaN : (a % b) + 0;
}

/** Half up, away from zero, on the shortest decimal text of `x`, as `BigDecimal(x).setScale(digits, HALF_UP)`. */
export function round(x: number, digits: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude < 2 ** 52)) return x;
  const scaled = magnitude * 10 ** digits;
  const below = Math.floor(scaled);
  const fraction = scaled - below;
  if (scaled >= 2 ** 40 || Math.abs(fraction - 0.5) < 1e-3) return roundText(x, digits);
  const rounded = (fraction > 0.5 ? below + 1 : below) / 10 ** digits;
  return x < 0 ? 0 - rounded : rounded;
}

function roundText(x: number, digits: number): number {
  const [mantissa = "0", exponentText = "0"] = Math.abs(x).toExponential().split("e");
  const exponent = Number(exponentText);
  const figures = mantissa.replace(".", "");
  const kept = exponent + 1 + digits;
  if (kept < 0) return 0;
  if (kept >= figures.length) return x;
  const whole = BigInt(figures.slice(0, kept) || "0") + (figures.charCodeAt(kept) >= 53 ? 1n : 0n);
  const magnitude = Number(`${whole}e${-digits}`);
  return x < 0 ? 0 - magnitude : magnitude;
}

/** One step beyond the nearest double, as fdlibm computes it. */
const E_OF_JAVA = Math.E + 2 ** -51;

/** As fdlibm has it, in Java and in V8, except that V8 mends the last bit of e itself. */
export function exponential(x: number): number {
  return x === 1 ? E_OF_JAVA : finite(Math.exp(x));
}

export function naturalLogarithm(x: number): number {
  return x > 0 ? Math.log(x) + 0 : Number.NaN;
}

export function orElse<T extends Wide>(a: T, b: T): T {
  // biome-ignore lint/suspicious/noSelfCompare: only NaN, which is null, differs from itself
  return a === a ? a : b;
}

/** Whether a number is null. */
export function isNoNumber(x: Wide): boolean {
  // biome-ignore lint/suspicious/noSelfCompare: only NaN, which is null, differs from itself
  return x !== x;
}

export function nullIfNumber(a: Wide, b: Wide): Wide {
  // biome-ignore lint/suspicious/noDoubleEquals: a wide number may be a bigint
  return a == b ? Number.NaN : a;
}

export function nullIfValue<T>(a: T, b: T): T | null {
  return a === b ? null : a;
}

/** Nulls are skipped; null if all are. */
export function greatestNumber(...values: Wide[]): Wide {
  let best: Wide = Number.NaN;
  for (const value of values) if (value > best || isNoNumber(best)) best = value;
  return best;
}

export function leastNumber(...values: Wide[]): Wide {
  let best: Wide = Number.NaN;
  for (const value of values) if (value < best || isNoNumber(best)) best = value;
  return best;
}

export function greatestText(...values: (string | null)[]): string | null {
  let best: string | null = null;
  for (const value of values)
    if (value !== null && (best === null || compareText(value, best) > 0)) best = value;
  return best;
}

export function leastText(...values: (string | null)[]): string | null {
  let best: string | null = null;
  for (const value of values)
    if (value !== null && (best === null || compareText(value, best) < 0)) best = value;
  return best;
}

/** Both present, and different. */
export function differs(a: Wide, b: Wide): boolean {
  return a < b || a > b;
}

export function sameNumberOrNull(a: Wide, b: Wide): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: a wide number may be a bigint
  return a == b || (isNoNumber(a) && isNoNumber(b));
}

export function same<T>(a: T | null, b: T | null): boolean {
  return a !== null && a === b;
}

export function other<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b;
}

/** By UTF-8 bytes, which is by code points: UTF-16 units differ from that only for surrogates. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointOrder(x) - codePointOrder(y);
  }
  return a.length - b.length;
}

function codePointOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

export function less(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && compareText(a, b) < 0;
}

export function atMost(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && compareText(a, b) <= 0;
}

export function isOneOf<T>(x: T, values: readonly T[]): boolean {
  return values.includes(x);
}

export function isNoneOfNumbers(x: number, values: readonly number[]): boolean {
  return !isNoNumber(x) && !values.includes(x);
}

export function isNoneOf<T>(x: T | null, values: readonly T[]): boolean {
  return x !== null && !values.includes(x);
}

const likePatterns = new Map<string, RegExp>();

/** `%` any characters, `_` one, a backslash escapes either of them or itself. */
export function like(text: string, pattern: string): boolean {
  let compiled = likePatterns.get(pattern);
  if (!compiled) {
    compiled = compileLike(pattern);
    likePatterns.set(pattern, compiled);
  }
  return compiled.test(text);
}

function compileLike(pattern: string): RegExp {
  const source = pattern.replace(
    /\\([%_\\])|([%_])|([\\^$.*+?()[\]{}|/])/gsu,
    (_, escaped, wildcard, special) => {
      if (escaped !== undefined) return escaped === "\\" ? "\\\\" : escaped;
      if (wildcard !== undefined) return wildcard === "%" ? ".*" : ".";
      return `\\${special}`;
    },
  );
  return new RegExp(`^${source}$`, "su");
}

export function isLike(text: string | null, pattern: string): boolean {
  return text !== null && like(text, pattern);
}

export function isNotLike(text: string | null, pattern: string): boolean {
  return text !== null && !like(text, pattern);
}

export function concat(...parts: (string | null)[]): string | null {
  return parts.includes(null) ? null : parts.join("");
}

export function concatWithSeparator(separator: string, ...parts: (string | null)[]): string {
  return parts.filter((part) => part !== null).join(separator);
}

/** Counts code points from 1; a negative start counts from the end, 0 is 1. */
export function substring(text: string | null, position: number, length: number): string | null {
  if (text === null) return null;
  const characters = [...text];
  const start = position > 0 ? position - 1 : position < 0 ? characters.length + position : 0;
  return characters.slice(Math.max(0, start), Math.max(0, start + length)).join("");
}

/** Letters of the basic plane that Unicode got, or made no letter of a case, after version 13, which is Java 17's. */
const NEWER_LETTER = /[\u1C89\u1C8A\u2C2F\u2C5F\uA7C0\uA7C1\uA7CB-\uA7DC]/u;
const OLDER_LOWER_CASE = "\u0295";
const MASKED = new RegExp(`(\\p{Lu})|(\\p{Ll}|${OLDER_LOWER_CASE})|(\\p{Nd})|[^\\0-\\x7f]`, "gu");

/**
 * Upper case becomes X, lower case x, a digit n; of the rest ASCII stays and all else becomes an asterisk, since a name
 * may be written in letters without case. Beyond the basic plane nothing counts as a letter, as in Java's `char`.
 */
export function mask(text: string | null): string | null {
  if (text === null) return null;
  return text.replace(MASKED, (letter, upper, lower, digit) => {
    if (letter.length > 1 || NEWER_LETTER.test(letter)) return "*";
    return upper !== undefined ? "X" : lower !== undefined ? "x" : digit !== undefined ? "n" : "*";
  });
}

export function sha2(text: string | null, bits: number): string | null {
  return text === null ? null : createHash(`sha${bits}`).update(text, "utf8").digest("hex");
}

export function textOfNumber(x: Wide): string | null {
  return isNoNumber(x) ? null : String(x);
}

export function textOfBoolean(x: boolean | null): string | null {
  return x === null ? null : String(x);
}

export function numberOfBoolean(x: boolean | null): number {
  return x === null ? Number.NaN : x ? 1 : 0;
}

/** -1 for null, as Spark says. */
export function size(values: readonly unknown[] | null): number {
  return values === null ? -1 : values.length;
}

export function slice<T>(values: readonly T[] | null, start: number, length: number): readonly T[] | null {
  if (values === null) return null;
  const from = start > 0 ? start - 1 : values.length + start;
  return from < 0 ? [] : values.slice(from, from + length);
}

/** `missing` is the null of the element's type. */
export function elementAt<T>(values: readonly T[] | null, index: number, missing: T): T {
  if (values === null) return missing;
  return values[index > 0 ? index - 1 : values.length + index] ?? missing;
}

/** Ascending, nulls last. */
export function sortNumbers(values: readonly Wide[] | null): readonly Wide[] | null {
  if (values === null) return null;
  return [...values].sort(compareNumbers);
}

function compareNumbers(a: Wide, b: Wide): number {
  if (isNoNumber(a)) return isNoNumber(b) ? 0 : 1;
  return isNoNumber(b) || a < b ? -1 : a > b ? 1 : 0;
}

export function sortTexts(values: readonly (string | null)[] | null): readonly (string | null)[] | null {
  if (values === null) return null;
  return [...values].sort((a, b) =>
    a === null ? (b === null ? 0 : 1) : b === null ? -1 : compareText(a, b),
  );
}

export function sortBooleans(values: readonly (boolean | null)[] | null): readonly (boolean | null)[] | null {
  if (values === null) return null;
  const order = (x: boolean | null) => (x === null ? 2 : x ? 1 : 0);
  return [...values].sort((a, b) => order(a) - order(b));
}

export function filter<T>(values: readonly T[] | null, keep: (value: T) => boolean): readonly T[] | null {
  return values === null ? null : values.filter((value) => keep(value));
}

const UNIT_MS = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 };
/** Monday, 1969-12-29. */
const A_MONDAY_MS = -3 * UNIT_MS.DAY;

export type TimeUnit = keyof typeof UNIT_MS | "WEEK" | "MONTH" | "QUARTER" | "YEAR";

/** Milliseconds of the start of the unit that holds `timeMs`, in UTC; weeks start on Monday. */
export function truncateTime(timeMs: number, unit: TimeUnit): number {
  if (isNoNumber(timeMs)) return timeMs;
  if (unit === "WEEK") return A_MONDAY_MS + floorTo(timeMs - A_MONDAY_MS, 7 * UNIT_MS.DAY);
  if (unit !== "MONTH" && unit !== "QUARTER" && unit !== "YEAR") return floorTo(timeMs, UNIT_MS[unit]);
  const date = new Date(floorTo(timeMs, UNIT_MS.DAY));
  const month = date.getUTCMonth();
  date.setUTCMonth(unit === "MONTH" ? month : unit === "QUARTER" ? month - (month % 3) : 0, 1);
  return date.getTime();
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

/**
 * The value of rank ceil(q·n), linear within its bin. The first bin starts at `minimum`; the last has no end, so
 * its lower bound is the answer there. Null where nothing was counted.
 */
export function quantile(
  counts: readonly number[] | null,
  q: number,
  bounds: readonly number[],
  minimum: number,
): number {
  if (counts === null) return Number.NaN;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(q * total));
  let below = 0;
  for (const [bin, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) return withinBin(bin, (rank - below) / count, bounds, minimum);
    below += count;
  }
  return Number.NaN;
}

function withinBin(bin: number, share: number, bounds: readonly number[], minimum: number): number {
  const low = bin === 0 ? minimum : (bounds[bin - 1] as number);
  const high = bounds[bin] ?? low;
  return low + (high - low) * share + 0;
}

/** Least share of a bin in a population stability index, against division by zero. */
const LEAST_SHARE = 0.0001;

/** Sum over bins of (share - expected) · ln(share / expected), both floored; null where nothing was counted. */
export function populationStability(counts: readonly number[] | null, expected: readonly number[]): number {
  if (counts === null) return Number.NaN;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return Number.NaN;
  let index = 0;
  for (const [bin, count] of counts.entries()) {
    const share = Math.max(count / total, LEAST_SHARE);
    const base = Math.max(expected[bin] ?? 0, LEAST_SHARE);
    index += (share - base) * Math.log(share / base);
  }
  return finite(index);
}

/** Codes of the greatest positive losses, ties in their order, at most four. */
export function topReasons(...lossesAndCodes: (number | string | null)[]): readonly string[] {
  const found: { loss: number; code: string }[] = [];
  for (let i = 0; i + 1 < lossesAndCodes.length; i += 2) {
    const loss = lossesAndCodes[i];
    const code = lossesAndCodes[i + 1];
    if (typeof loss === "number" && typeof code === "string" && loss > 0) found.push({ loss, code });
  }
  return found
    .sort((a, b) => b.loss - a.loss)
    .slice(0, 4)
    .map(({ code }) => code);
}
