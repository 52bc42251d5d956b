import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openApp } from "../../src/engine/spark/app/app.ts";
import { carrying, given, pipeline, runs, states, told, until, within } from "./carrying-app.ts";
import { eventually, send } from "./kafka-streams.ts";

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
    const view = await eventually(app.look, ({ queries }) =>
      queries.every(({ counted }) => counted.read === 1),
    );
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

test("queries whose directory was removed are stopped, and nothing is made there", async (t) => {
  const on = await given(t);
  if (!on) return;
  const app = await openApp(on.options);
  await app.look();
  rmSync(on.options.dataDirectory, { recursive: true });
  await assert.rejects(app.look(), /\[spark\.directory-gone\]/);
  await app.close();
  assert.equal(existsSync(join(on.options.dataDirectory, "spark", "app.json")), false);
  const again = await openApp(on.options);
  assert.deepEqual(told(on.events).slice(2), ["started first", "started second"]);
  await again.stop();
  await again.close();
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
    assert.match(view.queries[1]?.failure?.message ?? "", /^Spark: \[INVALID_INDEX_OF_ZERO\]/);
    assert.deepEqual(told(on.events), ["started first", "started second", "died second"]);
    assert.deepEqual(await until(on, ["0"]), ["0"]);
  });
});

test("what Spark refuses of a model is told with file, line and column, and the others go on", async (t) => {
  const on = await given(t);
  if (!on) return;
  const model = {
    path: "models/second.sql",
    text: "-- Nosuch(text).\nSELECT\n  nosuch(text, 2) AS value\nFROM texts",
  };
  const [first] = on.options.queries;
  assert.ok(first);
  const second = { ...carrying("second", on.to, "concat('2', nosuch(text, 2L))"), models: ["second"] };
  await within({ ...on.options, queries: [first, second], models: [model] }, async (app) => {
    const view = await app.look();
    assert.deepEqual(states(view), { first: "running", second: "died" });
    const { failure } = view.queries[1] ?? {};
    assert.equal(failure?.code, "spark.query-failed");
    assert.deepEqual(failure.place, { file: model.path, line: 3, column: 3 });
  });
});
