/** The topic's retention deletes records of the input. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { assertSame, expectedOutcome } from "./expected.ts";
import { feed, inputRecords } from "./feed.ts";
import { drain, finish, type Instance, progressOf, startInstance } from "./instance.ts";
import { committedOutcome } from "./outcome.ts";
import { openScene, type Scene } from "./scene.ts";

const HALF = 500;
const FED_OVER_MS = 500;
const GONE = /loan\.applications[^\n]* position \d+ is no longer kept[^\n]* \[log\.position-gone\]\. Raise /;

test("records that are deleted from the input", async (t) => {
  const scene = await openScene(t, { partitions: 1, delay: "60 seconds" });
  if (scene === null) return;
  const records = inputRecords(2 * HALF);
  const { topic } = scene.pipeline.source;
  const data = join(scene.scratch, "data");
  const live = (t: TestContext, directory = data): Instance => {
    const instance = startInstance(scene, directory);
    t.after(() => instance.kill());
    return instance;
  };
  const all = async () => scene.truth.records(topic, "read_committed");

  const first = live(t);
  await feed(scene, records.slice(0, HALF), FED_OVER_MS);
  await first.taken(HALF);
  await drain(first);
  const input = [...(await all())];

  await t.test("are of no matter once they were taken in", async (t) => {
    await scene.truth.delete(topic, 0, HALF);
    const instance = live(t);
    await feed(scene, records.slice(HALF, 2 * HALF), FED_OVER_MS);
    await finish(scene, instance, 2 * HALF);
    input.push(...(await all()));
    assertSame(await committedOutcome(scene, data), await expectedOutcome(scene.pipeline, input));
  });

  await t.test("before they were taken in stop the run, which says so and writes nothing", async (t) => {
    await feed(scene, records, FED_OVER_MS);
    await scene.truth.delete(topic, 0, 2 * HALF + 100);
    const [before, ends] = [progressOf(scene, data), await outputEnds(scene)];
    const { exitCode, stderr } = await live(t).outcome;
    assert.match(stderr, GONE);
    assert.equal(exitCode, 1);
    assert.deepEqual({ ...progressOf(scene, data), ownerEpoch: 0 }, { ...before, ownerEpoch: 0 });
    assert.deepEqual(await outputEnds(scene), ends);
  });

  await t.test("while the run stands still, ahead of where it is, stop it when it goes on", async (t) => {
    await scene.empty();
    const instance = live(t, join(scene.scratch, "still"));
    await feed(scene, records.slice(0, HALF), FED_OVER_MS);
    await instance.taken(HALF);
    instance.signal("SIGSTOP");
    await feed(scene, records.slice(HALF), FED_OVER_MS);
    await scene.truth.delete(topic, 0, 2 * HALF);
    instance.signal("SIGCONT");
    const { exitCode, stderr } = await instance.outcome;
    assert.match(stderr, GONE);
    assert.equal(exitCode, 1);
  });
});

/** Where each partition of the outputs ends for readers of committed records. */
function outputEnds({ admin, pipeline }: Scene): Promise<readonly (readonly number[])[]> {
  return Promise.all(pipeline.tables.map((table) => admin.offsets(table.topic, "stable-end")));
}
