/** Two instances with one application id, and stores that are older than what was put out. */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { assertSame, expectedOutcome } from "./expected.ts";
import { feed, inputRecords } from "./feed.ts";
import { drain, finish, type Instance, progressOf, startInstance, stopInTransaction } from "./instance.ts";
import { committedOutcome } from "./outcome.ts";
import { openScene, type Scene, type SceneSettings } from "./scene.ts";

const PARTS = 3;
const RECORDS_A_PART = 1200;
const FED_OVER_MS = 2000;
/** On a busy machine an instance tells late that it has begun. */
const CAUGHT_WITHIN_MS = 6000;
const records = inputRecords(PARTS * RECORDS_A_PART);

/** The next third of the records. */
const feedPart = (scene: Scene, part: number, overMs = FED_OVER_MS): Promise<void> =>
  feed(scene, records.slice(part * RECORDS_A_PART, (part + 1) * RECORDS_A_PART), overMs);

const takenAfter = (part: number): number => (part + 1) * RECORDS_A_PART;

function live(t: TestContext, scene: Scene, directory: string): Instance {
  const instance = startInstance(scene, join(scene.scratch, directory));
  t.after(() => instance.kill());
  return instance;
}

async function assertFenced(instance: Instance): Promise<void> {
  const { exitCode, stderr } = await instance.outcome;
  assert.match(
    stderr,
    /another instance with the application id loanstream took over.*\[kafka\.fenced\]\. Run one/,
  );
  assert.equal(exitCode, 3);
}

async function assertComplete(scene: Scene, directory: string): Promise<void> {
  const input = await scene.truth.records(scene.pipeline.source.topic, "read_committed");
  const expected = await expectedOutcome(scene.pipeline, input);
  assert.equal(expected.ledger.source.read, records.length + 1);
  assertSame(await committedOutcome(scene, join(scene.scratch, directory)), expected);
}

const copy = (scene: Scene, from: string, to: string): void =>
  cpSync(join(scene.scratch, from), join(scene.scratch, to), { recursive: true });

const stored = (scene: Scene, directory: string) => progressOf(scene, join(scene.scratch, directory));

test("of two instances with one application id", async (t) => {
  const scene = await openScene(t, { partitions: 1, delay: "60 seconds" });
  if (scene === null) return;

  await t.test("one that wakes after another took over ends, and has written nothing more", async (t) => {
    await scene.empty();
    const first = live(t, scene, "zombie");
    await first.ready();
    const fed = feedPart(scene, 0, CAUGHT_WITHIN_MS);
    await first.taken(1);
    assert.ok(await stopInTransaction(scene, first, CAUGHT_WITHIN_MS));
    await fed;
    copy(scene, "zombie", "heir");
    const before = stored(scene, "zombie");
    const second = live(t, scene, "heir");
    await feedPart(scene, 1);
    await second.taken(takenAfter(1));
    first.signal("SIGCONT");
    await assertFenced(first);
    assert.deepEqual(stored(scene, "zombie"), before);
    await feedPart(scene, 2);
    await finish(scene, second, records.length);
    assert.deepEqual(stored(scene, "zombie"), before);
    await assertComplete(scene, "heir");
  });

  await t.test("the second stops the first, and goes on from where that was", async (t) => {
    await scene.empty();
    const earlier = live(t, scene, "former");
    await feedPart(scene, 0);
    await earlier.taken(takenAfter(0));
    await drain(earlier);
    copy(scene, "former", "latter");
    const first = live(t, scene, "former");
    await first.ready();
    const fed = feedPart(scene, 1);
    await first.taken(takenAfter(0) + 1);
    const second = live(t, scene, "latter");
    await second.ready();
    await fed;
    const before = stored(scene, "former");
    await feedPart(scene, 2);
    await assertFenced(first);
    await finish(scene, second, records.length);
    assert.deepEqual(stored(scene, "former"), before);
    await assertComplete(scene, "latter");
  });

  await t.test("one with a store of its own is refused, and the other goes on", async (t) => {
    await scene.empty();
    const first = live(t, scene, "owner");
    await feedPart(scene, 0);
    await first.taken(takenAfter(0));
    const stranger = live(t, scene, "stranger");
    const { exitCode, stderr } = await stranger.outcome;
    assert.match(
      stderr,
      /\[publish\.other-store\]\. Name the data directory of that store, or empty all topics but the input/,
    );
    assert.equal(exitCode, 1);
    await feedPart(scene, 1);
    await feedPart(scene, 2);
    await finish(scene, first, records.length);
    await assertComplete(scene, "owner");
  });
});

async function testRestored(t: TestContext, settings: SceneSettings): Promise<void> {
  const scene = await openScene(t, settings);
  if (scene === null) return;
  const before = live(t, scene, "data");
  await feedPart(scene, 0);
  await before.taken(takenAfter(0));
  await drain(before);
  copy(scene, "data", "copy");
  const lost = live(t, scene, "data");
  await feedPart(scene, 1);
  await lost.taken(takenAfter(0) + 1);
  lost.kill();
  await lost.outcome;
  rmSync(join(scene.scratch, "data"), { recursive: true });
  copy(scene, "copy", "data");
  const restored = live(t, scene, "data");
  await feedPart(scene, 2);
  await finish(scene, restored, records.length);
  await assertComplete(scene, "data");
}

test("a store that was restored from an older copy catches up, and puts nothing out a second time", (t) =>
  testRestored(t, { partitions: 1, delay: "60 seconds" }));

// What is late depends on what other partitions hold at that moment, so with such a delay nothing is.
test("so does one whose input has three partitions", (t) =>
  testRestored(t, { partitions: 3, delay: "1 hour" }));
