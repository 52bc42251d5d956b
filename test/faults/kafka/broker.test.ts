/** `kill -9` of the broker under load: the run waits, goes on by itself, and each row is there once. */
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "../../../src/generator/random.ts";
import { assertSame, expectedOutcome } from "./expected.ts";
import { feed, inputRecords } from "./feed.ts";
import { finish, startInstance, takenIn } from "./instance.ts";
import { committedOutcome } from "./outcome.ts";
import { openScene } from "./scene.ts";

const KILLS = process.env.LOANSTREAM_NIGHTLY ? 12 : 3;
const RECORDS_A_KILL = 1500;
const FED_OVER_MS = 3000;
const seed = Number(process.env.LOANSTREAM_TEST_SEED ?? Date.now() % 1_000_000);

test(`a broker that is killed ${KILLS} times under a run loses nothing of it and doubles nothing`, async (t) => {
  t.diagnostic(`LOANSTREAM_TEST_SEED=${seed}`);
  const scene = await openScene(t, { partitions: 3, delay: "1 hour" });
  if (scene === null) return;
  const random = createRandom(seed);
  random.seek("bad", 0, 2);
  const records = inputRecords((KILLS + 1) * RECORDS_A_KILL);
  const data = join(scene.scratch, "data");
  const instance = startInstance(scene, data);
  t.after(() => instance.kill());
  await instance.ready();
  for (let kill = 0; kill < KILLS; kill++) {
    const some = records.slice(kill * RECORDS_A_KILL, (kill + 1) * RECORDS_A_KILL);
    const fed = feed(scene, some, FED_OVER_MS);
    await instance.taken(kill * RECORDS_A_KILL + 1);
    await delay(random.below(FED_OVER_MS));
    t.diagnostic(
      `killed when ${takenIn(scene, data)} records of ${(kill + 1) * RECORDS_A_KILL} were taken in`,
    );
    await scene.broker.kill();
    await scene.broker.start();
    await fed;
  }
  await feed(scene, records.slice(KILLS * RECORDS_A_KILL), FED_OVER_MS);
  await finish(scene, instance, records.length);

  const input = await scene.truth.records(scene.pipeline.source.topic, "read_committed");
  assertSame(await committedOutcome(scene, data), await expectedOutcome(scene.pipeline, input));
});
