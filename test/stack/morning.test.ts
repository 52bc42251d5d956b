/** A user's morning with Spark, each command as it is typed, with the real parts. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import { type Topic, topicsOf } from "../../src/topics/topic-list.ts";
import { KAFKA_VERSION } from "../../stack/kafka.ts";
import { answers } from "../../stack/ports.ts";
import { release, releaseName } from "../spark/server.ts";
import { type Checkout, checkout, type Make } from "./checkout.ts";
import { withoutJava } from "./test-servers.ts";

const pipeline = pipelineFrom(null);
const SENT = 300;
const ROWS = 3;

test("up with Spark, list, produce, run, follow the five outputs, down", { timeout: 900_000 }, async (t) => {
  if (await withoutJava(t, "nothing was started")) return;
  const here = await checkout(t);
  await up(here);
  await list(here);
  await produce(here);
  const running = await run(here);
  for (const topic of topicsOf(pipeline)) if (topic.kind === "output") await follow(topic, here);
  await interrupt(running);
  await down(here);
});

async function up(here: Checkout): Promise<void> {
  const said = await done(here, "up", `SPARK=${releaseName}`);
  assert.match(said, line(`Kafka ${KAFKA_VERSION} is ready at 127.0.0.1:${here.kafkaPort} after .*`));
  assert.match(
    said,
    line(`Spark Connect ${release.version} is ready at 127.0.0.1:${here.sparkPort} after .*`),
  );
  assert.match(said, line("loan.applications: made, 3 partitions"));
  const app = join(here.directory, ".loanstream", "stack", "app");
  assert.ok(!existsSync(app), "the application isn't started");
}

async function list(here: Checkout): Promise<void> {
  const rows = (await done(here, "kafka-list")).matchAll(/^(loan\S+) +\d+ +(\d+) /gm);
  const names = [...topicsOf(pipeline).map(({ name }) => name), "loan.commits"];
  assert.deepEqual(
    [...rows].map(([, name, records]) => [name, records]),
    names.map((name) => [name, "0"]),
  );
}

async function produce({ make }: Checkout): Promise<void> {
  const { stderr } = await make("kafka-producer-single", `COUNT=${SENT}`, "RATE=100").ended;
  assert.match(stderr, line(`${SENT} sent, ${SENT} acknowledged, 0 failed`));
}

const queries = streamQueries(pipeline).map(({ name }) => name);

/** In the foreground. */
async function run({ make }: Checkout): Promise<Make> {
  const running = make("spark-app-single");
  for (const query of queries) await running.said(`"started","query":"${query}"`);
  return running;
}

/** Waits until it has them. */
async function follow({ name, tables }: Topic, here: Checkout): Promise<void> {
  const target = name.replace("loan.output.", "kafka-consumer-output-");
  const rows = (await done(here, target, "FROM=beginning", `MAX=${ROWS}`, "JSON=1")).trim().split("\n");
  assert.equal(rows.length, ROWS, target);
  for (const row of rows) {
    const { topic, table, key, value } = JSON.parse(row);
    assert.deepEqual([topic, key.table], [name, table]);
    const known = tables.find((each) => each.name === table)?.relation.columns.map((column) => column.name);
    assert.ok(known, `${target}: ${table}`);
    assert.ok(Object.keys(value).length > 2);
    assert.deepEqual(
      Object.keys(value).filter((column) => !known.includes(column)),
      [],
    );
  }
}

async function interrupt(running: Make): Promise<void> {
  running.interrupt();
  const { stderr } = await running.ended;
  for (const query of queries) assert.match(stderr, new RegExp(`"stopped","query":"${query}"`));
  assert.doesNotMatch(stderr, /"level":"(warn|error)"/);
}

async function down(here: Checkout): Promise<void> {
  const said = await done(here, "down");
  assert.match(said, line(`Spark Connect ${release.version} stopped after .*; its data is kept.`));
  assert.match(said, line(`Kafka ${KAFKA_VERSION} stopped after .*; its data is kept.`));
  assert.deepEqual([await answers(here.kafkaPort), await answers(here.sparkPort)], [false, false]);
}

/** Standard output of a command that did its work. */
async function done({ make }: Checkout, ...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await make(...words).ended;
  assert.equal(exitCode, 0, `make ${words.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

const line = (text: string): RegExp => new RegExp(`^${text.replaceAll(/\.(?!\*)/g, "\\.")}$`, "m");
