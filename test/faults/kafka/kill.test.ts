/** `kill -9` of the process at random moments, in the middle of transactions too: each row is there once all the same. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom, type Random } from "../../../src/generator/random.ts";
import { assertSame, expectedOutcome, type Outcome } from "./expected.ts";
import { feed, inputRecords } from "./feed.ts";
import { finish, type Instance, startInstance, stopInTransaction } from "./instance.ts";
import { committedOutcome } from "./outcome.ts";
import { openScene, type Scene, type SceneSettings } from "./scene.ts";

const KILLS = Number(process.env.LOANSTREAM_TEST_KILLS ?? (process.env.LOANSTREAM_NIGHTLY ? 100 : 10));
const RECORDS_A_LIFE = 500;
const FED_OVER_MS = 800;
/** Of the kills; the records are always the same. */
const seed = Number(process.env.LOANSTREAM_TEST_SEED ?? Date.now() % 1_000_000);

type Moment = "starting" | "in a transaction" | "running";

function someMoment(random: Random): Moment {
  if (random.chance(0.2)) return "starting";
  return random.chance(0.6) ? "in a transaction" : "running";
}

/** Kills it at that moment, and gives which it came to be: it may have no transaction any more. */
async function killAt(
  wanted: Moment,
  scene: Scene,
  instance: Instance,
  random: Random,
  work: () => Promise<void>,
): Promise<Moment> {
  if (wanted !== "starting") await instance.ready();
  const fed = work();
  let moment = wanted;
  if (wanted === "starting") await delay(random.below(1500));
  else if (wanted === "running") await delay(random.below(FED_OVER_MS));
  else if (!(await stopInTransaction(scene, instance, FED_OVER_MS))) moment = "running";
  instance.kill();
  const { exitCode, stderr } = await instance.outcome;
  assert.equal(exitCode, null, stderr);
  await fed;
  return moment;
}

async function testKills(t: TestContext, settings: SceneSettings): Promise<void> {
  t.diagnostic(`LOANSTREAM_TEST_SEED=${seed}`);
  const scene = await openScene(t, settings);
  if (scene === null) return;
  const random = createRandom(seed);
  random.seek("bad", 0, settings.partitions);
  const records = inputRecords(RECORDS_A_LIFE * (KILLS + 1));
  const data = join(scene.scratch, "data");
  const moments: Moment[] = [];
  for (let life = 0; life < KILLS; life++) {
    const some = records.slice(life * RECORDS_A_LIFE, (life + 1) * RECORDS_A_LIFE);
    const instance = startInstance(scene, data);
    t.after(() => instance.kill());
    const drawn = someMoment(random);
    // The second half of the kills is meant for transactions until one has been hit.
    const hasHit = life < Math.floor(KILLS / 2) || moments.includes("in a transaction");
    const wanted = hasHit ? drawn : "in a transaction";
    moments.push(await killAt(wanted, scene, instance, random, () => feed(scene, some, FED_OVER_MS)));
  }
  const last = startInstance(scene, data);
  t.after(() => last.kill());
  await feed(scene, records.slice(KILLS * RECORDS_A_LIFE), FED_OVER_MS);
  await finish(scene, last, records.length);
  for (const [moment, all] of Map.groupBy(moments, (one) => one))
    t.diagnostic(`killed ${moment}: ${all.length}`);
  assert.ok(moments.includes("in a transaction"));

  const input = await scene.truth.records(scene.pipeline.source.topic, "read_committed");
  const expected = await expectedOutcome(scene.pipeline, input);
  assertSame(await committedOutcome(scene, data), expected);
  assertCovers(expected, records.length + 1);
}

/** Every table and every alert had a part. */
function assertCovers({ tables, alerts, ledger }: Outcome, records: number): void {
  const empty = [...tables].filter(([, rows]) => rows.length === 0).map(([table]) => table);
  assert.deepEqual(empty, []);
  assert.ok(alerts.length > 0);
  const { read, accepted, duplicate, dead } = ledger.source;
  assert.equal(read, records);
  for (const count of [accepted, duplicate, dead]) assert.ok(count > records / 200);
}

test(`a run that is killed ${KILLS} times over one partition puts out what one does that is not`, (t) =>
  testKills(t, { partitions: 1, delay: "60 seconds" }));

// What is late depends on what other partitions hold at that moment, so with such a delay nothing is.
test(`so does one that is killed ${KILLS} times over three`, (t) =>
  testKills(t, { partitions: 3, delay: "1 hour" }));
