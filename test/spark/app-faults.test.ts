import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { SparkApp } from "../../src/engine/spark/app/supervise.ts";
import { type GivenApp, given, states, told, until, within } from "./carrying-app.ts";
import { eventually, send } from "./kafka-streams.ts";
import { type OwnSpark, ownSpark } from "./server.ts";

/** On a server of the test's own, once each query has counted a first record. */
async function onOwnServer(
  t: TestContext,
  work: (app: SparkApp, on: GivenApp, server: OwnSpark) => Promise<void>,
): Promise<void> {
  const server = await ownSpark(t);
  const on = server && (await given(t, server.url));
  if (!on) return;
  await within(on.options, async (app) => {
    await send(on, on.from, ["a"]);
    await until(on, ["1a", "2a"]);
    await eventually(app.look, ({ queries }) => queries.every(({ counted }) => counted.read === 1));
    await work(app, on, server);
  });
}

test("what a killed server took with it runs again once it is back, from where it was", async (t) => {
  await onOwnServer(t, async (app, on, server) => {
    await server.kill();
    const lost = await app.look();
    assert.equal(lost.connected, false);
    assert.deepEqual(states(lost), { first: "lost", second: "lost" });
    await send(on, on.from, ["b"]);
    await server.start();
    const back = await eventually(app.look, ({ queries }) =>
      queries.every(({ state }) => state === "running"),
    );
    assert.equal(back.connected, true);
    assert.deepEqual(await until(on, ["1a", "1b", "2a", "2b"]), ["1a", "1b", "2a", "2b"]);
    const wanted = ["server lost null", "server back null", "started again first", "started again second"];
    assert.deepEqual(told(on.events).slice(2), wanted);
  });
});

test("what a server took with it that was back before anybody looked runs again, too", async (t) => {
  await onOwnServer(t, async (app, on, server) => {
    await server.kill();
    await server.start();
    const view = await eventually(app.look, ({ queries }) =>
      queries.every(({ state }) => state === "running" || state === "died"),
    );
    assert.deepEqual(states(view), { first: "running", second: "running" });
    await send(on, on.from, ["b"]);
    assert.deepEqual(await until(on, ["1a", "1b", "2a", "2b"]), ["1a", "1b", "2a", "2b"]);
  });
});
