import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { loadEventSchema } from "../../src/contract/load.ts";
import { createScanner } from "../../src/contract/scan.ts";
import type { EventSchema } from "../../src/contract/schema.ts";
import { sparkSource } from "../../src/contract/spark.ts";
import { PARSED, RECORD } from "../../src/contract/spark-names.ts";
import { rawRecords } from "../../src/engine/spark/connect/local-data.ts";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import { quoteName } from "../../src/sql/render/spark.ts";
import { batchOf, rowOf } from "../contract/batches.ts";
import { damagedEvent, eventText, ODD_VALUES, type Oddness } from "../contract/random-events.ts";
import { sampleSchema } from "../contract/sample-schema.ts";
import { sharedSpark } from "../spark/server.ts";

type Row = readonly unknown[] | null;

/** Each record's values, one a leaf (times in milliseconds); null for a dead record. */
async function sparkRows(
  spark: SparkSession,
  schema: EventSchema,
  records: readonly Uint8Array[],
): Promise<Row[]> {
  const { fromJson, columns, isDead } = sparkSource(schema);
  await spark.createView("raw", rawRecords([batchOf(records)]));
  const leaves = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(", ");
  const typed = columns.map(({ name }, index) =>
    schema.leaves[index]!.type.kind === "timestamp" ? `unix_millis(${quoteName(name)})` : quoteName(name),
  );
  const named = typed.map((sql, index) => `${sql} AS c${index}`).join(", ");
  const { rows } = await spark.sql(
    `SELECT ${isDead} AS dead, ${named} FROM (SELECT *, ${leaves} FROM (SELECT *, ${fromJson} AS ${PARSED} FROM
      (SELECT position, value AS ${RECORD} FROM raw))) ORDER BY position`,
  );
  return rows.map(([dead, ...values]) => {
    assert.equal(typeof dead, "boolean");
    return dead ? null : values;
  });
}

function scannerRows(schema: EventSchema, records: readonly Uint8Array[]): Row[] {
  const batch = createScanner(schema)(batchOf(records));
  return records.map((_, row) => rowOf(batch, row));
}

/** Compares record by record, so that a difference shows the record. Returns how many are live. */
async function assertEqualRows(
  spark: SparkSession,
  schema: EventSchema,
  texts: readonly (string | Uint8Array)[],
): Promise<number> {
  const records = texts.map((text) => Buffer.from(text));
  const ours = scannerRows(schema, records);
  const theirs = await sparkRows(spark, schema, records);
  assert.equal(theirs.length, records.length);
  for (const [row, record] of records.entries()) assert.deepEqual(ours[row], theirs[row], record.toString());
  return ours.filter((row) => row !== null).length;
}

async function assertDifference(
  t: TestContext,
  record: string,
  expected: "spark reads it" | "spark refuses it",
) {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const [theirs] = await sparkRows(spark, sample, [Buffer.from(record)]);
  const [ours] = scannerRows(sample, [Buffer.from(record)]);
  assert.equal(theirs !== null, expected === "spark reads it");
  assert.equal(ours === null, expected === "spark reads it");
}

const sample = sampleSchema();
const good =
  '{"id":"0c9b1d2e-0000-4000-8000-00000000abcd","kind":"started","at":"2026-01-31T09:30:00.123Z","loan":{"cents":5}}';
const withField = (member: string) => `${good.slice(0, -1)},${member}}`;
const withLoan = (member: string) => good.replace('"cents":5', `"cents":5,${member}`);

/** Every odd value in every field, known and unknown, and by itself. */
function oddEverywhere(): string[] {
  const top = [
    "id",
    "kind",
    "at",
    "clock",
    "born",
    "note",
    "free",
    "whole",
    "flag",
    "loan",
    "decision",
    "other",
  ];
  return ODD_VALUES.flatMap((value) => [
    ...top.map((name) => withField(`"${name}":${value}`)),
    ...["cents", "rate", "any_rate", "place", "other"].map((name) => withLoan(`"${name}":${value}`)),
    ...["reasons", "score"].map((name) => withField(`"decision":{"${name}":${value}}`)),
    withLoan(`"place":{"city":${value}}`),
    withLoan(`"place":{"city":"x","codes":${value}}`),
    value,
    `${good}${value}`,
    `[${value}]`,
  ]);
}

test("Spark reads every odd value in every field as the scanner does", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  assert.ok((await assertEqualRows(spark, sample, oddEverywhere())) > 100);
});

const random = (schema: EventSchema, oddness: Oddness) =>
  fc.array(eventText(schema, oddness), { minLength: 1500, maxLength: 1500, size: "max" });

test("Spark reads random events as the scanner does, keys that come twice included", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const events = random(sample, { oddValue: 10, leftOut: 60, duplicate: 20 });
  const compare = (texts: string[]) =>
    assertEqualRows(spark, sample, texts).then((live) => assert.ok(live > 100));
  await fc.assert(fc.asyncProperty(events, compare), { numRuns: 1, endOnFailure: true });
});

test("Spark reads random events of the default pipeline as the scanner does", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const file = new URL("../../pipeline/schema.yaml", import.meta.url);
  const { schema } = loadEventSchema(readFileSync(file, "utf8"), "schema.yaml");
  assert.ok(schema);
  const events = fc.array(eventText(schema, { oddValue: 3, leftOut: 1, duplicate: 2 }), {
    minLength: 300,
    maxLength: 300,
    size: "max",
  });
  const compare = (texts: string[]) =>
    assertEqualRows(spark, schema, texts).then((live) => assert.ok(live > 10));
  await fc.assert(fc.asyncProperty(events, compare), { numRuns: 1, endOnFailure: true });
});

test("Spark reads damaged events as the scanner does", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const event = eventText(sample, { oddValue: 2, leftOut: 20, duplicate: 5 });
  const events = fc.array(damagedEvent(event), { minLength: 1500, maxLength: 1500, size: "max" });
  const compare = (records: Buffer[]) =>
    assertEqualRows(spark, sample, records).then((live) => assert.ok(live > 50));
  await fc.assert(fc.asyncProperty(events, compare), { numRuns: 1, endOnFailure: true });
});

test("Spark refuses every record that ends early", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const cut = Array.from({ length: good.length }, (_, length) => good.slice(0, length));
  assert.equal(await assertEqualRows(spark, sample, cut), 0);
});

test("Spark reads texts of any bytes as the scanner does", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const [before = "", after = ""] = withField('"free":"@"').split("@");
  const inText = (bytes: readonly number[]) =>
    Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
  const single = Array.from({ length: 256 }, (_, byte) => inText([byte]));
  const sequences = [
    [0xc0, 0x80],
    [0xc3, 0xa9],
    [0xe0, 0x80, 0x80],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    [0x61, 0xef, 0xbb, 0xbf],
    [0xef, 0xbf, 0xbd],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
  ];
  const mark = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(good)]);
  assert.ok((await assertEqualRows(spark, sample, [...single, ...sequences.map(inText), mark])) > 90);
});

test("Spark has the scanner's bounds of depth and of digits", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const nested = (depth: number) => withField(`"other":${"[".repeat(depth)}${"]".repeat(depth)}`);
  const inLoan = (depth: number) => withLoan(`"other":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
  const digits = (count: number) => [
    "9".repeat(count),
    `1.${"1".repeat(count - 1)}`,
    `0.${"1".repeat(count)}`,
    `1e${"0".repeat(count - 1)}`,
    `0e+${"0".repeat(count)}`,
    `1.${"0".repeat(count - 10)}e-00000007`,
  ];
  const numbers = [1000, 1001].flatMap(digits).flatMap((number) => [number, `-${number}`]);
  const records = [
    ...[997, 998, 999, 1000].map(nested),
    ...[996, 997, 998, 999].map(inLoan),
    ...numbers.flatMap((number) => [withField(`"other":${number}`), withLoan(`"any_rate":${number}`)]),
  ];
  assert.ok((await assertEqualRows(spark, sample, records)) > 5);
});

test("a long text does not overflow Spark's regular expressions", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const long = "a\\n\\u0061\\\\".repeat(50_000);
  const list = withLoan(`"place":{"city":"x","codes":[${'"a", '.repeat(50_000)}"b"]}`);
  const records = [
    withField(`"free":"${long}"`),
    withField(`"free":["${long}"]`),
    list,
    list.replace('"b"', "1"),
  ];
  assert.equal(await assertEqualRows(spark, sample, records), 2);
});

test("a name that is a text here and a number there is told apart by its place", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const { schema } = loadEventSchema(
    `type: object
properties:
  code: {type: integer}
  a: {type: object, properties: {code: {type: string}}}
  b: {type: object, properties: {code: {type: array, items: {type: string}}}}
`,
    "schema.yaml",
  );
  assert.ok(schema);
  const values = ["1", '"1"', "null", "[]", '["1"]', "[1]", "true", "{}", '"\\u0022"', "1e400"];
  const records = values.flatMap((value) => [
    `{"code":${value}}`,
    `{"code":1,"a":{"code":${value}}}`,
    `{"b":{"code":${value}},"a":{"code":"x"}}`,
  ]);
  assert.ok((await assertEqualRows(spark, schema, records)) > 5);
});

test("Spark refuses text behind the object", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const behind = [
    "x",
    "]",
    "}",
    "[]",
    "{}",
    ",{}",
    ",",
    " ]",
    "]]",
    "\n{}",
    '"',
    "null",
    "\u0000",
    "\u000b",
    "\u00a0",
    "/**/",
    "#",
  ];
  assert.equal(
    await assertEqualRows(
      spark,
      sample,
      behind.map((text) => good + text),
    ),
    0,
  );
  assert.equal(await assertEqualRows(spark, sample, [`${good} \t\r\n`, ` \t\r\n${good}`]), 2);
});

test("difference: Spark does not see that more follows, if it goes on as an object does", async (t) => {
  await assertDifference(t, `${good},"more":{}`, "spark reads it");
});

test("difference: Spark does not see that a text comes twice, first as something else", async (t) => {
  await assertDifference(t, withField('"free":1,"free":"a"'), "spark reads it");
});

test("difference: Spark refuses a number of just 1000 digits behind a zero, if an exponent is among them", async (t) => {
  await assertDifference(t, withField(`"other":0.${"0".repeat(992)}e-00000007`), "spark refuses it");
});
