/** Spark's streaming queries and the embedded engine send the same of one topic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSession } from "../../src/engine/embedded/open.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { alertCases, eventsOf } from "../pipeline/alert-events.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";
import { streams } from "../spark/kafka-streams.ts";
import { produce, type Sent, sentByEmbedded, sentBySpark, spread } from "./stream-runs.ts";
import { difference } from "./tables-compare.ts";
import { generatedLog } from "./tables-events.ts";
import { smallLog } from "./tables-small-events.ts";

const standard = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
/** After every case of an alert; an hour ends, and with it windows of an hour and more. */
const START_MS = Date.UTC(2026, 0, 11, 15, 50);
const INGEST_MS = START_MS + 3_600_000;

/** The value with its numbers as JavaScript writes them, columns in their order. */
const text = ({ topic, key, value, headers }: Sent): string =>
  JSON.stringify([topic, key, isDead(headers) ? value : JSON.parse(value), Object.entries(without(headers))]);

const isDead = (headers: Sent["headers"]) => "__streams.errors.topic" in headers;
/** Why a record is dead, Spark can't say. */
const without = ({ "__streams.errors.message": _, ...headers }: Sent["headers"]) => headers;

const outputOf = ({ headers }: Sent) => headers.output ?? "dead letters";

const alertsOf = (sent: readonly Sent[]): readonly string[] =>
  sent.filter((message) => outputOf(message) === "alerts").map(({ value }) => JSON.parse(value).alert);

/** As they are compared: rows as a set, groups that change by their last value, alerts by their keys. */
function told(pipeline: Pipeline, sent: readonly Sent[]): ReadonlyMap<string, readonly string[]> {
  const outputs = Map.groupBy(sent, outputOf);
  const emitOf = (output: string) => pipeline.tables.find(({ name }) => name === output)?.emit;
  return new Map(
    [...outputs].map(([output, messages]) => {
      if (output === "alerts") return [output, [...new Set(messages.map(({ key }) => String(key)))]];
      const last = new Map(messages.map((message) => [message.key, message]));
      return [output, (emitOf(output) === "update" ? [...last.values()] : messages).map(text)];
    }),
  );
}

function assertEqual(pipeline: Pipeline, embedded: readonly Sent[], spark: readonly Sent[]): void {
  const [ours, theirs] = [told(pipeline, embedded), told(pipeline, spark)];
  const outputs = [...new Set([...ours.keys(), ...theirs.keys()])];
  const found = outputs.flatMap((output) =>
    difference(output, ours.get(output) ?? [], theirs.get(output) ?? []),
  );
  const shown = found.map((each) => ({
    ...each,
    embedded: [each.embedded.length, ...each.embedded.slice(0, 2)],
    spark: [each.spark.length, ...each.spark.slice(0, 2)],
  }));
  assert.deepEqual(shown, []);
}

const timeOf = ({ text: json }: LogRecord): number => Date.parse(JSON.parse(json).event_time);

/** Once more, of other applications by the same applicants. */
const again = (log: readonly LogRecord[]): readonly LogRecord[] =>
  log.map((record) => ({ ...record, text: record.text.replaceAll("-4000-8000-", "-4000-8001-") }));

/** Something for every table and alert. */
function everything(): readonly LogRecord[] {
  const single = alertCases.flatMap(eventsOf);
  const cases = [...single, ...again(single)].toSorted((one, other) => timeOf(one) - timeOf(other));
  return [...cases, ...withBroken(generatedLog({ seed: 11, count: 2500, startMs: START_MS }))];
}

function withBroken(log: readonly LogRecord[]): LogRecord[] {
  return log.flatMap((record, place) => {
    if (place % 400 !== 7) return [record];
    const other = record.text.replace('"schema_version":', '"schema_version":"x",":');
    return [record, { ...record, text: place % 800 === 7 ? record.text.slice(0, -9) : other }];
  });
}

for (const { partitions, records, delayMs } of [
  { partitions: 1, records: 1000, delayMs: 60_000 },
  { partitions: 3, records: 100_000, delayMs: 600_000 },
])
  test(`generated events of ${partitions} partitions give equal messages`, async (t) => {
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
    assertEqual(pipeline, embedded, spark);
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
  assertEqual(pipeline, sentByEmbedded(pipeline, parts, 300), spark);
});
