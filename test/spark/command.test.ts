/** The commands of a pipeline on Spark, as a user runs them. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loanstream, start } from "../cli/command-line.ts";
import { commandedApp, sentRows } from "./commanded-app.ts";
import { send } from "./kafka-streams.ts";

test("the queries run on without a terminal, are shown, and stop", async (t) => {
  const on = await commandedApp(t);
  if (!on) return;
  const started = await on.run("--detach");
  assert.equal(started.exitCode, 0, started.stderr);
  assert.match(started.stderr, /Process \d+ watches over the queries/);
  await send(on, on.input, ['{"id":"x","amount":11}']);
  assert.equal((await sentRows(on, 1)).length, 1);
  const again = await on.run("--detach");
  assert.match(again.stderr, /watches over the queries already/);
  assert.match(again.stdout, /1 of 1 query running/);
  const second = start(["run", "--engine=spark", ...on.settings]);
  await second.said("watches over the queries already");
  second.interrupt();
  assert.equal((await second.outcome).exitCode, 0);
  const shown = await on.status("--json");
  assert.equal(shown.exitCode, 0, shown.stderr);
  const { connected, queries } = JSON.parse(shown.stdout);
  assert.equal(connected, true);
  assert.deepEqual([queries[0].name, queries[0].state, queries[0].counted.read], ["rows", "running", 1]);
  const stopped = await on.run("--stop");
  assert.match(stopped.stderr, /Stopped: rows\./);
  assert.match((await on.status()).stdout, /rows +stopped/);
});

test("Ctrl-C stops the queries, and the next start goes on from there", async (t) => {
  const on = await commandedApp(t);
  if (!on) return;
  for (const [nth, value] of ['{"id":"x","amount":11}', '{"id":"y","amount":12}'].entries()) {
    const running = start(["run", "--engine=spark", ...on.settings]);
    await running.said('"query":"rows"');
    await send(on, on.input, [value]);
    await sentRows(on, nth + 1);
    running.interrupt();
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /"stopped","query":"rows"/);
  }
  assert.equal((await sentRows(on, 2)).length, 2);
});

test("the queries of a client that was killed run on, and are found or started again", async (t) => {
  const on = await commandedApp(t);
  if (!on) return;
  const killed = start(["run", "--engine=spark", ...on.settings]);
  await killed.said('"started","query":"rows"');
  killed.kill();
  await killed.outcome;
  await send(on, on.input, ['{"id":"x","amount":11}']);
  await sentRows(on, 1);
  const found = await on.run("--detach");
  assert.match(found.stderr, /"found","query":"rows"/);
  const restarted = await on.run("--restart", "--detach");
  assert.equal(restarted.exitCode, 0, restarted.stderr);
  assert.match(restarted.stderr, /Stopped: rows\..*"started again","query":"rows"/s);
  assert.equal((await on.status()).exitCode, 0);
});

test("a server that isn't there, and a topic that isn't, are said before anything starts", async (t) => {
  const on = await commandedApp(t);
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

test("queries run on until what is to follow them can start, and a change is told before", async (t) => {
  const on = await commandedApp(t);
  if (!on) return;
  await on.run("--detach");
  const model = join(on.pipeline, "models", "rows.sql");
  const sql = readFileSync(model, "utf8");
  writeFileSync(model, sql.replace("amount >", "amonut >"));
  const broken = await on.run("--restart", "--detach");
  assert.match(broken.stderr, /\[sql\.unknown-column\]/);
  writeFileSync(model, sql.replace("> 10", "> 11"));
  const nowhere = await on.run("--restart", "--detach", "--spark-remote=sc://127.0.0.1:1");
  assert.match(nowhere.stderr, /\[spark\.unreachable\]/);
  assert.match((await on.status()).stdout, /rows +running/);
  const again = await on.run("--detach");
  assert.match(again.stderr, /already\. What they were started with has changed since \(rows\): --restart/);
  assert.equal((await on.run("--restart", "--detach")).exitCode, 0);
  assert.match((await on.run("--detach")).stderr, /already\.\n/);
  await on.run("--stop");
  assert.match((await on.status()).stdout, /None runs: the next start goes on from there\./);
});

test("flags of the other engine are refused", async () => {
  const detached = await loanstream(["run", "--detach"]);
  assert.equal(detached.exitCode, 2);
  assert.match(detached.stderr, /--detach is for --engine spark/);
  const both = await loanstream(["run", "--engine=spark", "--stop", "--restart"]);
  assert.match(both.stderr, /--stop and --restart ask for different things \[usage\.invalid\]/);
  const counted = await loanstream(["run", "--engine=spark", "--events=5"]);
  assert.match(counted.stderr, /--events is for --engine embedded/);
});
