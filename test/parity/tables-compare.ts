/** Both engines over one log: every table's rows, the ledger, what is late and what is dead. */
import assert from "node:assert/strict";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import type { Analysis, Engine, RecordPlace } from "../../src/engine/engine.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { exactText } from "../conformance/engine.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";

const BATCH_RECORDS = 700;
const ROWS_SHOWN = 3;
const SHRINK_MS = 90_000;

export async function* batchesOf(log: readonly LogRecord[]): AsyncGenerator<RecordBatch> {
  for (let from = 0; from < log.length; from += BATCH_RECORDS)
    yield batchOf(log.slice(from, from + BATCH_RECORDS), from);
}

interface Difference {
  readonly in: string;
  /** What one engine has and the other hasn't, the smallest first. */
  readonly embedded: readonly string[];
  readonly spark: readonly string[];
}

/** Lists are sets with repetition: order says nothing. */
export function difference(
  what: string,
  embedded: readonly string[],
  spark: readonly string[],
): Difference[] {
  const only = (left: readonly string[], right: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const text of right) counts.set(text, (counts.get(text) ?? 0) + 1);
    return left
      .filter((text) => {
        const count = counts.get(text) ?? 0;
        counts.set(text, count - 1);
        return count <= 0;
      })
      .sort((a, b) => a.length - b.length);
  };
  const found = { in: what, embedded: only(embedded, spark), spark: only(spark, embedded) };
  return found.embedded.length + found.spark.length > 0 ? [found] : [];
}

function differences(pipeline: Pipeline, embedded: Analysis, spark: Analysis): Difference[] {
  const rows = ({ tables }: Analysis, name: string) =>
    tables.filter(({ table }) => table === name).flatMap((table) => table.rows.map(exactText));
  const places = (list: readonly RecordPlace[]) =>
    list.map(({ partition, position }) => `${partition}:${position}`);
  const ledger = ({ ledger: { source, tables } }: Analysis) =>
    Object.entries({ source, ...tables }).map(([name, counts]) => `${name} ${JSON.stringify(counts)}`);
  /** The message of an alert may hold values of the moment. */
  const raised = ({ alerts }: Analysis) =>
    alerts.flatMap(({ table, rows }) => rows.map(([id]) => `${table} ${exactText(id ?? null)}`));
  return [
    ...difference("alerts", raised(embedded), raised(spark)),
    ...pipeline.tables.flatMap(({ name }) => difference(name, rows(embedded, name), rows(spark, name))),
    ...difference("ledger", ledger(embedded), ledger(spark)),
    ...difference("late", places(embedded.late), places(spark.late)),
    ...difference("dead", places(embedded.dead), places(spark.dead)),
  ];
}

/** The embedded engine's analysis, which is Spark's too. `origin` says how to make the log again. */
export async function assertEqualAnalyses(
  spark: Engine,
  pipeline: Pipeline,
  log: readonly LogRecord[],
  origin: string,
): Promise<Analysis> {
  const embedded = await embeddedEngine.analyze(pipeline, batchesOf(log));
  const found = differences(pipeline, embedded, await spark.analyze(pipeline, batchesOf(log)));
  if (found.length > 0) assert.fail(await report(spark, pipeline, log, origin, found));
  return embedded;
}

async function report(
  spark: Engine,
  pipeline: Pipeline,
  log: readonly LogRecord[],
  origin: string,
  found: readonly Difference[],
): Promise<string> {
  const [first] = found;
  const tables = pipeline.tables.filter(({ name }) => name === first?.in);
  const smallest = await shrink(spark, tables.length > 0 ? { ...pipeline, tables } : pipeline, log);
  const side = (rows: readonly string[]) =>
    `${rows.length} rows of its own\n${rows.slice(0, ROWS_SHOWN).join("\n")}`;
  return [
    `${origin}: the engines differ`,
    ...found.map((one) => `${one.in}\n embedded: ${side(one.embedded)}\n Spark: ${side(one.spark)}`),
    `${smallest.length} records are enough:`,
    ...smallest.slice(0, 2 * ROWS_SHOWN).map((record) => JSON.stringify(record)),
  ].join("\n");
}

/** Fewer records that still differ: leaves out halves, then quarters and so on, as long as there is time. */
async function shrink(
  spark: Engine,
  pipeline: Pipeline,
  log: readonly LogRecord[],
): Promise<readonly LogRecord[]> {
  const deadline = Date.now() + SHRINK_MS;
  let smallest = log;
  for (let size = Math.ceil(log.length / 2); ; size = Math.ceil(size / 2)) {
    for (let from = 0; from < smallest.length && smallest.length > 1; ) {
      if (Date.now() > deadline) return smallest;
      const fewer = [...smallest.slice(0, from), ...smallest.slice(from + size)];
      if (await differs(spark, pipeline, fewer)) smallest = fewer;
      else from += size;
    }
    if (size <= 1) return smallest;
  }
}

async function differs(spark: Engine, pipeline: Pipeline, log: readonly LogRecord[]): Promise<boolean> {
  const embedded = await embeddedEngine.analyze(pipeline, batchesOf(log));
  return differences(pipeline, embedded, await spark.analyze(pipeline, batchesOf(log))).length > 0;
}
