/** From the text of a literal to its value, as Spark 3.5 reads it. */
import { TIMES } from "../types.ts";

/** What can't be read, and what to write instead. */
export interface Refusal {
  readonly message: string;
  readonly remedy: string;
}

export type Read<T> = { readonly value: T } | Refusal;

export const isRefusal = <T>(read: Read<T>): read is Refusal => "message" in read;

export interface NumberValue {
  readonly type: "bigint" | "double";
  readonly value: number;
}

const WHOLE = /^\d+L?$/i;
const DECIMAL = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?D?$/i;
const OTHER_SUFFIX = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:S|Y|F|BD)$/i;

/** `1` and `1L` are BIGINT; `0.1`, `1e3`, `1D` are DOUBLE. */
export function readNumber(text: string): Read<NumberValue> {
  if (WHOLE.test(text)) return readWhole(text);
  if (DECIMAL.test(text)) return readDouble(text);
  if (OTHER_SUFFIX.test(text)) {
    return {
      message: `${text} has a type that the language doesn't have`,
      remedy: "Write 1 or 1L for a BIGINT, 0.1 or 0.1D for a DOUBLE.",
    };
  }
  return {
    message: `${text} isn't a number`,
    remedy: `Write a number such as 1, 1L, 0.1 or 1e3; if it is a name, put it in back quotes: \`${text}\`.`,
  };
}

function readWhole(text: string): Read<NumberValue> {
  const value = Number(text.replace(/l$/i, ""));
  if (Number.isSafeInteger(value)) return { value: { type: "bigint", value } };
  return {
    message: `${text} is beyond ±9007199254740991, the whole numbers that are exact everywhere`,
    remedy: "Write a smaller number, or a DOUBLE such as 1e16.",
  };
}

function readDouble(text: string): Read<NumberValue> {
  const value = Number(text.replace(/d$/i, ""));
  if (Number.isFinite(value)) return { value: { type: "double", value } };
  return { message: `${text} is too large for a DOUBLE`, remedy: "Write a number below 1.8e308." };
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|([\s\S]))/g;
const ESCAPED: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001A",
  // LIKE patterns keep the backslash before their wildcards.
  "%": "\\%",
  _: "\\_",
};

/** The text between the quotes, its escapes undone. */
export function readString(text: string): Read<string> {
  let beyond = false;
  const value = text.slice(1, -1).replace(ESCAPE, (_all, short, long, octal, character) => {
    if (short) return String.fromCharCode(Number.parseInt(short, 16));
    if (octal) return String.fromCharCode(Number.parseInt(octal, 8));
    if (!long) return ESCAPED[character] ?? character;
    const point = Number.parseInt(long, 16);
    beyond ||= point > 0x10ffff;
    return beyond ? "" : String.fromCodePoint(point);
  });
  if (!beyond && value.isWellFormed()) return { value };
  return {
    message: "the string has an escape that is no Unicode character",
    remedy: "Write the character itself, or \\uXXXX with a code point outside D800-DFFF.",
  };
}

/** A name without its back quotes. */
export const readQuotedName = (text: string): string => text.slice(1, -1).replaceAll("``", "`");

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?Z?)?$/;

/** `2026-01-01T00:00:00.000Z` to milliseconds since the epoch; without an offset it is UTC. */
export function readTimestamp(text: string): Read<number> {
  const parts = TIME.exec(text);
  const iso = parts && `${parts[1]}T${parts[2] ?? "00:00:00"}.${(parts[3] ?? "").padEnd(3, "0")}Z`;
  const ms = iso ? Date.parse(iso) : Number.NaN;
  if (iso && ms >= TIMES.low && new Date(ms).toISOString() === iso) return { value: ms };
  return {
    message: "the text isn't a time",
    remedy: "Write TIMESTAMP '2026-01-31T23:59:59.999Z', in UTC.",
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  MILLISECOND: 1,
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
  WEEK: 604_800_000,
};
const OTHER_UNITS = new Set(["NANOSECOND", "MICROSECOND", "MONTH", "QUARTER", "YEAR"]);
/** From the first to the last TIMESTAMP. */
const LONGEST_MS = TIMES.high - TIMES.low;

const unitName = (text: string) => text.toUpperCase().replace(/S$/, "");

/** Whether a word is a unit of time, one that we can read or not. */
export const isUnit = (text: string): boolean =>
  unitName(text) in UNITS_MS || OTHER_UNITS.has(unitName(text));

/** `MINUTES` to milliseconds. */
export function readUnit(unit: string): Read<number> {
  const value = UNITS_MS[unitName(unit)];
  if (value !== undefined) return { value };
  return {
    message: `an interval can't be measured in ${unit}`,
    remedy: "Write MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS or WEEKS; a month has no fixed length.",
  };
}

/** `5`, of a unit, to milliseconds. */
export function readAmount(amount: string, unitMs: number): Read<number> {
  const value = /^[+-]?\d+$/.test(amount) ? Number(amount) * unitMs : Number.NaN;
  if (Math.abs(value) <= LONGEST_MS) return { value: value + 0 };
  return {
    message: `an interval can't be ${amount} long`,
    remedy: "Write a whole number, in a smaller unit if need be: INTERVAL 90 SECONDS.",
  };
}
