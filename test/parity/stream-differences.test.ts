/** Each difference that docs/parity.md names of streams, by its name there. */
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import { type Streams, streams, valuesIn } from "../spark/kafka-streams.ts";
import { type Partitions, produce, runInto, type Sent, sentByEmbedded, sentBySpark } from "./stream-runs.ts";

const SCHEMA = `
type: object
required: [id, time]
properties:
  id: { type: string, maxLength: 8 }
  time: { type: string, format: date-time }
  x: { type: number }
`;

interface Model {
  readonly emit: string;
  readonly sql: string;
}

function pipelineOf(models: Readonly<Record<string, Model>>, alerts: string): Pipeline {
  const tables = Object.entries(models).map(([name, { emit }]) => `${name}: ${emit}`);
  const source = "{ event_time: time, event_id: id, key: id }";
  const settings = `source: ${source}\ndelay: 1 minute\noutputs: { all: { tables: { ${tables.join(", ")} } } }\n`;
  const { pipeline, diagnostics } = compilePipeline({
    directory: ".",
    settings: { path: "pipeline.yaml", text: settings },
    schema: { path: "schema.yaml", text: SCHEMA },
    models: Object.entries(models).map(([name, { sql }]) => ({ path: `models/${name}.sql`, text: sql })),
    scorecards: [],
    reasons: null,
    alerts: { path: "alerts.yaml", text: alerts },
    descriptions: [],
    tests: [],
    examples: null,
  });
  assert.ok(pipeline, JSON.stringify(diagnostics));
  return pipeline;
}

const record = (text: string): LogRecord => ({ text, ingestTimeMs: null });
const event = (id: string, time: string, x?: number): LogRecord =>
  record(JSON.stringify({ id, time: time.includes("T") ? time : `2026-01-05T${time}.000Z`, x }));
const INGEST_MS = Date.UTC(2026, 0, 6);

interface Both {
  readonly embedded: readonly Sent[];
  readonly spark: readonly Sent[];
}

/** What both send of the partitions, read so many records at a time. */
async function both(
  on: Streams,
  given: Pipeline,
  partitions: Partitions,
  recordsABatch: number,
): Promise<Both> {
  const topic = await produce(on, partitions, INGEST_MS);
  const pipeline = { ...given, source: { ...given.source, topic } };
  return {
    embedded: sentByEmbedded(pipeline, partitions, recordsABatch),
    spark: await sentBySpark(on, pipeline, { topic, records: recordsABatch }),
  };
}

const outputIn = (sent: readonly Sent[], output: string) =>
  sent.filter(({ headers }) => headers.output === output);
const idsIn = (sent: readonly Sent[]) => outputIn(sent, "rows").map(({ value }) => JSON.parse(value).id);
const deadIn = (sent: readonly Sent[]) => sent.filter(({ headers }) => !("output" in headers));

/** Of one run: each difference is a test of its own. */
const differencesOf =
  (t: TestContext, { embedded, spark }: Both) =>
  (name: string, told: (sent: readonly Sent[]) => unknown, expected: Readonly<Record<keyof Both, unknown>>) =>
    t.test(name, () => {
      assert.notDeepEqual(expected.embedded, expected.spark);
      assert.deepEqual({ embedded: told(embedded), spark: told(spark) }, expected);
    });

const ROWS = pipelineOf(
  { rows: { emit: "append", sql: "SELECT id, x FROM events" } },
  "any: { table: rows, when: x > 0, severity: info, message: 'It is {x}' }\n",
);

test("rows", async (t) => {
  const found = await streams(t);
  if (found === null) return;
  // b makes late what is not after 10:01, and until then the id of a is kept.
  const log = [
    ...[event("old", "1969-12-31T23:59:59.999Z"), event("a", "10:00:00", 1e7), event("b", "10:02:00", 5)],
    ...[event("c", "10:00:10"), event("a", "10:02:00"), event("d", "10:02:00", 2.675)],
    ...[event("e", "10:00:20"), event("a", "10:02:00"), event("f", "10:02:00", 0.00001)],
    record(event("g", "10:02:00").text.replace('"g"', "7")),
  ];
  const differ = differencesOf(t, await both(found, ROWS, [log], 3));

  const idsOf =
    (...ids: readonly string[]) =>
    (sent: readonly Sent[]) =>
      idsIn(sent).filter((id) => ids.includes(id));
  await differ("events later than the delay", idsOf("c", "e"), { embedded: [], spark: ["c"] });

  const placesOfA = (sent: readonly Sent[]) => idsOf("a", "d", "f")(sent).join("");
  await differ("an id that comes again after the delay", placesOfA, { embedded: "aadf", spark: "adaf" });

  await differ("events before 1970", idsOf("old"), { embedded: ["old"], spark: [] });

  const valuesOf = (sent: readonly Sent[]) => outputIn(sent, "rows").map(({ value }) => value);
  const numbersIn = (sent: readonly Sent[]) => valuesOf(sent).filter((value) => /"[abf]","x"/.test(value));
  await differ("numbers in values", numbersIn, {
    embedded: ['{"id":"a","x":10000000}', '{"id":"b","x":5}', '{"id":"f","x":0.00001}'],
    spark: ['{"id":"a","x":1.0E7}', '{"id":"b","x":5.0}', '{"id":"f","x":1.0E-5}'],
  });

  const messagesIn = (sent: readonly Sent[]) =>
    outputIn(sent, "alerts").map(({ value }) => JSON.parse(value).message);
  await differ("the message of an alert", messagesIn, {
    embedded: ["It is 10,000,000", "It is 5", "It is 2.68", "It is 0.00001"],
    spark: ["It is 10,000,000", "It is 5", "It is 2.67", "It is 1.00e-05"],
  });

  const errors = ["topic", "partition", "offset"].map((name) => `__streams.errors.${name}`);
  await differ(
    "header of a dead letter",
    (sent) => deadIn(sent).map(({ headers }) => Object.keys(headers).toSorted()),
    {
      embedded: [[...errors, "__streams.errors.message"].toSorted()],
      spark: [errors.toSorted()],
    },
  );

  await differ("key of a dead letter", (sent) => deadIn(sent).map(({ key }) => key), {
    embedded: [null],
    spark: ["7"],
  });
});

test("several partitions", async (t) => {
  const found = await streams(t);
  if (found === null) return;
  const slow = ["10:00:00", "10:00:10", "10:00:20", "10:00:30"].map((time, n) => event(`slow${n}`, time));
  const { embedded, spark } = await both(found, ROWS, [[event("fast", "10:10:00")], slow], 2);
  assert.deepEqual(idsIn(embedded).toSorted(), ["fast", "slow0", "slow1", "slow2", "slow3"]);
  assert.deepEqual(idsIn(spark).toSorted(), ["fast", "slow0", "slow1", "slow2"]);
});

const WINDOWS = pipelineOf(
  {
    minutes: {
      emit: "update",
      sql: "SELECT window.start AS window_start, window.end AS window_end, count(*) AS events FROM events GROUP BY window(time, '1 minute')",
    },
    sliding: {
      emit: "update",
      sql: "SELECT window.start AS window_start, window.end AS window_end, size(collect_set(id)) AS ids FROM events GROUP BY window(time, '2 minutes', '1 minute')",
    },
  },
  "busy: { table: minutes, when: events >= 2, severity: info, message: '{events} events' }\n",
);

test("windows that change", async (t) => {
  const found = await streams(t);
  if (found === null) return;
  const log = ["10:00:10", "10:00:20", "10:00:30", "10:01:30"].map((time, n) => event(`e${n}`, time));
  const sent = await both(found, WINDOWS, [log], 1);
  const differ = differencesOf(t, sent);

  // The last event is in the windows to 10:02 and 10:03.
  const firstIn = (sent: readonly Sent[]) =>
    outputIn(sent, "sliding")
      .map(({ value }) => JSON.parse(value))
      .flatMap(({ window_end, ids }) => (window_end === "2026-01-05T10:01:00.000Z" ? [ids] : []));
  await differ("update tables over sliding windows with sets", firstIn, {
    embedded: [1, 2, 3],
    spark: [1, 2, 3, 3],
  });

  const messagesIn = (sent: readonly Sent[]) =>
    outputIn(sent, "alerts").map(({ value }) => JSON.parse(value).message);
  await differ("an alert on an update table", messagesIn, {
    embedded: ["2 events"],
    spark: ["2 events", "3 events"],
  });
  assert.equal(new Set(outputIn(sent.spark, "alerts").map(({ key }) => key)).size, 1);
});

test("how often", async (t) => {
  const found = await streams(t);
  if (found === null) return;
  const to = await found.kafka.topic(1);
  const log = [event("a", "10:00:00"), event("b", "10:00:00")];
  const topic = await produce(found, [log], INGEST_MS);
  const [query] = streamQueries({ ...ROWS, source: { ...ROWS.source, topic } });
  assert.ok(query);
  const options = { "kafka.bootstrap.servers": found.bootstrap, topic: to };
  const sink = { name: "often", format: "kafka", options, checkpoint: "often" };
  const run = { topic, records: 1 };
  await runInto(found, query, run, sink);
  assert.deepEqual(await valuesIn(found, to), ['{"id":"a"}', '{"id":"b"}']);
  await forgetLastBatch(join(found.directory, sink.checkpoint));
  await runInto(found, query, run, sink);
  assert.deepEqual(await valuesIn(found, to), ['{"id":"a"}', '{"id":"b"}', '{"id":"b"}']);
});

/** As where the server ends after a batch has sent its messages, and before it says so. */
async function forgetLastBatch(checkpoint: string): Promise<void> {
  const commits = join(checkpoint, "commits");
  const batches = (await readdir(commits)).filter((name) => /^\d+$/.test(name)).map(Number);
  await rm(join(commits, String(Math.max(...batches))));
}
