import assert from "node:assert/strict";
import { test } from "node:test";
import { pipelineFrom } from "../../../src/cli/pipeline-option.ts";
import { type Before, type Planned, planQueries, type Wanted } from "../../../src/engine/spark/app/change.ts";
import type { StreamQuery } from "../../../src/engine/spark/stream/query.ts";
import { LoanstreamError } from "../../../src/errors.ts";
import type { Pipeline } from "../../../src/pipeline/pipeline.ts";

const pipeline = pipelineFrom(null);

const query = (name: string, tables: readonly string[], change: Partial<StreamQuery> = {}): StreamQuery => ({
  name,
  steps: [],
  sql: `SELECT 1 AS ${name}`,
  outputMode: "append",
  tables,
  alerts: [],
  models: [],
  deadLetters: false,
  ...change,
});

const rows = query("rows", ["risk_scores", "fraud_scores"]);
const groups = query("groups", ["risk_windows"], { outputMode: "update" });
const wanted: Wanted = { pipeline, queries: [rows, groups], options: {}, anew: false };

const keptOf = (planned: readonly Planned[]): Before => ({
  pipeline,
  queries: Object.fromEntries(
    planned.map(({ query: { name }, generation, text, state }) => [
      name,
      { generation, text, state, run: null },
    ]),
  ),
});

const kept = keptOf(planQueries({ pipeline: null, queries: {} }, wanted));
const plan = (change: Partial<Wanted>) =>
  planQueries(kept, { ...wanted, ...change }).map((each) => [each.query.name, each.changed, each.generation]);

test("what hasn't changed goes on", () => {
  assert.deepEqual(plan({}), [
    ["rows", false, 1],
    ["groups", false, 1],
  ]);
});

test("a query of rows takes any SQL on its checkpoint, one of groups none", () => {
  const other = query("rows", rows.tables, { sql: "SELECT 2" });
  assert.deepEqual(plan({ queries: [other, groups] }), [
    ["rows", true, 1],
    ["groups", false, 1],
  ]);
  const otherGroups = query("groups", groups.tables, { sql: "SELECT 2", outputMode: "update" });
  assert.throws(
    () => plan({ queries: [rows, otherGroups] }),
    /query groups can't take the change.*\[spark\.pipeline-changed\].*--anew/,
  );
  assert.deepEqual(plan({ queries: [rows, otherGroups], anew: true }), [
    ["rows", false, 1],
    ["groups", true, 2],
  ]);
});

test("another way to start starts all again, and another delay too, on their checkpoints", () => {
  assert.deepEqual(plan({ options: { triggerMs: 5 } }), [
    ["rows", true, 1],
    ["groups", true, 1],
  ]);
  const step = (delayMs: number) => ({
    name: "_watched",
    sql: "",
    dataFrame: {
      table: "t",
      watermark: { column: "at", delayMs },
      distinctWithinWatermark: ["id"],
      marked: null,
    },
  });
  const watched = (delayMs: number) => [
    query("groups", groups.tables, { outputMode: "update", steps: [step(delayMs)] }),
  ];
  const before = keptOf(planQueries({ pipeline: null, queries: {} }, { ...wanted, queries: watched(1000) }));
  const [after] = planQueries(before, { ...wanted, queries: watched(2000) });
  assert.deepEqual([after?.changed, after?.generation], [true, 1]);
});

test("a refusal says what of the tables has changed", () => {
  const [table, ...others] = pipeline.tables.filter(({ name }) => name === "risk_windows");
  assert.ok(table && others.length === 0);
  const other = { ...table, key: table.key.slice(1) };
  const changed: Pipeline = {
    ...pipeline,
    tables: pipeline.tables.map((each) => (each === table ? other : each)),
  };
  const otherGroups = query("groups", groups.tables, { sql: "SELECT 2", outputMode: "update" });
  assert.throws(
    () => plan({ pipeline: changed, queries: [rows, otherGroups] }),
    (error) => error instanceof LoanstreamError && /risk_windows: its key is .*, was /.test(error.message),
  );
});
