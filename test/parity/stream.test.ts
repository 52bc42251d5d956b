/** Spark's streaming queries and the embedded engine send the same of one topic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import { streams } from "../spark/kafka-streams.ts";
import { produce, type Sent, sentByEmbedded, sentBySpark, spread } from "./stream-runs.ts";
import { difference } from "./tables-compare.ts";
import { generatedLog } from "./tables-events.ts";

const standard = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const START_MS = Date.UTC(2026, 0, 5, 14);
const HOUR_MS = 3_600_000;

/** The value with its numbers as JavaScript writes them, columns in their order. */
const text = ({ topic, key, value, headers }: Sent): string =>
  JSON.stringify([topic, key, isDead(headers) ? value : JSON.parse(value), Object.entries(without(headers))]);

const isDead = (headers: Sent["headers"]) => "__streams.errors.topic" in headers;
/** Why a record is dead, Spark can't say. */
const without = ({ "__streams.errors.message": _, ...headers }: Sent["headers"]) => headers;

const outputOf = ({ headers }: Sent) => headers.output ?? "dead letters";

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

function withBroken(log: readonly LogRecord[]): LogRecord[] {
  return log.flatMap((record, place) => {
    if (place % 400 !== 7) return [record];
    const other = record.text.replace('"schema_version":', '"schema_version":"x",":');
    return [record, { ...record, text: place % 800 === 7 ? record.text.slice(0, -9) : other }];
  });
}

for (const { partitions, records, delayMs } of [
  { partitions: 1, records: 700, delayMs: 60_000 },
  { partitions: 3, records: 100_000, delayMs: 600_000 },
])
  test(`generated events of ${partitions} partitions give equal messages`, async (t) => {
    const found = await streams(t);
    if (found === null) return;
    const log = withBroken(generatedLog({ seed: 11, count: 4000, startMs: START_MS }));
    const parts = spread(log, partitions);
    const topic = await produce(found, parts, START_MS + HOUR_MS);
    const pipeline = { ...standard, delayMs, source: { ...standard.source, topic } };
    const spark = await sentBySpark(found, pipeline, { topic, records });
    const embedded = sentByEmbedded(pipeline, parts, records);
    assertEqual(pipeline, embedded, spark);
  });
