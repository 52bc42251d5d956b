/** What the application on Spark knows of the events it took. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import type { AppOptions, SparkApp } from "../../src/engine/spark/app/supervise.ts";
import type { AppView, QueryView } from "../../src/engine/spark/app/watch.ts";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import { within } from "./carrying-app.ts";
import { type CommandedApp, commandedApp, sentRows } from "./commanded-app.ts";
import { eventually, send } from "./kafka-streams.ts";

const event = (id: string, time: string) => JSON.stringify({ id, at: `2026-01-01T${time}.000Z`, amount: 1 });

async function given(t: TestContext): Promise<{ on: CommandedApp; options: AppOptions } | null> {
  const on = await commandedApp(t, "timed");
  if (!on) return null;
  const pipeline = pipelineFrom(on.pipeline);
  const options: AppOptions = {
    ...{ pipeline: { ...pipeline, triggerMs: 50 }, queries: streamQueries(pipeline), models: [] },
    ...{ dataDirectory: on.dataDirectory, remote: on.url, conf: {}, checkpoints: null },
    ...{ kafka: on.kafka.settings, maxOffsets: 1000, anew: false, tell: () => {} },
  };
  return { on, options };
}

const untilAll = (app: SparkApp, isSo: (query: QueryView) => boolean): Promise<AppView> =>
  eventually(app.look, ({ queries }) => queries.every(isSo));

const untilRead = (app: SparkApp, records: number) =>
  untilAll(app, ({ counted }) => counted.read === records);

const countedBy = ({ queries }: AppView) =>
  Object.fromEntries(
    queries.map(({ name, counted: { read, accepted, late, duplicate, dead, missed } }) => [
      name,
      { read, accepted, late, duplicate, dead, missed },
    ]),
  );

test("each event is read, and accepted, late, a duplicate or dead, over every start of the queries", async (t) => {
  const found = await given(t);
  if (!found) return;
  const { on, options } = found;
  const nothing = { late: 0, duplicate: 0, missed: 0 };
  await within(options, async (app) => {
    await send(on, on.input, [event("a", "00:00:00"), "{", event("b", "00:10:00")]);
    const first = await untilAll(app, ({ counted, progress }) => counted.read === 3 && !!progress?.watermark);
    assert.deepEqual(countedBy(first), {
      rows: { ...nothing, read: 3, accepted: 2, dead: 1 },
      windows: { ...nothing, read: 3, accepted: null, dead: null },
    });
    await send(on, on.input, [event("late", "00:00:30"), event("b", "00:10:00"), event("c", "00:10:01")]);
    const second = await untilRead(app, 6);
    assert.deepEqual(countedBy(second), {
      rows: { read: 6, accepted: 3, late: 1, duplicate: 1, dead: 1, missed: 0 },
      windows: { read: 6, accepted: null, late: 1, duplicate: 1, dead: null, missed: 0 },
    });
    assert.deepEqual(second.queries.find(({ name }) => name === "windows")?.lag, 0);
  });
  // Nobody watches over them.
  await send(on, on.input, [event("d", "00:10:02")]);
  await sentRows(on, 6);
  await within(options, async (app) => {
    const third = await untilRead(app, 7);
    assert.deepEqual(countedBy(third).rows, {
      ...{ read: 7, accepted: 4, late: 1, duplicate: 1, dead: 1 },
      missed: 0,
    });
    await send(on, on.input, [event("e", "00:10:03")]);
    await sentRows(on, 8);
    await app.stop();
  });
  await within(options, async (app) => {
    await send(on, on.input, [event("f", "00:10:04")]);
    assert.deepEqual(countedBy(await untilRead(app, 9)).rows, {
      ...{ read: 9, accepted: 6, late: 1, duplicate: 1, dead: 1 },
      missed: 0,
    });
  });
  const { stdout } = await on.status();
  assert.match(stdout, /^9 read = 6 accepted \+ 1 late \+ 1 duplicate \+ 1 dead$/m);
  assert.match(stdout, /in all \d+ batches since its checkpoint began/);
  assert.match(stdout, /Spark doesn't count what each table used and filtered/);
  const { ledger, queries } = JSON.parse((await on.status("--json")).stdout);
  assert.deepEqual([ledger.query, ledger.read, ledger.accepted, ledger.dead], ["rows", 9, 6, 1]);
  assert.equal(queries.length, 2);
});
