import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { type NamedType, rowWriter } from "../../src/output/json.ts";
import { writeParquet } from "../../src/output/parquet.ts";
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type SqlType,
  STRING,
  TIMESTAMP,
  type Value,
} from "../../src/sql/types.ts";

const directory = mkdtempSync(join(tmpdir(), "loanstream-parquet-out-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "table.parquet");

const BAND: SqlType = {
  kind: "struct",
  fields: [
    { name: "low", type: BIGINT },
    { name: "share", type: DOUBLE },
  ],
};
const columns: readonly NamedType[] = [
  { name: "count", type: BIGINT },
  { name: "mean", type: DOUBLE },
  { name: "band", type: STRING },
  { name: "open", type: BOOLEAN },
  { name: "window_start", type: TIMESTAMP },
  { name: "reasons", type: arrayOf(STRING) },
  { name: "bands", type: arrayOf(BAND) },
];

const maybe = (value: fc.Arbitrary<Value>): fc.Arbitrary<Value> => fc.option(value, { nil: null });
const integer = fc.oneof<fc.Arbitrary<Value>[]>(fc.maxSafeInteger(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const text = fc.string({ unit: "grapheme" });
const row: fc.Arbitrary<Value[]> = fc.tuple(
  maybe(integer),
  maybe(double),
  maybe(text),
  maybe(fc.boolean()),
  maybe(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })),
  maybe(fc.array(maybe(text), { maxLength: 4 })),
  maybe(fc.array(fc.tuple(maybe(integer), maybe(double)), { maxLength: 3 })),
);

/** What hyparquet reads, in the form of the rows' JSON. */
async function readBack(): Promise<string[]> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  return rows.map((read) => rowWriter(columns)(columns.map(({ name, type }) => asValue(type, read[name]))));
}

function asValue(type: SqlType, read: unknown): Value {
  if (read === null || read === undefined) return null;
  if (type.kind === "timestamp") return read instanceof Date ? read.getTime() : null;
  if (type.kind === "array")
    return Array.isArray(read) ? read.map((each) => asValue(type.element, each)) : null;
  if (type.kind === "struct" && typeof read === "object")
    return type.fields.map(({ name, type: inner }) =>
      asValue(inner, new Map(Object.entries(read)).get(name)),
    );
  const kinds: Readonly<Record<string, string>> = { bigint: "bigint", double: "number" };
  assert.equal(typeof read, kinds[type.kind] ?? type.kind);
  return typeof read === "string" ||
    typeof read === "number" ||
    typeof read === "bigint" ||
    typeof read === "boolean"
    ? read
    : null;
}

describe("rows written as Parquet", () => {
  it("read back as the rows written as JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        writeParquet(path, columns, rows);
        assert.deepEqual(await readBack(), rows.map(rowWriter(columns)));
      }),
    );
  });

  it("take several row groups where they are many", async () => {
    const rows = Array.from({ length: 50_001 }, (_, i): Value[] => [i, null, null, null, null, null, null]);
    writeParquet(path, columns, rows);
    const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    assert.deepEqual(
      row_groups.map(({ num_rows }) => num_rows),
      [50_000n, 1n],
    );
    assert.deepEqual(await readBack(), rows.map(rowWriter(columns)));
  });

  it("have the types that other tools know", async () => {
    writeParquet(path, columns, []);
    const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const types = schema
      .slice(1)
      .map(({ name, type, converted_type }) => [name, type, converted_type].join(" ").trim());
    assert.deepEqual(types, [
      "count INT64",
      "mean DOUBLE",
      "band BYTE_ARRAY UTF8",
      "open BOOLEAN",
      "window_start INT64 TIMESTAMP_MILLIS",
      "reasons  LIST",
      "list",
      "element BYTE_ARRAY UTF8",
      "bands  LIST",
      "list",
      "element",
      "low INT64",
      "share DOUBLE",
    ]);
  });
});
