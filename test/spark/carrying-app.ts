/** A small application on Spark, made of queries that carry one topic into another. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import { openApp } from "../../src/engine/spark/app/app.ts";
import { findApp, stopApp } from "../../src/engine/spark/app/lookup.ts";
import { type AppRecord, readRecord, sparkDirectory } from "../../src/engine/spark/app/record.ts";
import type { AppEvent, AppOptions, SparkApp } from "../../src/engine/spark/app/supervise.ts";
import type { AppView } from "../../src/engine/spark/app/watch.ts";
import type { StreamQuery } from "../../src/engine/spark/stream/query.ts";
import { eventually, type Streams, streams, valuesIn } from "./kafka-streams.ts";

export const pipeline = pipelineFrom(null);

export interface GivenApp extends Streams {
  readonly from: string;
  readonly to: string;
  readonly events: AppEvent[];
  readonly options: AppOptions;
}

export const carrying = (name: string, to: string, value: string): StreamQuery => ({
  name,
  steps: [{ name: "_texts", sql: "SELECT CAST(value AS STRING) AS text FROM _kafka", dataFrame: null }],
  sql: `SELECT '${to}' AS topic, ${value} AS value FROM _texts`,
  outputMode: "append",
  tables: [],
  alerts: [],
  models: [],
  deadLetters: false,
});

export async function given(t: TestContext, url?: string): Promise<GivenApp | null> {
  const on = await streams(t, url);
  if (!on) return null;
  const [from, to] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  const events: AppEvent[] = [];
  const options: AppOptions = {
    pipeline: { ...pipeline, source: { ...pipeline.source, topic: from }, triggerMs: 50 },
    queries: [carrying("first", to, "concat('1', text)"), carrying("second", to, "concat('2', text)")],
    models: [],
    dataDirectory: join(on.directory, "data"),
    remote: on.url,
    conf: {},
    checkpoints: null,
    kafka: on.kafka.settings,
    maxOffsets: 1000,
    anew: false,
    tell: (event) => events.push(event),
  };
  // A server of the test's own is gone by then.
  if (url === undefined) on.before(() => stopAll(options));
  return { ...on, from, to, events, options };
}

async function stopAll({ dataDirectory }: AppOptions): Promise<void> {
  const found = findApp(dataDirectory);
  if (found !== null) await stopApp(dataDirectory, found);
}

export const states = ({ queries }: AppView) =>
  Object.fromEntries(queries.map(({ name, state }) => [name, state]));
export const told = (events: readonly AppEvent[]) => events.map(({ what, query }) => `${what} ${query}`);
const sorted = (on: GivenApp) => async () => (await valuesIn(on, on.to)).toSorted();
export const until = (on: GivenApp, values: readonly string[]) =>
  eventually(sorted(on), (found) => found.length >= values.length);
export function recordIn({ options }: GivenApp): AppRecord {
  const record = readRecord(sparkDirectory(options.dataDirectory));
  assert.ok(record);
  return record;
}
export const runs = (on: GivenApp) => Object.values(recordIn(on).queries).map(({ run }) => run?.runId);

export async function within(options: AppOptions, work: (app: SparkApp) => Promise<unknown>): Promise<void> {
  const app = await openApp(options);
  try {
    await work(app);
  } finally {
    await app.close();
  }
}
