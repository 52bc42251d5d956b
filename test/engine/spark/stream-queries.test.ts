/** Which streaming queries a pipeline has, and what each of them is told to make. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { streamQueries } from "../../../src/engine/spark/stream/queries.ts";
import { KAFKA_VIEW } from "../../../src/engine/spark/stream/query.ts";
import { loadPipeline } from "../../../src/pipeline/load.ts";

const load = (path: string) => loadPipeline(fileURLToPath(new URL(path, import.meta.url)));
const standard = load("../../../pipeline");

test("the default pipeline has four queries, each table and alert in one of them", () => {
  const queries = streamQueries(standard);
  assert.deepEqual(
    queries.map(({ name, outputMode, deadLetters }) => [name, outputMode, deadLetters]),
    [
      ["rows", "append", true],
      ["windows", "update", false],
      ["sets", "update", false],
      ["final", "append", false],
    ],
  );
  const tables = queries.flatMap((query) => query.tables).sort();
  assert.deepEqual(tables, standard.tables.map(({ name }) => name).sort());
  const alerts = queries.flatMap((query) => query.alerts).sort();
  assert.deepEqual(alerts, standard.alerts.map(({ name }) => name).sort());
});

test("a data set without times has one query, without watermark", () => {
  const queries = streamQueries(load("../../parity/plain"));
  assert.deepEqual(
    queries.map(({ name }) => name),
    ["rows"],
  );
  for (const { dataFrame } of queries.flatMap(({ steps }) => steps))
    assert.ok(dataFrame === null || (dataFrame.watermark === null && dataFrame.marked === null));
});

test("what is neither late nor a duplicate without an id is told by its place", () => {
  const anonymous = { ...standard, source: { ...standard.source, eventId: null }, tables: [], alerts: [] };
  const [rows] = streamQueries(anonymous);
  const deduped = rows?.steps.flatMap(({ dataFrame }) => dataFrame?.distinctWithinWatermark ?? []);
  assert.deepEqual(deduped, ["_partition", "_position"]);
});

test("steps of one name are the same in every query, and each stands over one before it", () => {
  const texts = new Map<string, string>();
  for (const { steps } of streamQueries(standard)) {
    const before = new Set([KAFKA_VIEW]);
    for (const step of steps) {
      const text = JSON.stringify(step);
      assert.equal(texts.get(step.name) ?? text, text, step.name);
      texts.set(step.name, text);
      const read = step.dataFrame?.table ?? [...step.sql.matchAll(/\bFROM (\w+)/g)].at(-1)?.[1];
      assert.ok(before.has(read ?? ""), `${step.name} reads ${read}`);
      before.add(step.name);
    }
  }
});

test("a query names the models that it computes, so that a change of another leaves it alone", () => {
  const models = new Map(streamQueries(standard).map((query) => [query.name, query.models]));
  assert.ok(models.get("rows")?.includes("fraud_assessments"));
  assert.ok(models.get("sets")?.includes("fraud_keys"));
  assert.ok(!models.get("sets")?.includes("scored"));
});
