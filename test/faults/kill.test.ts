/** `kill -9` at random moments, and torn writes on top: what is left equals a run that nothing disturbed. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRandom, type Random } from "../../src/generator/random.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { createFollower } from "./follower.ts";
import { type Life, startLife } from "./life.ts";
import { logOf, outcomeOf } from "./outcome.ts";
import { type ArrivedRecord, readRecords, writeRecords } from "./records.ts";
import { TEARS, tear } from "./torn.ts";

const KILLS = Number(process.env.LOANSTREAM_TEST_KILLS ?? 50);
const RECORDS = 12_000;
/** So that there is enough of everything in the windows, and most of them close. */
const RATE_PER_SECOND = 0.8;
/** Of the kills; the records are always the same, so that every table has rows. */
const seed = Number(process.env.LOANSTREAM_TEST_SEED ?? Date.now() % 1_000_000);
const RECORD_SEED = 235_055;

const scratch = mkdtempSync(join(tmpdir(), "loanstream-kill-"));
after(() => rmSync(scratch, { recursive: true }));
const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const recordFile = join(scratch, "records");

/** A life in `directory` that goes on to a position, and waits there or drains. */
const live = (directory: string, until: number, end: "drain" | "wait"): Life =>
  startLife({ dataDirectory: join(scratch, directory), records: recordFile, until, end });

async function drained(life: Life): Promise<void> {
  const { exitCode, stderr } = await life.ended;
  assert.deepEqual([exitCode, stderr], [0, ""]);
}

/** Kills a life at once or while it starts, or when it has got so far and some milliseconds more. */
async function killSometime(life: Life, random: Random, from: number, until: number): Promise<void> {
  if (random.chance(0.2)) await Promise.race([delay(random.below(600)), life.ended]);
  else {
    await life.reached(from + 1 + random.below(until - from));
    await Promise.race([delay(random.below(40)), life.ended]);
  }
  life.kill();
  const { signal, stderr } = await life.ended;
  assert.deepEqual([signal, stderr], ["SIGKILL", ""]);
}

/** Lives that are killed one after the other, each going on from the one before; gives how many were torn as well. */
async function killAgainAndAgain(records: readonly ArrivedRecord[], random: Random): Promise<number> {
  const follower = createFollower(join(scratch, "killed"), pipeline);
  let acknowledged = 0;
  let isThere = false;
  let torn = 0;
  for (let i = 0; i < KILLS; i++) {
    const until = Math.ceil((RECORDS * (i + 1)) / (KILLS + 1));
    const life = live("killed", until, "wait");
    await killSometime(life, random, acknowledged, until);
    const start = life.startPosition();
    isThere ||= start !== null;
    assert.ok(
      start === null || start >= acknowledged,
      `${acknowledged} were acknowledged, ${start} are there`,
    );
    acknowledged = Math.max(acknowledged, life.acknowledged());
    if (!isThere) continue;
    follower.follow();
    const next = (at: number) => records.slice(at, at + 1 + random.below(30));
    if (random.chance(0.5) && tear(join(scratch, "killed", "log"), TEARS[torn % TEARS.length]!, next, random))
      torn++;
  }
  await drained(live("killed", RECORDS, "drain"));
  follower.follow();
  assert.deepEqual(follower.tables(), outcomeOf(join(scratch, "killed"), pipeline).tables);
  return torn;
}

async function testKills(context: TestContext): Promise<void> {
  context.diagnostic(`LOANSTREAM_TEST_SEED=${seed}`);
  writeRecords(recordFile, RECORDS, RECORD_SEED, RATE_PER_SECOND);
  const records = readRecords(recordFile);
  const random = createRandom(seed);
  random.seek("bad", 0, 1);
  const undisturbed = live("undisturbed", RECORDS, "drain");
  context.after(() => {
    undisturbed.kill();
    return undisturbed.ended;
  });
  const torn = await killAgainAndAgain(records, random);
  await drained(undisturbed);
  context.diagnostic(`${KILLS} kills, ${torn} of them with a torn write`);

  const expected = outcomeOf(join(scratch, "undisturbed"), pipeline);
  for (const [table, rows] of expected.tables) context.diagnostic(`${table}: ${rows.length} rows`);
  assert.deepEqual(outcomeOf(join(scratch, "killed"), pipeline), expected);
  const { start, texts } = await logOf(join(scratch, "killed"));
  assert.deepEqual(
    texts,
    records.slice(start).map(({ bytes }) => Buffer.from(bytes).toString()),
  );
  assertCovers(expected);
}

/** Every way of a record and every table had a part. */
function assertCovers({ tables, alerts, ledger }: ReturnType<typeof outcomeOf>): void {
  const empty = [...tables].filter(([, rows]) => rows.length === 0).map(([table]) => table);
  assert.deepEqual(empty, []);
  assert.ok(alerts.length > 0);
  const { read, accepted, late, duplicate, dead } = ledger?.source ?? assert.fail("no ledger");
  assert.equal(read, RECORDS);
  for (const count of [accepted, late, duplicate, dead]) assert.ok(count > RECORDS / 200);
}

test(`a run that is killed ${KILLS} times equals one that is not`, testKills);
