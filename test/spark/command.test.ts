/** The commands of a pipeline on Spark, as a user runs them. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { ALERTS_TOPIC } from "../../src/pipeline/topic-names.ts";
import { topicsOf } from "../../src/topics/topic-list.ts";
import { loanstream, start } from "../cli/command-line.ts";
import { eventually, type Streams, send, streams, valuesIn } from "./kafka-streams.ts";

const plain = fileURLToPath(new URL("../parity/plain", import.meta.url));

interface Given extends Streams {
  readonly pipeline: string;
  readonly input: string;
  readonly output: string;
  readonly settings: readonly string[];
  run(...flags: string[]): ReturnType<typeof loanstream>;
}

/** A pipeline of one table on topics of its own. */
async function given(t: TestContext): Promise<Given | null> {
  const on = await streams(t);
  if (!on) return null;
  const [input, output] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  const pipeline = join(on.directory, "pipeline");
  cpSync(plain, pipeline, { recursive: true });
  const outputs = { all: { topic: output, tables: { rows: "append" } } };
  writeFileSync(
    join(pipeline, "pipeline.yaml"),
    JSON.stringify({ source: { event_id: "id", topic: input }, outputs }),
  );
  await makeOthers(on, pipeline);
  const data = join(on.directory, "data");
  const settings = [`--data-dir=${data}`, `--pipeline=${pipeline}`];
  const where = [`--spark-remote=${on.url}`, `--kafka-bootstrap=${on.bootstrap}`];
  const run = (...flags: string[]) => loanstream(["run", "--engine=spark", ...settings, ...where, ...flags]);
  on.before(async () => {
    await run("--stop");
  });
  return { ...on, pipeline, input, output, settings: [...settings, ...where], run };
}

/** The topic of alerts is every pipeline's, and stays. */
async function makeOthers({ kafka, before }: Streams, directory: string): Promise<void> {
  const there = await kafka.admin.names();
  const names = topicsOf(pipelineFrom(directory)).map(({ name }) => name);
  const missing = names.filter((name) => !there.includes(name));
  await kafka.admin.create(missing.map((name) => ({ name, partitions: 1, replication: 1, configs: {} })));
  before(async () => {
    const admin = await openAdmin(kafka.settings);
    await admin.remove(missing.filter((name) => name !== ALERTS_TOPIC));
    await admin.close();
  });
}

const status = ({ settings }: Given, ...flags: string[]) =>
  loanstream(["status", "--engine=spark", ...settings.slice(0, 2), ...flags]);

const rows = async (on: Given) => (await valuesIn(on, on.output)).toSorted();

test("the queries run on without a terminal, are shown, and stop", async (t) => {
  const on = await given(t);
  if (!on) return;
  const started = await on.run("--detach");
  assert.equal(started.exitCode, 0, started.stderr);
  assert.match(started.stderr, /Process \d+ watches over the queries/);
  await send(on, on.input, ['{"id":"x","amount":11}']);
  const found = await eventually(
    () => rows(on),
    ({ length }) => length === 1,
  );
  assert.equal(found.length, 1);
  const again = await on.run("--detach");
  assert.match(again.stderr, /watches over the queries already/);
  assert.match(again.stdout, /1 of 1 query running/);
  const shown = await status(on, "--json");
  assert.equal(shown.exitCode, 0, shown.stderr);
  const { connected, queries } = JSON.parse(shown.stdout);
  assert.equal(connected, true);
  assert.deepEqual([queries[0].name, queries[0].state, queries[0].counted.read], ["rows", "running", 1]);
  const stopped = await on.run("--stop");
  assert.match(stopped.stderr, /Stopped: rows\./);
  assert.match((await status(on)).stdout, /rows +stopped/);
});

test("Ctrl-C stops the queries, and the next start goes on from there", async (t) => {
  const on = await given(t);
  if (!on) return;
  for (const [nth, value] of ['{"id":"x","amount":11}', '{"id":"y","amount":12}'].entries()) {
    const running = start(["run", "--engine=spark", ...on.settings]);
    await running.said('"query":"rows"');
    await send(on, on.input, [value]);
    await eventually(
      () => rows(on),
      ({ length }) => length > nth,
    );
    running.interrupt();
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /"stopped","query":"rows"/);
  }
  assert.equal((await rows(on)).length, 2);
});

test("the queries of a client that was killed run on, and are found or started again", async (t) => {
  const on = await given(t);
  if (!on) return;
  const killed = start(["run", "--engine=spark", ...on.settings]);
  await killed.said('"started","query":"rows"');
  killed.kill();
  await killed.outcome;
  await send(on, on.input, ['{"id":"x","amount":11}']);
  await eventually(
    () => rows(on),
    ({ length }) => length === 1,
  );
  const found = await on.run("--detach");
  assert.match(found.stderr, /"found","query":"rows"/);
  const restarted = await on.run("--restart", "--detach");
  assert.equal(restarted.exitCode, 0, restarted.stderr);
  assert.match(restarted.stderr, /Stopped: rows\..*"started again","query":"rows"/s);
  assert.equal((await status(on)).exitCode, 0);
});

test("a server that isn't there, and a topic that isn't, are said before anything starts", async (t) => {
  const on = await given(t);
  if (!on) return;
  const unreachable = await on.run("--spark-remote=sc://127.0.0.1:1");
  assert.equal(unreachable.exitCode, 1);
  assert.match(
    unreachable.stderr,
    /no Spark Connect server answers at sc:\/\/127\.0\.0\.1:1 .*\[spark\.unreachable\]/,
  );
  const file = join(on.pipeline, "pipeline.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(on.output, `${on.output}-missing`));
  const missing = await on.run();
  assert.equal(missing.exitCode, 2);
  assert.match(missing.stderr, /-missing: .*\[kafka\.topic-missing\]/);
});

test("flags of the other engine are refused", async () => {
  const detached = await loanstream(["run", "--detach"]);
  assert.equal(detached.exitCode, 2);
  assert.match(detached.stderr, /--detach is for --engine spark/);
  const counted = await loanstream(["run", "--engine=spark", "--events=5"]);
  assert.match(counted.stderr, /--events is for --engine embedded/);
});
