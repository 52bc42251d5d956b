/** A setting's text as its value. */
import { LoanstreamError } from "../errors.ts";
import { parseLogLevels } from "../log.ts";
import { parseDuration } from "../sql/analyse/window.ts";
import type { Kinds, Setting } from "./table.ts";

export type SettingValue = Kinds[keyof Kinds] | null;

/** What is wrong with a text, as the end of a sentence that begins with who gave it. */
export interface Complaint {
  readonly complaint: string;
  /** Null where the complaint says it. */
  readonly remedy: string | null;
}

/** Null where nothing is given, and nothing need be. */
export function readValue(setting: Setting, text: string | null): SettingValue | Complaint {
  return text === null ? null : readers[setting.kind](text, setting);
}

export function isComplaint(value: SettingValue | Complaint): value is Complaint {
  return typeof value === "object" && value !== null && "complaint" in value;
}

/** As it may be shown: an address may hold a token. */
export function shown({ kind }: Setting, text: string | null): string | null {
  return kind === "secret" && text !== null
    ? "(set)"
    : (text?.replaceAll(/;token=[^;]*/g, ";token=(set)") ?? null);
}

type Reader<Value> = (text: string, setting: Setting) => Value | Complaint;

const readers: { readonly [Kind in keyof Kinds]: Reader<Kinds[Kind]> } = {
  text: (text) => text,
  secret: (text) => text,
  path: (text) => text,
  choice: (text, { choices = [] }) => (choices.includes(text) ? text : expected(choices.join(" or "), text)),
  flag: (text) => (text === "true" || text === "false" ? text === "true" : expected("true or false", text)),
  whole: wholeNumber,
  rate: eventsPerSecond,
  duration: durationMs,
  levels: logLevels,
  list,
  options,
};

const expected = (what: string, text: string): Complaint => ({
  complaint: `takes ${what}, not "${text}"`,
  remedy: null,
});

function wholeNumber(text: string, { least = 0, most }: Setting): number | Complaint {
  const number = Number(text);
  const fits = Number.isSafeInteger(number) && number >= least && number <= (most ?? Number.MAX_SAFE_INTEGER);
  if (/^\d+$/.test(text) && fits) return number;
  return expected(`a whole number from ${least} ${most === undefined ? "on" : `to ${most}`}`, text);
}

const MOST_EVENTS_PER_SECOND = 10_000_000;

function eventsPerSecond(text: string): number | Complaint {
  const rate = Number(text);
  if (/^\d*\.?\d+$/.test(text) && rate > 0 && rate <= MOST_EVENTS_PER_SECOND) return rate;
  const most = MOST_EVENTS_PER_SECOND.toLocaleString("en-US");
  return expected(`events a second, above 0 and at most ${most}`, text);
}

const SHORT_UNITS: ReadonlyMap<string, string> = new Map([
  ["s", "second"],
  ["m", "minute"],
  ["h", "hour"],
  ["d", "day"],
]);

function durationMs(text: string): number | Complaint {
  if (text === "none") return 0;
  const [, count, unit = ""] = /^(\d+) *([a-z]+)$/.exec(text) ?? [];
  const ms = parseDuration(`${count} ${SHORT_UNITS.get(unit) ?? unit}`);
  return ms ?? expected('a time such as 24h or "15 minutes", or none', text);
}

function list(text: string): readonly string[] | Complaint {
  const items = text.split(",").map((item) => item.trim());
  return items.includes("") ? expected("texts with commas between them", text) : items;
}

function options(text: string, { check }: Setting): Kinds["options"] | Complaint {
  const pairs = text.split(",").map((pair) => /^\s*([^\s=]+)\s*=\s*(\S+)\s*$/.exec(pair));
  if (pairs.includes(null)) return expected("options such as name=value,name=value", text);
  const found = Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
  return orComplaint("can't be taken", () => {
    check?.(found);
    return found;
  });
}

function logLevels(text: string): ReturnType<typeof parseLogLevels> | Complaint {
  return orComplaint("can't be read", () => parseLogLevels(text));
}

function orComplaint<Value>(what: string, read: () => Value): Value | Complaint {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LoanstreamError)) throw error;
    const [{ message, remedy }] = error.diagnostics;
    return { complaint: `${what}: ${message}`, remedy };
  }
}
