import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { openStoreReader } from "../../../../src/store/sqlite-reader.ts";
import type { Event } from "../../plans.ts";
import { lineOf } from "../../plans.ts";
import { all, appended, code, committed, kill, newPath, plan, type Run, start } from "./small-run.ts";

const letter = (position: number, event: Event | string) => ({
  partition: 0,
  position,
  record: Buffer.from(lineOf(event)),
});
const retried = (position: number, retriedAs: number, already: boolean) => ({
  partition: 0,
  position,
  retriedAs: { partition: 0, position: retriedAs },
  already,
});
const repaired: Event = { id: "r", at: 5, kind: "a" };

/** A run with dead letters at positions 1 and 2. */
async function withDeadLetters(directory: string): Promise<Run> {
  const run = await start(directory);
  await run.loop.append(appended([{ id: "1", at: 1, kind: "a" }, "broken", "{}"]));
  await committed(run);
  return run;
}

async function startAgain(run: Run, directory: string): Promise<Run> {
  await kill(run);
  return start(directory);
}

describe("a retry of dead letters", () => {
  it("appends a repaired record once, and says where it stands", async () => {
    const directory = newPath();
    const run = await withDeadLetters(directory);
    assert.deepEqual(await run.loop.retry([letter(1, repaired)]), [retried(1, 3, false)]);
    assert.deepEqual(await run.loop.retry([letter(1, "other"), letter(2, { id: "s", at: 6 })]), [
      retried(1, 3, true),
      retried(2, 4, false),
    ]);
    await run.loop.drain();
    assert.deepEqual(all(directory, "SELECT id FROM seen"), [["1"], ["r"], ["s"]]);
    const reader = openStoreReader(directory, plan);
    const found = reader
      .deadLetters({ limit: 9 })
      .map(({ position, retriedAs }) => [position, retriedAs?.position]);
    reader.close();
    assert.deepEqual(found, [
      [1, 3],
      [2, 4],
    ]);
  });

  it("that was appended when the process died is not appended again", async () => {
    const directory = newPath();
    let run = await withDeadLetters(directory);
    run.loseCommits();
    await assert.rejects(run.loop.retry([letter(1, repaired), letter(2, repaired)]));
    assert.equal(run.log.end(), 5);
    run = await startAgain(run, directory);
    assert.deepEqual(await run.loop.retry([letter(2, repaired), letter(1, repaired)]), [
      retried(2, 4, true),
      retried(1, 3, true),
    ]);
    assert.equal(run.log.end(), 5);
    await run.loop.drain();
  });

  it("whose record can't be seen yet after the process died is refused until it can, and not appended again", async () => {
    const directory = newPath();
    let run = await withDeadLetters(directory);
    run.loseCommits();
    await assert.rejects(run.loop.retry([letter(1, repaired)]));
    let isHeld = true;
    await kill(run);
    run = await start(directory, { heldFrom: () => (isHeld ? 3 : Number.POSITIVE_INFINITY) });
    await assert.rejects(run.loop.retry([letter(2, repaired), letter(1, repaired)]), code("dlq.undecided"));
    assert.equal(run.log.end(), 4);
    isHeld = false;
    const asked = [letter(2, { id: "s", at: 6 }), letter(1, repaired)];
    assert.deepEqual(await run.loop.retry(asked), [retried(2, 4, false), retried(1, 3, true)]);
    await run.loop.drain();
  });

  it("that was only intended when the process died is appended, repaired otherwise or not", async () => {
    const directory = newPath();
    let run = await withDeadLetters(directory);
    const intent = {
      partition: 0,
      position: 1,
      toPartition: 0,
      logEnd: 3,
      hash: "of a record that never came",
    };
    run.store.retries.begin([intent]);
    run = await startAgain(run, directory);
    assert.deepEqual(run.store.retries.unsettled(), []);
    assert.deepEqual(await run.loop.retry([letter(1, repaired)]), [retried(1, 3, false)]);
    await run.loop.drain();
  });

  it("finds its record only behind where the log ended, and for one letter each", async () => {
    const directory = newPath();
    let run = await withDeadLetters(directory);
    await run.loop.append(appended([repaired]));
    run.loseCommits();
    await assert.rejects(run.loop.retry([letter(1, repaired)]));
    run = await startAgain(run, directory);
    assert.deepEqual(await run.loop.retry([letter(1, repaired), letter(2, repaired)]), [
      retried(1, 4, true),
      retried(2, 5, false),
    ]);
    await run.loop.drain();
  });

  it("of what was never dead, or can't be a record, appends nothing and can be asked for again", async () => {
    const directory = newPath();
    const run = await withDeadLetters(directory);
    await assert.rejects(run.loop.retry([letter(1, repaired), letter(0, repaired)]), code("dlq.not-dead"));
    await assert.rejects(run.loop.retry([letter(1, "{\n}")]), code("log.record-has-line-end"));
    assert.equal(run.log.end(), 3);
    const both = await Promise.all([
      run.loop.retry([letter(1, repaired)]),
      run.loop.retry([letter(1, repaired)]),
    ]);
    assert.deepEqual(both, [[retried(1, 3, false)], [retried(1, 3, true)]]);
    await run.loop.drain();
    assert.deepEqual(run.failures, []);
  });
});

describe("a drain", () => {
  it("waits for the retries that were asked for before", async () => {
    const directory = newPath();
    const run = await withDeadLetters(directory);
    const asked = [1, 2, 1, 2].map((position) => run.loop.retry([letter(position, repaired)]));
    const ledger = await run.loop.drain();
    assert.deepEqual((await Promise.all(asked)).flat(), [
      retried(1, 3, false),
      retried(2, 4, false),
      retried(1, 3, true),
      retried(2, 4, true),
    ]);
    assert.equal(ledger.source.read, 5);
    assert.deepEqual(run.failures, []);
  });
});

describe("a backfill", () => {
  const file = { file: "events.ndjson", identity: "1000 bytes" };
  const some = (...ids: string[]) => appended(ids.map((id) => ({ id, at: 1 })));

  it("that was interrupted goes on where it stopped, whatever came into the log since", async () => {
    const directory = newPath();
    let run = await start(directory);
    await run.loop.append(some("live"));
    assert.deepEqual(await run.loop.beginBackfill(file), { beginPosition: 1, done: false, taken: 0 });
    await run.loop.append(some("a", "b", "c"));
    run = await startAgain(run, directory);
    await run.loop.append(some("live again"));
    assert.deepEqual(await run.loop.beginBackfill(file), { beginPosition: 1, done: false, taken: 3 });
    await run.loop.append(some("d"));
    run = await startAgain(run, directory);
    assert.deepEqual(await run.loop.beginBackfill(file), { beginPosition: 1, done: false, taken: 4 });
    await run.loop.append(some("e"));
    await run.loop.endBackfill(file.file);
    await run.loop.append(some("live once more"));
    assert.deepEqual(await run.loop.beginBackfill(file), { beginPosition: 1, done: true, taken: 5 });
    await run.loop.drain();
  });

  it("begins anew with a file of the same name that is another one", async () => {
    const directory = newPath();
    const run = await start(directory);
    await run.loop.beginBackfill(file);
    await run.loop.append(some("a"));
    await run.loop.endBackfill(file.file);
    const other = { ...file, identity: "2000 bytes" };
    assert.deepEqual(await run.loop.beginBackfill(other), { beginPosition: 1, done: false, taken: 0 });
    await run.loop.drain();
  });
});
