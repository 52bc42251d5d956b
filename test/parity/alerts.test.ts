/** An alert has the ids on Spark that it has on the embedded engine. Messages are of the moment, and not compared. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import type { Analysis, Engine } from "../../src/engine/engine.ts";
import { sparkEngine } from "../../src/engine/spark/engine.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { alertCases, eventsOf } from "../pipeline/alert-events.ts";
import { logs } from "../simulation/events.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";
import { sharedSpark } from "../spark/server.ts";

const small = loadPipeline(fileURLToPath(new URL("../simulation/pipeline", import.meta.url)));
const standard = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const SEED = 7;
const GENERATED = 2500;

/** By alert, in an order of their own. */
async function idsOn(engine: Engine, pipeline: Pipeline, log: readonly LogRecord[]) {
  const { alerts }: Analysis = await engine.analyze({ ...pipeline, tables: [] }, wholly(log));
  return Object.fromEntries(alerts.map(({ table, rows }) => [table, rows.map(([id]) => String(id)).sort()]));
}

/** With an id of its own each: of an id that comes again, batch Spark keeps the first, however long ago it was. */
function distinct(log: readonly LogRecord[]): LogRecord[] {
  return log.map((record, place) => ({
    ...record,
    text: record.text.replace(/"id":"[^"]*"/, `"id":"${place}"`),
  }));
}

async function* wholly(log: readonly LogRecord[]) {
  yield batchOf(log, 0);
}

test("alerts of every kind have the same ids on Spark", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const events = distinct(fc.sample(logs, { seed: SEED, numRuns: 40 }).flat());
  const embedded = await idsOn(embeddedEngine, small, events);
  for (const [alert, ids] of Object.entries(embedded)) assert.ok(ids.length > 0, `${alert} is raised`);
  assert.deepEqual(await idsOn(sparkEngine(spark), small, events), embedded);
});

test("the default alerts have the same ids on Spark, over a case for each and generated events", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const generated = createGenerator({ seed: SEED, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 3 })
    .take(GENERATED)
    .map(({ json }): LogRecord => ({ text: json, ingestTimeMs: null }))
    .toArray();
  const events = [...generated, ...alertCases.flatMap(eventsOf)];
  const embedded = await idsOn(embeddedEngine, standard, events);
  for (const [alert, ids] of Object.entries(embedded)) assert.ok(ids.length > 0, `${alert} is raised`);
  assert.deepEqual(await idsOn(sparkEngine(spark), standard, events), embedded);
});
