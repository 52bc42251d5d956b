import assert from "node:assert/strict";
import { test } from "node:test";
import { localTable, rawRecords } from "../../src/engine/spark/connect/local-data.ts";
import { connect } from "../../src/engine/spark/connect/session.ts";
import { BIGINT, BOOLEAN, DOUBLE, STRING, TIMESTAMP, type Value } from "../../src/sql/types.ts";
import { release, sharedSpark } from "./server.ts";

const column = (name: string, type: typeof BIGINT) => ({ name, type });

test("values of every type come back as they were sent, null and extremes included", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const columns = [
    column("id", BIGINT),
    column("n", BIGINT),
    column("x", DOUBLE),
    column("s", STRING),
    column("b", BOOLEAN),
    column("t", TIMESTAMP),
    column("list", { kind: "array", element: BIGINT }),
  ];
  const rows: Value[][] = [
    [1, 2n ** 63n - 1n, Number.MAX_VALUE, "naïve 😀 \u{10ffff} \0", true, 253_402_300_799_999, [1, null]],
    [2, -(2n ** 63n), Number.MIN_VALUE, "", false, -62_135_596_800_000, []],
    [3, Number.MAX_SAFE_INTEGER, -0, "\ufeff\uffff", true, -1, [2n ** 62n]],
    [4, 0, Number.NaN, " \n\t'\"\\", false, 9_007_199_254_741, [0]],
    [5, -1, Number.NEGATIVE_INFINITY, "null", true, 1_767_225_600_123, [-1, -2]],
    [6, null, null, null, null, null, null],
  ];
  await spark.createView("sent", localTable(columns, rows));
  const result = await spark.sql("SELECT * FROM sent ORDER BY id");
  assert.deepEqual(result.columns, columns);
  assert.deepEqual(result.rows, rows);
});

test("arrays, structs and nothing at all have types and values", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const { columns, rows } = await spark.sql(
    "SELECT array(named_struct('a', 1L, 'b', array('p', null)), null) x, " +
      "CAST(null AS STRUCT<a: DOUBLE>) y, null z, 1 AS same, 'two' AS same",
  );
  const struct = [column("a", BIGINT), column("b", { kind: "array", element: STRING })];
  assert.deepEqual(columns, [
    column("x", { kind: "array", element: { kind: "struct", fields: struct } }),
    column("y", { kind: "struct", fields: [column("a", DOUBLE)] }),
    column("z", { kind: "null" }),
    column("same", BIGINT),
    column("same", STRING),
  ]);
  assert.deepEqual(rows, [[[[1, ["p", null]], null], null, null, 1, "two"]]);
});

test("a result without rows has its columns", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  assert.deepEqual(await spark.sql("SELECT id FROM range(0)"), { columns: [column("id", BIGINT)], rows: [] });
});

test("a type that the subset lacks is refused by its column's name", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  await assert.rejects(
    spark.sql("SELECT DATE'2026-01-01' AS day"),
    /column day .*\[spark\.unsupported-type\]/,
  );
});

test("100,000 rows come back whole", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const { rows } = await spark.sql("SELECT id, CAST(id AS STRING) FROM range(100000)");
  assert.equal(rows.length, 100_000);
  assert.ok(rows.every(([id, text]) => String(id) === text));
  assert.equal(new Set(rows.map(([id]) => id)).size, 100_000);
});

test("raw records keep their bytes, positions and ingest times over several batches", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const bytes = Buffer.from([...Buffer.from('{"a":"ü"}\n{}\n'), 0xff, 0x00, 0x0a]);
  const records = { bytes, offsets: Uint32Array.of(0, 11, 14, 17), count: 3 };
  const tail = { bytes, offsets: Uint32Array.of(11, 14), count: 1 };
  await spark.createView(
    "raw",
    rawRecords([
      { ...records, partition: 0, basePosition: 2 ** 40, ingestTimesMs: Float64Array.of(1, Number.NaN, 3) },
      { ...tail, partition: 1, basePosition: 7, ingestTimesMs: null },
    ]),
  );
  const result = await spark.sql(
    "SELECT hex(value), partition, position, ingest_time FROM raw ORDER BY partition, position",
  );
  assert.deepEqual(result.rows, [
    ["7B2261223A22C3BC227D0A", 0, 2 ** 40, 1],
    ["7B7D0A", 0, 2 ** 40 + 1, null],
    ["FF000A", 0, 2 ** 40 + 2, 3],
    ["7B7D0A", 1, 7, null],
  ]);
  const types = await spark.sql("SELECT typeof(value), typeof(partition), typeof(position) FROM raw LIMIT 1");
  assert.deepEqual(types.rows, [["string", "int", "bigint"]]);
});

test("raw records larger than one message come in whole", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const [batchCount, count, recordBytes] = [30, 1000, 1300];
  const bytes = new Uint8Array(count * recordBytes).fill(0x61);
  const offsets = Uint32Array.from({ length: count + 1 }, (_, i) => i * recordBytes);
  const batches = Array.from({ length: batchCount }, (_, i) => {
    return { bytes, offsets, count, partition: 0, basePosition: i * count, ingestTimesMs: null };
  });
  await spark.createView("raw", rawRecords(batches));
  const result = await spark.sql(
    "SELECT count(*), count(DISTINCT position), max(position), sum(length(value)) FROM raw",
  );
  assert.deepEqual(result.rows, [[30_000, 30_000, 29_999, 39_000_000]]);
});

test("expressions run in generated code over cached local data, and by interpretation over other", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const data = localTable([column("n", BIGINT)], [[1], [null]]);
  await spark.createView("generated", data);
  await spark.createView("interpreted", data, { cached: false });
  const planOver = async (view: string) =>
    (await spark.sql(`EXPLAIN SELECT n + 1L AS m FROM ${view}`)).rows.join();
  assert.match(await planOver("generated"), /\*\(1\) Project/);
  assert.doesNotMatch(await planOver("interpreted"), /Project/);
  for (const view of ["generated", "interpreted"]) {
    assert.deepEqual((await spark.sql(`SELECT n + 1L FROM ${view} ORDER BY n`)).rows, [[null], [2]]);
  }
});

test("no records at all make an empty view", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  await spark.createView("raw", rawRecords([]));
  assert.deepEqual((await spark.sql("SELECT count(*) FROM raw")).rows, [[0]]);
});

test("a failed query says Spark's error class in one line", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  await assert.rejects(
    spark.sql("SELECT nope FROM range(1)"),
    /^[^\n]*\[UNRESOLVED_COLUMN[^\n]*\[spark\.query-failed\][^\n]*$/,
  );
  await assert.rejects(spark.sql("SELEC 1"), /\[PARSE_SYNTAX_ERROR\]/);
  await assert.rejects(spark.sql("SELECT * FROM nowhere"), /\[TABLE_OR_VIEW_NOT_FOUND\]/);
  await assert.rejects(spark.sql("SELECT raise_error(CAST(id AS STRING)) FROM range(1)"), { exitCode: 1 });
});

test("an address where nothing answers is unreachable, and trying again may help", async () => {
  await assert.rejects(connect("sc://127.0.0.1:1"), { retryable: true, message: /\[spark\.unreachable\]/ });
  await assert.rejects(connect("http://127.0.0.1:1"), { exitCode: 2, message: /sc:\/\/host:port/ });
});

test("two sessions see neither each other's views nor each other's settings", async (t) => {
  const [one, other] = [await sharedSpark(t), await sharedSpark(t)];
  if (!(one && other)) return;
  await one.createView("mine", "SELECT 1L AS x");
  await one.config({ "spark.sql.session.timeZone": "Asia/Tokyo" });
  assert.deepEqual((await one.sql("SELECT x, current_timezone() FROM mine")).rows, [[1, "Asia/Tokyo"]]);
  await assert.rejects(other.sql("SELECT x FROM mine"), /\[TABLE_OR_VIEW_NOT_FOUND\]/);
  assert.deepEqual((await other.sql("SELECT current_timezone()")).rows, [["UTC"]]);
});

test("a session is of the release that was asked for, not ANSI, and in UTC", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  assert.equal(await spark.version(), release.version);
  const { rows } = await spark.sql(
    "SELECT 1 / 0, CAST('abc' AS BIGINT), unix_millis(TIMESTAMP'2026-01-01 00:00:00'), current_timezone()",
  );
  assert.deepEqual(rows, [[null, null, 1_767_225_600_000, "UTC"]]);
});
