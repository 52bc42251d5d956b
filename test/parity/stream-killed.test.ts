/** What Spark's queries have sent in the end is what the embedded engine sends, though their server was killed on the way. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openApp } from "../../src/engine/spark/app/app.ts";
import type { AppView } from "../../src/engine/spark/app/watch.ts";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { ownTopics } from "../../src/pipeline/topic-names.ts";
import { ownKafka } from "../kafka/broker.ts";
import { withAdmin } from "../kafka/filled-topics.ts";
import { readAll } from "../kafka/read-all.ts";
import { eventually } from "../spark/kafka-streams.ts";
import { ownSpark } from "../spark/server.ts";
import { assertEqualSent, withoutRepeats } from "./stream-compare.ts";
import { everything, greatestTimeMs, INGEST_MS } from "./stream-events.ts";
import { produceTo, type Sent, sentByEmbedded, spread } from "./stream-runs.ts";

const OUTPUT = "output";
const DELAY_MS = 120_000;
const RECORDS = 1700;
const PARTITIONS = 3;
const WITHIN_MS = 600_000;

/** All tables in one topic. */
function pipelineTo(topic: string): Pipeline {
  const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
  const tables = pipeline.tables.map((table) => ({ ...table, topic }));
  return { ...pipeline, tables, delayMs: DELAY_MS, triggerMs: 0 };
}

const pipeline = pipelineTo(OUTPUT);
const { input, dlq, alerts } = ownTopics(pipeline.source);
const sentTo = [OUTPUT, dlq, alerts];

/** The records are as old as they say, and a broker deletes what is older than its topic keeps. */
const FOREVER = { "retention.ms": "-1" };

async function makeTopics(settings: KafkaSettings): Promise<void> {
  const topics = [input, ...sentTo].map((name) => ({
    ...{ name, partitions: name === input ? PARTITIONS : 1, replication: 1, configs: FOREVER },
  }));
  await withAdmin(settings, (admin) => admin.create(topics));
}

async function sentOn(settings: KafkaSettings): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (const topic of sentTo)
    for (const read of await withAdmin(settings, (admin) => readAll({ settings, admin }, topic))) {
      const headers = Object.fromEntries(read.headers.map(({ key, value }) => [key, String(value)]));
      sent.push({ topic, key: read.key && String(read.key), value: String(read.value), headers });
    }
  return sent;
}

/** By query, the newest batch that was done; -1 before any. */
const batchesIn = ({ queries }: AppView) =>
  new Map(queries.map(({ name, batch }) => [name, batch?.batchId ?? -1]));

/** Whether all was read, and every window has closed that is to close. */
const isAtEnd = ({ queries }: AppView, watermarkMs: number): boolean =>
  queries.every(({ lag, progress }) => lag === 0 && progress?.watermark === watermarkMs);

test("queries whose server is killed send in the end what the embedded engine sends", async (t) => {
  const server = await ownSpark(t);
  const broker = server && (await ownKafka(t));
  if (!server || !broker) return;
  const { settings } = broker;
  const directory = await mkdtemp(join(tmpdir(), "loanstream-test-killed-"));
  const log = everything();
  const partitions = spread(log, PARTITIONS);
  const before = partitions.map((records) => records.slice(0, Math.floor(records.length * 0.6)));
  const after = partitions.map((records, partition) => records.slice(before[partition]?.length));
  await makeTopics(settings);
  await produceTo(settings, input, before, INGEST_MS);

  const again: (string | null)[] = [];
  const app = await openApp({
    ...{ pipeline, queries: streamQueries(pipeline), models: [], anew: false, conf: {}, checkpoints: null },
    ...{ dataDirectory: join(directory, "data"), remote: server.url, kafka: settings, maxOffsets: RECORDS },
    tell: ({ what, query }) => void (what === "started again" && again.push(query)),
  });
  t.after(() => app.close());
  t.after(() => rm(directory, { recursive: true, force: true }));
  const hasBegun = (view: AppView) => [...batchesIn(view).values()].every((batch) => batch >= 0);
  const begun = batchesIn(await eventually(app.look, hasBegun, WITHIN_MS));
  await server.kill();
  assert.equal((await app.look()).connected, false);
  await produceTo(settings, input, after, INGEST_MS);
  await server.start();
  const watermarkMs = greatestTimeMs(log) - DELAY_MS;
  const view = await eventually(app.look, (seen) => isAtEnd(seen, watermarkMs), WITHIN_MS);
  await app.stop();

  assert.ok(isAtEnd(view, watermarkMs));
  assert.deepEqual(again.toSorted(), [...begun.keys()].toSorted());
  const ended = batchesIn(view);
  for (const [name, batch] of begun) assert.ok(batch >= 0 && batch < (ended.get(name) ?? -1), name);
  const embedded = sentByEmbedded(pipeline, partitions, RECORDS);
  assertEqualSent(pipeline, embedded, withoutRepeats(await sentOn(settings)));
});
