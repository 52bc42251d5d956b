import assert from "node:assert/strict";
import { test } from "node:test";
import { pipelineFrom } from "../../../src/cli/pipeline-option.ts";
import {
  type Before,
  formerQueries,
  type Planned,
  planQueries,
  type Wanted,
} from "../../../src/engine/spark/app/change.ts";
import { NOTHING_COUNTED } from "../../../src/engine/spark/app/count.ts";
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

const COUNTED = { ...NOTHING_COUNTED, read: 7, batches: 2 };

const keptOf = (planned: readonly Planned[]): Before => ({
  pipeline,
  queries: Object.fromEntries(
    planned.map(({ query: { name }, changed: _, ...its }) => [
      name,
      { ...its, counted: COUNTED, failure: null, run: null },
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

test("a query of another name doesn't send again what one before it sent, unless it is told to", () => {
  const both = query("all", [...rows.tables, ...groups.tables]);
  assert.throws(
    () => plan({ queries: [both] }),
    /query all can't take the change: query rows sent risk_scores, fraud_scores so far.*\[spark\.pipeline-changed\].*--anew/,
  );
  const planned = planQueries(kept, { ...wanted, queries: [both], anew: true });
  assert.deepEqual(
    planned.map(({ query: { name }, generation, counted }) => [name, generation, counted.read]),
    [["all", 1, 0]],
  );
  const former = formerQueries(kept, planned);
  assert.deepEqual(Object.keys(former), ["rows", "groups"]);
  const after: Before = { pipeline, queries: { ...former, ...keptOf(planned).queries } };
  const [again] = planQueries(after, { ...wanted, queries: [both] });
  assert.deepEqual([again?.changed, again?.generation, again?.counted.read], [false, 1, 7]);
});

test("a table that moves to another query is refused there, and a new one isn't", () => {
  const moved = [query("rows", ["risk_scores"]), query("groups", ["risk_windows", "fraud_scores"])];
  assert.throws(() => plan({ queries: moved }), /query groups .* query rows sent fraud_scores so far/);
  const added = query("final", ["risk_drift"]);
  assert.deepEqual(plan({ queries: [rows, groups, added] }).at(-1), ["final", true, 1]);
});

test("a query whose records are gone begins anew when it is told to, and the others go on", () => {
  const gone = { code: "spark.offsets-gone", message: "Gone", remedy: "", place: {} } as const;
  const { rows: its } = kept.queries;
  assert.ok(its);
  const before: Before = { ...kept, queries: { ...kept.queries, rows: { ...its, failure: gone } } };
  const generations = (anew: boolean) =>
    planQueries(before, { ...wanted, anew }).map(({ generation, counted }) => [generation, counted.read]);
  assert.deepEqual(generations(false), [
    [1, 7],
    [1, 7],
  ]);
  assert.deepEqual(generations(true), [
    [2, 0],
    [1, 7],
  ]);
});
