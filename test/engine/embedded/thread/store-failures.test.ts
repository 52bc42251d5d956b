import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { startEngineThread } from "../../../../src/engine/embedded/thread/thread.ts";
import { LoanstreamError } from "../../../../src/errors.ts";
import { total } from "../../../../src/eventlog/positions.ts";
import { STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import { all, appended, code, committed, kill, newPath, plan, start, until } from "./small-run.ts";

const batch = (id: number) =>
  appended(Array.from({ length: 100 }, (_, i) => ({ id: `${id}-${i}`, at: id, kind: "a" as const })));

/** As another program that writes the tables' file. */
function withLock(directory: string): { release: () => void } {
  const other = new DatabaseSync(join(directory, STORE_FILE));
  other.exec("BEGIN IMMEDIATE");
  return { release: () => other.close() };
}

describe("a store that can't be written", () => {
  it("for want of room ends the run in one line, and the next start has all that was acknowledged", async () => {
    const directory = newPath();
    const run = await start(directory, { room: 4 });
    let acknowledged = 0;
    while (run.failures.length === 0) {
      await run.loop.append(batch(acknowledged));
      acknowledged += 1;
      await until(() => run.failures.length > 0 || total(run.store.progress().positions) >= run.log.end());
    }
    const [error] = run.failures;
    assert.ok(error instanceof LoanstreamError && code("store.disk-full")(error));
    assert.equal(error.message.includes("\n"), false);
    const kept = Number(all(directory, "SELECT count(*) FROM seen").flat()[0]);
    assert.equal(kept, total(run.store.progress().positions));
    assert.ok(kept < acknowledged * 100);
    await kill(run);

    const again = await start(directory);
    assert.equal((await again.loop.drain()).source.accepted, acknowledged * 100);
    assert.deepEqual(all(directory, "SELECT count(DISTINCT id), count(*) FROM seen"), [
      [acknowledged * 100, acknowledged * 100],
    ]);
  });

  it("while another program writes it waits, taking records into the log meanwhile", async () => {
    const directory = newPath();
    const run = await start(directory);
    const lock = withLock(directory);
    await run.loop.append(batch(1));
    await run.loop.append(batch(2));
    assert.equal(total(run.store.progress().positions), 0);
    lock.release();
    await committed(run);
    await run.loop.drain();
    assert.deepEqual(run.failures, []);
    assert.deepEqual(all(directory, "SELECT count(*) FROM seen"), [[200]]);
  });

  it("because another program never lets go ends the run, and loses nothing", async () => {
    const directory = newPath();
    const run = await start(directory, { sleptMs: 10_000 });
    const lock = withLock(directory);
    await run.loop.append(batch(1));
    await until(() => run.failures.length > 0);
    assert.ok(code("store.locked")(run.failures[0]));
    lock.release();
    await kill(run);
    const again = await start(directory);
    assert.equal((await again.loop.drain()).source.accepted, 100);
  });
});

describe("a store that is damaged", () => {
  it("is refused in one line, and made anew of the log once it is set aside", async () => {
    const directory = newPath();
    const run = await start(directory);
    await run.loop.append(batch(1));
    await run.loop.drain();
    const file = join(directory, STORE_FILE);
    damage(file);
    const settings = { pipeline: plan, dataDirectory: directory };
    await assert.rejects(startEngineThread(settings), code("store.corrupt"));
    rmSync(file);
    const again = await start(directory);
    await again.loop.drain();
    assert.deepEqual(all(directory, "SELECT count(*) FROM seen"), [[100]]);
  });
});

/** Overwrites everything behind the first page. */
function damage(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(statSync(path).size - 4096).fill(0x5a), 0, null, 4096);
  closeSync(file);
}
