import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { alertReader, alertToJson } from "../../src/output/alert.ts";
import { rowWriter } from "../../src/output/json.ts";
import { messageKeyWriter } from "../../src/output/key.ts";
import { alertSchema, rowKeySchema, rowSchema } from "../../src/pipeline/json-schemas/rows.ts";
import { DIALECT, type JsonSchema, schemaOfFields } from "../../src/pipeline/json-schemas/schema.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { batchOf } from "../../src/pipeline/testing/records.ts";
import { arrayOf, BIGINT, STRING, TIMESTAMP } from "../../src/sql/types.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function validator(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ formats: { "date-time": isTime }, strict: true, allowUnionTypes: true });
  ajv.addVocabulary(["x-key", "x-emit", "x-unit"]);
  return ajv.compile({ $schema: DIALECT, ...schema });
}

function assertValid(validate: ValidateFunction, json: string): void {
  assert.ok(validate(JSON.parse(json)), `${JSON.stringify(validate.errors)} of ${json}`);
}

async function* generated() {
  const options = { seed: 2, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 0.5 };
  yield batchOf(
    createGenerator(options)
      .take(20_000)
      .map(({ json }) => ({ text: json, ingestTimeMs: null }))
      .toArray(),
  );
}

test("every row, key and alert of generated events fits its schema", async (t) => {
  const { tables, alerts } = await embeddedEngine.analyze(pipeline, generated());
  for (const table of pipeline.tables) {
    await t.test(table.name, () => {
      const rows = tables.find(({ table: name }) => name === table.name)?.rows ?? [];
      assert.ok(rows.length > 0);
      const [write, writeKey] = [rowWriter(table.relation.columns), messageKeyWriter(table)];
      const [row, key] = [validator(rowSchema(table, pipeline)), validator(rowKeySchema(table))];
      for (const each of rows) {
        assertValid(row, write(each));
        assertValid(key, writeKey(each));
      }
    });
  }
  await t.test("alerts", () => {
    const validate = validator(alertSchema(pipeline));
    const raised = pipeline.alerts.flatMap((alert) => {
      const rows = alerts.find(({ table }) => table === alert.rows.name)?.rows ?? [];
      return rows.map(alertReader(alert, pipeline.currency));
    });
    assert.ok(raised.length > 0);
    for (const alert of raised) assertValid(validate, alertToJson(alert));
  });
});

test("a schema says of every column what the model's description says", () => {
  for (const table of pipeline.tables) {
    const properties = Object(rowSchema(table, pipeline).properties);
    for (const { name } of table.relation.columns) {
      const { description = null, unit = null } =
        pipeline.descriptions.get(table.name)?.columns.get(name) ?? {};
      assert.equal(properties[name].description, description?.trim().replaceAll(/\s+/g, " "));
      assert.equal(properties[name]["x-unit"] ?? null, unit);
    }
  }
});

test("an absent value, a wrong type, a number out of bounds and an unknown field don't fit", () => {
  const validate = validator(
    schemaOfFields([
      { name: "id", type: STRING, nullable: false },
      { name: "score", type: BIGINT, nullable: true, range: { low: 0, high: 100 } },
      { name: "at", type: TIMESTAMP, nullable: true },
      { name: "reasons", type: arrayOf(STRING), nullable: true },
    ]),
  );
  assert.ok(validate({ id: "a" }));
  assert.ok(validate({ id: "a", score: 100, at: "2026-01-05T00:00:00.000Z", reasons: ["x", null] }));
  for (const wrong of [
    {},
    { id: null },
    { id: "a", score: 1.5 },
    { id: "a", score: 101 },
    { id: "a", at: "yesterday" },
    { id: "a", reasons: [1] },
    { id: "a", more: 1 },
  ])
    assert.equal(validate(wrong), false, JSON.stringify(wrong));
});
