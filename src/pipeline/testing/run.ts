/** Runs tests of models on an engine, or on several at once. */
import type { Analysis, Engine } from "../../engine/engine.ts";
import type { Alias } from "../../sql/plan.ts";
import { aggregateBelow } from "../../sql/trace.ts";
import type { Pipeline, Table } from "../pipeline.ts";
import { type Difference, refusalDifferences, rowDifferences } from "./difference.ts";
import type { ModelTest } from "./model-tests.ts";
import { batchOf } from "./records.ts";

export interface TestResult {
  readonly test: ModelTest;
  /** None where the test holds. */
  readonly differences: readonly Difference[];
}

/** The tests' results in their order; each engine takes the next test as soon as it is free. */
export async function* runModelTests(
  pipeline: Pipeline,
  tests: readonly ModelTest[],
  engines: readonly Engine[],
): AsyncGenerator<TestResult> {
  const results = tests.map(() => Promise.withResolvers<TestResult>());
  for (const { promise } of results) promise.catch(() => {});
  const waiting = tests.entries();
  let stopped = false;
  const work = async (engine: Engine) => {
    for (const [index, test] of waiting) {
      if (stopped) return;
      await runModelTest(pipeline, test, engine).then(results[index]!.resolve, results[index]!.reject);
    }
  };
  const workers = engines.map(work);
  try {
    for (const { promise } of results) yield await promise;
  } finally {
    stopped = true;
    await Promise.all(workers);
  }
}

/** The rows that the model has at the end of the test's records, when every window has closed. */
export async function runModelTest(pipeline: Pipeline, test: ModelTest, engine: Engine): Promise<TestResult> {
  const model = pipeline.models.get(test.model);
  if (!model) return { test, differences: [{ place: test.place, text: `there is no model ${test.model}` }] };
  const table = pipeline.tables.find(({ name }) => name === test.model) ?? asTable(model);
  const analysis = await engine.analyze({ ...pipeline, tables: [table], alerts: [] }, once(test));
  return { test, differences: differences(test, model, analysis) };
}

function differences(
  test: ModelTest,
  model: Alias,
  { tables, ledger, dead }: Analysis,
): readonly Difference[] {
  const rows = tables.find(({ table }) => table === test.model)?.rows ?? [];
  return [...refusalDifferences(test, ledger.source, dead), ...rowDifferences(test, model.columns, rows)];
}

/** An intermediate model as a table of its own; a bounded run asks for no key. */
function asTable(relation: Alias): Table {
  const { name } = relation;
  const emit = aggregateBelow(relation) ? "final" : "append";
  return { name, output: name, topic: name, emit, relation, key: [] };
}

async function* once({ records }: ModelTest) {
  if (records.length > 0) yield batchOf(records);
}
