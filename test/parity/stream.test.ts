/** Spark's streaming queries and the embedded engine send the same of one topic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSession } from "../../src/engine/embedded/open.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";
import { streams } from "../spark/kafka-streams.ts";
import { alertsOf, assertEqualSent, outputOf } from "./stream-compare.ts";
import { everything, INGEST_MS } from "./stream-events.ts";
import { produce, sentByEmbedded, sentBySpark, spread } from "./stream-runs.ts";
import { smallLog } from "./tables-small-events.ts";

const standard = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));

const byNight =
  process.env.LOANSTREAM_NIGHTLY === "1" ? false : "by day stream-killed.test.ts has three partitions";

for (const { partitions, records, delayMs, skip } of [
  { partitions: 1, records: 1000, delayMs: 60_000, skip: false },
  // At the end of a batch the partitions are some 40 s apart.
  { partitions: 3, records: 1000, delayMs: 120_000, skip: byNight },
])
  test(`generated events of ${partitions} partitions give equal messages`, { skip }, async (t) => {
    const found = await streams(t);
    if (found === null) return;
    const parts = spread(everything(), partitions);
    const topic = await produce(found, parts, INGEST_MS);
    const pipeline = { ...standard, delayMs, source: { ...standard.source, topic } };
    const spark = await sentBySpark(found, pipeline, { topic, records });
    const embedded = sentByEmbedded(pipeline, parts, records);
    const outputs = new Set(embedded.map(outputOf));
    for (const { name } of pipeline.tables) assert.ok(outputs.has(name), name);
    assert.equal(new Set(alertsOf(embedded)).size, pipeline.alerts.length);
    assertEqualSent(pipeline, embedded, spark);
  });

/** Without the records that come too late: of them the engines know at different times. */
function inTime(pipeline: Pipeline, log: readonly LogRecord[]): readonly LogRecord[] {
  const { late } = openSession(pipeline).step(batchOf(log, 0));
  const positions = new Set(late.map(({ position }) => position));
  return log.filter((_, position) => !positions.has(position));
}

test("what the default models leave out of the language gives equal messages", async (t) => {
  const found = await streams(t);
  if (found === null) return;
  const whole = loadPipeline(fileURLToPath(new URL("pipeline", import.meta.url)));
  const parts = [inTime(whole, smallLog(6, 600))];
  const topic = await produce(found, parts, INGEST_MS);
  const pipeline = { ...whole, source: { ...whole.source, topic } };
  const spark = await sentBySpark(found, pipeline, { topic, records: 300 });
  assertEqualSent(pipeline, sentByEmbedded(pipeline, parts, 300), spark);
});
