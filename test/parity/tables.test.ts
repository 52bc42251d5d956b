/** Every table has the rows on Spark that it has on the embedded engine. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { rawRecords } from "../../src/engine/spark/connect/local-data.ts";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import { sparkEngine } from "../../src/engine/spark/engine.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { typeName } from "../../src/sql/build.ts";
import { loanstream } from "../cli/command-line.ts";
import { exactText } from "../conformance/engine.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import { sharedSpark } from "../spark/server.ts";
import { assertEqualAnalyses, batchesOf, difference } from "./tables-compare.ts";
import { adverseLog, generatedLog, withEndsOfTime } from "./tables-events.ts";
import { plainLog, smallLog } from "./tables-small-events.ts";

const { LOANSTREAM_TEST_SEED, LOANSTREAM_NIGHTLY } = process.env;
const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const pipeline = loadPipeline(folder("../../pipeline"));
const START_MS = Date.UTC(2026, 0, 5, 14);
const BEFORE_1970_MS = Date.UTC(1969, 11, 31, 23, 50);

/** Fixed in an ordinary run, fresh each night; `LOANSTREAM_TEST_SEED` names one to run again. */
function seeds(t: TestContext, fixed: readonly number[], nightly: number): readonly number[] {
  if (LOANSTREAM_TEST_SEED) return [Number(LOANSTREAM_TEST_SEED)];
  if (!LOANSTREAM_NIGHTLY) return fixed;
  const fresh = Array.from({ length: nightly }, () => randomInt(2 ** 31));
  t.diagnostic(`seeds ${fresh.join(", ")}`);
  return fresh;
}

test("generated events give equal tables", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  for (const seed of seeds(t, [1], 10)) {
    const log = generatedLog({ seed, count: 2500, startMs: START_MS });
    const { ledger } = await assertEqualAnalyses(
      sparkEngine(spark),
      pipeline,
      log,
      `LOANSTREAM_TEST_SEED=${seed}`,
    );
    assert.ok(ledger.source.duplicate > 0);
  }
});

test("adverse events give equal tables, late and dead ones included", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  for (const seed of seeds(t, [4], 20)) {
    const log = adverseLog(pipeline, { seed, count: 1500, startMs: START_MS });
    const { ledger } = await assertEqualAnalyses(
      sparkEngine(spark),
      pipeline,
      log,
      `LOANSTREAM_TEST_SEED=${seed}`,
    );
    const { accepted, late, duplicate, dead } = ledger.source;
    assert.ok(accepted > 500 && late > 10 && duplicate > 10 && dead > 50, JSON.stringify(ledger.source));
  }
});

test("times before 1970, and the first and last that can be written, give equal tables", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  for (const seed of seeds(t, [5], 5)) {
    const log = withEndsOfTime(adverseLog(pipeline, { seed, count: 800, startMs: BEFORE_1970_MS }));
    const compared = LOANSTREAM_NIGHTLY ? pipeline : firstOfEachOutput(pipeline);
    await assertEqualAnalyses(sparkEngine(spark), compared, log, `LOANSTREAM_TEST_SEED=${seed}`);
  }
});

test("what the default models leave out of the language gives equal tables", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const everything = loadPipeline(folder("pipeline"));
  for (const seed of seeds(t, [6], 20)) {
    const log = smallLog(seed, 600);
    const analysis = await assertEqualAnalyses(
      sparkEngine(spark),
      everything,
      log,
      `LOANSTREAM_TEST_SEED=${seed}`,
    );
    for (const { table, rows } of analysis.tables) assert.ok(rows.length > 10, table);
    const { late, duplicate, dead } = analysis.ledger.source;
    assert.ok(late > 0 && duplicate > 10 && dead > 0);
  }
});

test("a data set without times has nothing late and no duplicate", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const plain = loadPipeline(folder("plain"));
  for (const seed of seeds(t, [7], 3)) {
    const log = plainLog(seed, 200);
    const { ledger } = await assertEqualAnalyses(
      sparkEngine(spark),
      plain,
      log,
      `LOANSTREAM_TEST_SEED=${seed}`,
    );
    const { late, duplicate, dead } = ledger.source;
    assert.deepEqual([late, duplicate], [0, 0]);
    assert.ok(dead > 0);
  }
});

/** A table an output, and no alerts: enough where another test compares them all. */
function firstOfEachOutput(whole: Pipeline): Pipeline {
  const tables = whole.tables.filter(
    ({ output }, index) => whole.tables.findIndex((table) => table.output === output) === index,
  );
  return { ...whole, tables, alerts: [] };
}

/** What `sql MODEL --batch` prints runs as it is, and has the types of the plan. */
async function assertPrintedQueries(
  spark: SparkSession,
  directory: string,
  log: readonly LogRecord[],
): Promise<void> {
  const printed = LOANSTREAM_NIGHTLY ? loadPipeline(directory) : firstOfEachOutput(loadPipeline(directory));
  const { tables } = await embeddedEngine.analyze(printed, batchesOf(log));
  await spark.createView("raw", rawRecords(batchesOf(log)));
  for (const { name, relation } of printed.tables) {
    const { stdout, stderr } = await loanstream(["sql", name, "--batch", "--pipeline", directory]);
    const { columns, rows } = await spark.sql(stdout);
    const declared = columns.map((column) => `${column.name} ${typeName(column.type)}`);
    assert.deepEqual(
      declared,
      relation.columns.map((column) => `${column.name} ${typeName(column.type)}`),
      stderr,
    );
    const ours = tables.filter(({ table }) => table === name).flatMap((table) => table.rows.map(exactText));
    assert.deepEqual(difference(name, ours, rows.map(exactText)), []);
  }
}

test("what sql --batch prints for the default tables runs as it is, with equal rows", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const log = generatedLog({ seed: 8, count: 1500, startMs: START_MS });
  await assertPrintedQueries(spark, folder("../../pipeline"), log);
});

test("what sql --batch prints for the rest of the language runs as it is, with equal rows", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  await assertPrintedQueries(spark, folder("pipeline"), smallLog(9, 300));
  await assertPrintedQueries(spark, folder("plain"), plainLog(9, 50));
});
