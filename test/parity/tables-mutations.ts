/** Seeded changes of one event: odd values that the schema allows, values that it doesn't, and texts that are no event. */
import { rangeOf } from "../../src/contract/guarantees.ts";
import type { EventSchema, Leaf } from "../../src/contract/schema.ts";
import type { Choices } from "./expressions-random.ts";

export interface JsonObject {
  [name: string]: unknown;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Sets a leaf where the objects around it are there; `undefined` takes it away. */
export function setPath(event: JsonObject, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() ?? "";
  let at: unknown = event;
  for (const name of names) at = isObject(at) ? at[name] : undefined;
  if (!isObject(at)) return;
  if (value === undefined) delete at[last];
  else at[last] = value;
}

/** Changes one field; the id and the time stay. Mostly the event remains one. */
export function withOddField(choices: Choices, schema: EventSchema, event: JsonObject): void {
  const leaf = choices.of(schema.leaves.filter(({ path }) => path !== "event_id" && path !== "event_time"));
  const isRequired = schema.requirements.some(({ paths }) => paths.includes(leaf.path));
  const keepsIt = isRequired && choices.chance(0.9);
  setPath(event, leaf.path, keepsIt ? allowedValue(choices, leaf) : oddValue(choices, leaf));
}

function oddValue(choices: Choices, leaf: Leaf): unknown {
  const kind = choices.share();
  if (kind < 0.25) return choices.of([undefined, null]);
  if (kind < 0.28) return wrongValue(choices, leaf);
  return allowedValue(choices, leaf);
}

function allowedValue(choices: Choices, leaf: Leaf): unknown {
  switch (leaf.type.kind) {
    case "bigint":
    case "double":
      return allowedNumber(choices, leaf);
    case "boolean":
      return choices.chance(0.5);
    case "array":
      return Array.from({ length: choices.integer(0, 5) }, () => allowedText(choices, leaf));
    case "timestamp":
      return choices.of(MOMENTS);
    default:
      return leaf.format === "date" ? choices.of(MOMENTS).slice(0, 10) : allowedText(choices, leaf);
  }
}

const MOMENTS = [
  "0001-01-01T00:00:00.000Z",
  "1582-10-10T12:00:00.000Z",
  "1969-12-31T23:59:59.999Z",
  "1970-01-01T00:00:00.000Z",
  "2000-02-29T00:00:00.001Z",
  "9999-12-31T23:59:59.999Z",
];

function allowedNumber(choices: Choices, leaf: Leaf): number {
  const { low, high } = rangeOf(leaf) ?? { low: -1e6, high: 1e6 };
  if (leaf.type.kind === "bigint") {
    const near = [low, low, high, low + 1, high - 1, choices.integer(low, Math.min(high, low + 1000))];
    return choices.chance(0.5) ? choices.of(near) : low + Math.floor(choices.share() * (high - low + 1));
  }
  const near = [low, low, high, 5e-324, 1e-7, 0.000012, 0.1, 1 / 3, 0.5].filter((x) => x >= low && x <= high);
  return choices.chance(0.5) ? choices.of(near) : low + choices.share() * (high - low);
}

const CHARACTERS = [
  "a",
  "Z",
  "é",
  "e\u0301",
  "\uffff",
  "\ufffd",
  "😀",
  "👩‍👧",
  "𝐀",
  "ß",
  "İ",
  " ",
  "'",
  '"',
  "\\",
  "%",
  "\u0000",
  "\n",
  "\u2028",
];

function allowedText(choices: Choices, { values, maxLength, format }: Leaf): string {
  if (values) return choices.of(values);
  if (format === "uuid") return "ABCDEF01-2345-4678-9abc-def012345678";
  const most = maxLength ?? 20;
  const length = choices.of([0, 1, 2, Math.min(most, 7), most]);
  // In code points: a cluster is cut where the greatest length falls into it.
  return [...Array.from({ length }, () => choices.of(CHARACTERS)).join("")].slice(0, most).join("");
}

function wrongValue(choices: Choices, leaf: Leaf): unknown {
  const range = rangeOf(leaf);
  const beyond = range ? [range.low - 1, range.high + 1, range.low + 0.5] : [];
  const long = "x".repeat((leaf.maxLength ?? 100) + 1);
  return choices.of<unknown>([
    ...["", "no such value", "2026-13-01T00:00:00.000Z", "2026-02-30", "\ud800", long],
    ...[1, 0.5, true, [], {}, [null], ["no such value"], "1"],
    ...beyond,
  ]);
}

/** Not an event, though some look like one at first. */
export function brokenText(choices: Choices, text: string): string {
  const without = (name: string) => text.replace(new RegExp(`"${name}":("[^"]*"|[^,{}]*),`), "");
  return choices.of([
    ...["", "null", "{}", "[]", "[{}]", "1", '"text"', "tru", "\ufeff{}", "{]"],
    text.slice(0, choices.integer(1, text.length - 1)),
    `${text} ${text}`,
    `${text}x`,
    `[${text}]`,
    without("event_id"),
    without("event_time"),
    without("channel"),
    text.replace('"event_time":"2', '"event_time":"x'),
    text.replace(/"event_time":"[^"]*"/, '"event_time":"2026-02-30T00:00:00.000Z"'),
    text.replace(/"event_time":"([^"]*)Z"/, '"event_time":"$1"'),
    text.replace(/"channel":"[^"]*"/, '"channel":"fax"'),
    text.replace(/"application_id":"[^"]*"/, '"application_id":"\\ud83d"'),
    text.replaceAll('"', "'"),
  ]);
}
