import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import { type AppEvent, type AppOptions, openApp, type SparkApp } from "../../src/engine/spark/app/app.ts";
import { readRecord, sparkDirectory } from "../../src/engine/spark/app/record.ts";
import type { AppView } from "../../src/engine/spark/app/watch.ts";
import { connect } from "../../src/engine/spark/connect/session.ts";
import type { StreamQuery } from "../../src/engine/spark/stream/query.ts";
import { eventually, type Streams, send, streams, valuesIn } from "./kafka-streams.ts";

const pipeline = pipelineFrom(null);

interface Given extends Streams {
  readonly from: string;
  readonly to: string;
  readonly events: AppEvent[];
  readonly options: AppOptions;
}

const carrying = (name: string, to: string, value: string): StreamQuery => ({
  name,
  steps: [{ name: "_texts", sql: "SELECT CAST(value AS STRING) AS text FROM _kafka", dataFrame: null }],
  sql: `SELECT '${to}' AS topic, ${value} AS value FROM _texts`,
  outputMode: "append",
  tables: [],
  alerts: [],
  models: [],
  deadLetters: false,
});

async function given(t: TestContext): Promise<Given | null> {
  const on = await streams(t);
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
  on.before(() => stopAll(options));
  return { ...on, from, to, events, options };
}

async function stopAll({ dataDirectory, remote }: AppOptions): Promise<void> {
  const record = readRecord(sparkDirectory(dataDirectory));
  if (record === null) return;
  const session = await connect(remote, { sessionId: record.sessionId });
  for (const query of await session.streaming.active()) await query.stop();
  await session.close();
}

const states = ({ queries }: AppView) => Object.fromEntries(queries.map(({ name, state }) => [name, state]));
const told = (events: readonly AppEvent[]) => events.map(({ what, query }) => `${what} ${query}`);
const sorted = (on: Given) => async () => (await valuesIn(on, on.to)).toSorted();
const until = (on: Given, values: readonly string[]) =>
  eventually(sorted(on), (found) => found.length >= values.length);
const runs = ({ options }: Given) =>
  Object.values(readRecord(sparkDirectory(options.dataDirectory))?.queries ?? {}).map(
    ({ run }) => run?.runId,
  );

async function within(options: AppOptions, work: (app: SparkApp) => Promise<unknown>): Promise<void> {
  const app = await openApp(options);
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

test("queries go on without the client, are found again, and stop when they are told to", async (t) => {
  const on = await given(t);
  if (!on) return;
  await within(on.options, (app) => app.look());
  assert.deepEqual(told(on.events), ["started first", "started second"]);
  const started = runs(on);
  await send(on, on.from, ["a"]);
  assert.deepEqual(await until(on, ["1a", "2a"]), ["1a", "2a"]);
  await within(on.options, async (app) => {
    assert.deepEqual(told(on.events).slice(2), ["found first", "found second"]);
    assert.deepEqual(runs(on), started);
    const view = await eventually(app.look, ({ queries }) => queries.every(({ seen }) => seen.read === 1));
    assert.deepEqual(states(view), { first: "running", second: "running" });
    assert.deepEqual(
      view.queries.map(({ lag }) => lag),
      [0, 0],
    );
    await app.stop();
    assert.deepEqual(states(await app.look()), { first: "stopped", second: "stopped" });
  });
});

test("a second process, a second application and another topic are kept from the checkpoints", async (t) => {
  const on = await given(t);
  if (!on) return;
  const { options } = on;
  await within(options, async () => {
    await assert.rejects(openApp(options), /\[store\.in-use\]/);
    const checkpoints = join(options.dataDirectory, "spark", "checkpoints");
    const other = { ...options, dataDirectory: join(on.directory, "other"), checkpoints };
    await assert.rejects(openApp(other), {
      exitCode: 2,
      message: /another application's \[spark\.other-checkpoint\]/,
    });
  });
  const source = { ...pipeline.source, topic: "other" };
  const otherTopic = { ...options, pipeline: { ...options.pipeline, source } };
  await assert.rejects(openApp(otherTopic), /they are of the topic .* not other \[spark\.other-checkpoint\]/);
});

test("a change starts again only the query that it touches, from where it was", async (t) => {
  const on = await given(t);
  if (!on) return;
  await within(on.options, (app) => app.look());
  await send(on, on.from, ["a"]);
  await until(on, ["1a", "2a"]);
  const [first] = runs(on);
  const queries = [
    carrying("first", on.to, "concat('1', text)"),
    carrying("second", on.to, "concat('3', text)"),
  ];
  await within({ ...on.options, queries }, (app) => app.look());
  assert.deepEqual(told(on.events).slice(2), ["stopped second", "found first", "started again second"]);
  assert.equal(runs(on)[0], first);
  await send(on, on.from, ["b"]);
  assert.deepEqual(await until(on, ["1a", "1b", "2a", "3b"]), ["1a", "1b", "2a", "3b"]);
});

test("a query that dies is told, with why, and the others go on", async (t) => {
  const on = await given(t);
  if (!on) return;
  const queries = [
    carrying("first", on.to, "text"),
    carrying("second", on.to, "element_at(array('x'), CAST(text AS INT))"),
  ];
  await within({ ...on.options, queries }, async (app) => {
    await send(on, on.from, ["0"]);
    const view = await eventually(app.look, ({ queries: [, second] }) => second?.state === "died");
    assert.deepEqual(states(view), { first: "running", second: "died" });
    assert.match(view.queries[1]?.failure ?? "", /\[INVALID_INDEX_OF_ZERO\]/);
    assert.deepEqual(told(on.events), ["started first", "started second", "died second"]);
    assert.deepEqual(await until(on, ["0"]), ["0"]);
  });
});
