/** Random events of a schema as JSON text: mostly right, some wrong in every way that a field can be wrong. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { rangeOf } from "../../src/contract/guarantees.ts";
import type { EventSchema, Field, Leaf } from "../../src/contract/schema.ts";

/** Values that are wrong for most fields, and some that are no JSON at all. */
export const ODD_VALUES: readonly string[] = [
  ..."null true false 0 -0 -0.0 1 1.0 1e3 1E400 -1e400 0.1 1e-400 5e-324 1.7976931348623157e308".split(" "),
  ..."9007199254740991 9007199254740992 9007199254740993 -9007199254740992 12345678901234567890".split(" "),
  ..."0.1234567890123456789 123456789012345.6 1e22 1e23 01 +1 - .5 1. 1e 1e+ 0x1 NaN Infinity -Infinity".split(
    " ",
  ),
  ..."[] [null] [1] [[]] [{}] {} nul tru fals undefined 'x' x".split(" "),
  '""',
  '"x"',
  '"5"',
  '"1.5"',
  '"true"',
  '"null"',
  '"NaN"',
  '"Infinity"',
  '["a",1]',
  '["a",null]',
  '["a", ["b"]]',
  '["income",  "age"]',
  '["abcd"]',
  '["a"',
  '["a",]',
  "[,]",
  '{"a":1}',
  '{"a":{"b":[1,"}"]}}',
  '{"a":1,}',
  '{"a"}',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\ud83d\\ude00"',
  '"\\ud83d\\ud83d\\ude00"',
  '"\\\\ud800"',
  '"\\x"',
  '"\\u00"',
  '"\\u0000"',
  '"a\tb"',
  '"a\nb"',
  '"\u007f"',
  '"\ufffe\uffff"',
  '"a\\/b\\b\\f\\n\\r\\t\\"\\\\"',
  '"éß€😀"',
  '"abcd"',
  '"abcde"',
  '"😀😀😀😀"',
  '"😀😀😀😀😀"',
  '"decided"',
  '"st\\u0061rted"',
  '"2026-01-31T09:30:00.000Z"',
  '"2026-01-31T09:30:00.000Z\\n"',
  '"2024-02-29T23:59:59.999Z"',
  '"2026-02-29T00:00:00.000Z"',
  '"2026-01-31T24:00:00.000Z"',
  '"2026-01-31T09:60:00.000Z"',
  '"2026-01-31T09:30:60.000Z"',
  '"0000-01-01T00:00:00.000Z"',
  '"0001-01-01T00:00:00.000Z"',
  '"9999-12-31T23:59:59.999Z"',
  '"2026-01-31T09:30:00Z"',
  '"2026-01-31 09:30:00.000Z"',
  '"2026-01-31T09:30:00.000+00:00"',
  '"2026-1-31T09:30:00.000Z"',
  '"1582-10-10T00:00:00.000Z"',
  '"2026-01-31"',
  '"2026-01-31\\n"',
  '"2023-02-29"',
  '"2000-02-29"',
  '"1900-02-29"',
  '"0000-01-01"',
  '"0001-01-01"',
  '"2026-04-31"',
  '"2026-13-01"',
  '"2026-1-1"',
  '"1582-10-10"',
  '"0c9b1d2e-0000-4000-8000-00000000ABCD"',
  '"0c9b1d2e-0000-4000-8000-00000000abcd\\n"',
  '"0c9b1d2e00004000800000000000abcd"',
  '"0c9b1d2e-0000-4000-8000-00000000abcg"',
];

/** How likely each mistake is, of 1000. */
export interface Oddness {
  readonly oddValue: number;
  readonly leftOut: number;
  /** A key twice. */
  readonly duplicate: number;
}

export function eventText(schema: EventSchema, oddness: Oddness): fc.Arbitrary<string> {
  return objectText(schema.fields, oddness);
}

function objectText(fields: readonly Field[], oddness: Oddness): fc.Arbitrary<string> {
  const members = fields.map((field) => memberText(field, oddness));
  const unknown = rarely<readonly string[]>(
    150,
    fc.constant([]),
    unknownMember.map((member) => [member]),
  );
  return fc
    .tuple(
      fc.tuple(...members).map((texts) => texts.flat()),
      unknown,
    )
    .map(([known, more]) => [...known, ...more])
    .chain((all) => rarely(200, fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    .chain((all) => rarely(200, fc.constant(`{${all.join(",")}}`), fc.constant(`{ ${all.join(" ,\n ")}\t}`)));
}

function rarely<T>(ofThousand: number, usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 1000 - ofThousand, arbitrary: usual }, { weight: ofThousand, arbitrary: rare });
}

const unknownMember = fc
  .tuple(
    fc.constantFrom("extra", "ex\\u0074ra2", "größe", "", "\\\\"),
    fc.constantFrom(...ODD_VALUES),
    fc.json(),
  )
  .chain(([key, odd, json]) => rarely(80, fc.constant(`"${key}":${json}`), fc.constant(`"${key}" : ${odd}`)));

function memberText(field: Field, oddness: Oddness): fc.Arbitrary<string[]> {
  const right = field.kind === "object" ? objectText(field.fields, oddness) : leafText(field);
  const value = rarely(oddness.oddValue, right, fc.constantFrom(...ODD_VALUES));
  const key = rarely(20, fc.constant(`"${field.name}":`), fc.constant(`"${escapeFirst(field.name)}" : `));
  const once = fc.tuple(key, value).map(([name, text]) => [`${name}${text}`]);
  const twice = fc
    .tuple(firstOfTwo(field, oddness, value), value)
    .map((texts) => [texts.map((text) => `"${field.name}":${text}`).join()]);
  return rarely(oddness.leftOut, rarely(oddness.duplicate, once, twice), fc.constant([]));
}

/** Where a text is asked for it is one: of what another value hides the engines know differently much. */
function firstOfTwo(field: Field, oddness: Oddness, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  if (field.kind === "object") return objectText(field.fields, { ...oddness, oddValue: 0 });
  if (field.type.kind === "array") return leafText(field);
  const isText = field.type.kind === "string" || field.format === "date-time";
  const texts = ODD_VALUES.filter((odd) => odd.startsWith('"'));
  return isText ? rarely(oddness.oddValue, leafText(field), fc.constantFrom(...texts)) : value;
}

const escapeFirst = (name: string) =>
  `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`;

function leafText(leaf: Leaf): fc.Arbitrary<string> {
  if (leaf.type.kind === "array")
    return fc.array(textOf(leaf), { maxLength: 3 }).map((texts) => `[${texts.join()}]`);
  if (leaf.type.kind === "boolean") return fc.boolean().map(String);
  const range = rangeOf(leaf);
  if (!range || leaf.format === "date-time") return textOf(leaf);
  const { low, high } = range;
  if (leaf.type.kind !== "double")
    return fc
      .oneof(fc.maxSafeInteger(), fc.constantFrom(low, high))
      .map((n) => `${Math.min(Math.max(n % 1000, low), high)}`);
  return fc.double({ min: low, max: high, noNaN: true }).map((n) => `${n}`);
}

const DAY_MS = 86_400_000;

function textOf({ format, values, maxLength }: Leaf): fc.Arbitrary<string> {
  const time = fc
    .integer({ min: -700_000, max: 2_900_000 })
    .map((day) => new Date(day * DAY_MS + 1).toISOString());
  if (format === "uuid") return fc.uuid().map((id) => JSON.stringify(id));
  if (format === "date-time") return time.map((text) => JSON.stringify(text));
  if (format === "date") return time.map((text) => JSON.stringify(text.slice(0, 10)));
  if (values) return fc.constantFrom(...values).map((value) => JSON.stringify(value));
  return fc
    .string({ unit: "grapheme", maxLength: Math.min(maxLength ?? 40, 40) })
    .map((text) => JSON.stringify(text));
}

const MARKS = ['"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", " ", "null", "\u000b", "é"];

/** A slice of the record replaced by a few bytes. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  cut: fc.nat(3),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.constantFrom(...MARKS).map((text) => Buffer.from(text)),
  ),
});

/** The event's bytes, as they are or damaged in one or two places. */
export function damagedEvent(event: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc.tuple(event, fc.array(damage, { maxLength: 2 })).map(([text, damages]) =>
    damages.reduce((bytes, { at, cut, put }) => {
      const place = Math.floor(at * (bytes.length + 1));
      return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
    }, Buffer.from(text)),
  );
}
