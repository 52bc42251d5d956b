import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { startEngineThread } from "../../../../src/engine/embedded/thread/thread.ts";
import type { Append } from "../../../../src/eventlog/event-log.ts";
import { openLogReader } from "../../../../src/eventlog/open-reader.ts";
import { STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import { readAll, textsOf } from "../../../conformance/event-log.ts";
import { all, appended, code, committed, kill, MINUTE, newPath, plan, start, until } from "./small-run.ts";

describe("the engine's loop", () => {
  it("puts rows out at the commit and windows at the trigger", async () => {
    const directory = newPath();
    const run = await start(directory);
    await run.loop.append(appended([{ id: "1", at: 1, kind: "a", n: 5 }, "{}"]));
    await committed(run);
    assert.deepEqual(all(directory, "SELECT id, n FROM seen"), [["1", 5]]);
    assert.deepEqual(all(directory, "SELECT * FROM minutes"), []);
    await run.tick();
    assert.deepEqual(all(directory, "SELECT kind, events FROM minutes"), [["a", 1]]);
    assert.deepEqual(all(directory, "SELECT position FROM loanstream_dead"), [[1]]);
    await run.loop.drain();
    assert.deepEqual(run.failures, []);
  });

  it("raises an alert once, with the values of its first moment, whatever was replayed", async () => {
    const directory = newPath();
    let run = await start(directory);
    await run.tick();
    const message = "SELECT message, position FROM alerts WHERE alert = 'several'";
    for (let id = 0; id < 4; id++) {
      await run.loop.append(appended([{ id: `${id}`, at: id, kind: "a" }]));
      await committed(run);
      if (id === 2) {
        await run.tick();
        await kill(run);
        run = await start(directory, { snapshotRecords: Number.POSITIVE_INFINITY });
      }
    }
    await run.tick();
    assert.deepEqual(all(directory, message), [["a 3", 3]]);
    await run.loop.drain();
    assert.deepEqual(all(directory, message), [["a 3", 3]]);
    assert.deepEqual(run.failures, []);
  });

  it("takes in all that was acknowledged when it drains, and closes no window that the watermark hasn't", async () => {
    const directory = newPath();
    const run = await start(directory);
    void run.loop.append(appended([{ id: "1", at: 1, kind: "a" }]));
    await run.loop.append(appended([{ id: "2", at: 3 * MINUTE - 1, kind: "b" }]));
    const ledger = await run.loop.drain();
    assert.deepEqual(ledger.source, { read: 2, accepted: 2, late: 0, duplicate: 0, dead: 0 });
    assert.deepEqual(all(directory, "SELECT kind, events FROM minutes ORDER BY 1"), [
      ["a", 1],
      ["b", 1],
    ]);
    assert.deepEqual(all(directory, "SELECT kind FROM closed"), [["a"]]);
  });

  it("needs nothing of the log any more, once no records came for a while", async () => {
    const run = await start(newPath(), { snapshotIntervalMs: 0 });
    await run.loop.append(appended([{ id: "1", at: 1, kind: "a" }]));
    await committed(run);
    await run.tick();
    await until(() => [...run.store.snapshots()].length === 1);
    assert.deepEqual(run.store.neededFrom(), []);
    await run.tick();
    await until(() => run.store.neededFrom()[0] === 1);
    const commits = run.commits.length;
    await run.tick();
    await run.loop.drain();
    assert.equal(run.commits.length, commits);
    assert.deepEqual(run.failures, []);
  });

  it("stops, and says so once, when a commit fails", async () => {
    const directory = newPath();
    const run = await start(directory);
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1");
    database.close();
    await run.loop.append(appended([{ id: "1", at: 1 }]));
    await until(() => run.failures.length > 0);
    await run.tick();
    assert.equal(run.failures.length, 1);
    assert.ok(code("store.owner-lost")(run.failures[0]));
    assert.deepEqual(all(directory, "SELECT * FROM seen"), []);
    await kill(run);
  });
});

const textsIn = ({ records }: Append) => records.map((record) => Buffer.from(record).toString());

/** The records of a data directory's log. */
async function kept(dataDirectory: string): Promise<readonly string[]> {
  const log = await openLogReader(dataDirectory);
  assert.ok(log);
  const texts = textsOf(await readAll(log));
  await log.close();
  return texts;
}

describe("the engine thread", () => {
  it("acknowledges appends in order, drains, and goes on from there when it is started again", async () => {
    const settings = { pipeline: plan, dataDirectory: newPath() };
    const thread = await startEngineThread(settings);
    const batches = Array.from({ length: 20 }, (_, i) =>
      appended([
        { id: `${i}`, at: i },
        { id: `${i}x`, at: i },
      ]),
    );
    await Promise.all(batches.map((batch) => thread.append(batch)));
    assert.ok(thread.lag() <= 40);
    assert.equal((await thread.drain()).source.accepted, 40);
    await thread.ended;
    assert.deepEqual(await kept(settings.dataDirectory), batches.flatMap(textsIn));

    const again = await startEngineThread(settings);
    assert.equal(again.lag(), 0);
    await again.append(appended([{ id: "5", at: 5 }]));
    assert.deepEqual((await again.drain()).source, {
      read: 41,
      accepted: 40,
      late: 0,
      duplicate: 1,
      dead: 0,
    });
  });

  it("keeps the order of appends that have to wait until there is room, large and small ones", async () => {
    const dataDirectory = newPath();
    const thread = await startEngineThread({ pipeline: plan, dataDirectory });
    const padding = " ".repeat(3 << 20);
    const records = Array.from({ length: 12 }, (_, i) =>
      i % 2 === 0 ? `{"i":${i}}${padding}` : `{"i":${i}}`,
    );
    const append = (record: string) => thread.append({ records: [Buffer.from(record)], ingestTimeMs: 0 });
    const resolved: number[] = [];
    const first = records.slice(0, 8).map(append);
    for (const [i, promise] of first.entries()) promise.then(() => resolved.push(i));
    await first[0];
    await Promise.all([...first, ...records.slice(8).map(append)]);
    assert.deepEqual(resolved, [0, 1, 2, 3, 4, 5, 6, 7]);
    await thread.drain();
    assert.deepEqual(await kept(dataDirectory), records);
  });

  it("says why it can't start, and refuses what it can't append", async () => {
    const settings = { pipeline: plan, dataDirectory: newPath() };
    const thread = await startEngineThread(settings);
    await assert.rejects(startEngineThread(settings), code("store.in-use"));
    await assert.rejects(thread.append(appended(["{\n}"])), code("log.record-has-line-end"));
    assert.equal((await thread.drain()).source.read, 0);
  });

  it("rejects what is asked of it once it has ended", async () => {
    const thread = await startEngineThread({ pipeline: plan, dataDirectory: newPath() });
    await thread.drain();
    await thread.ended;
    await assert.rejects(thread.append(appended([{ id: "1", at: 1 }])), code("internal.unexpected"));
    await assert.rejects(thread.retry([]), code("internal.unexpected"));
    await assert.rejects(thread.drain(), code("internal.unexpected"));
  });

  it("retries dead letters and keeps account of a backfill", async () => {
    const dataDirectory = newPath();
    const thread = await startEngineThread({ pipeline: plan, dataDirectory });
    const file = { file: "events.ndjson", identity: "1" };
    assert.deepEqual(await thread.beginBackfill(file), { beginPosition: 0, done: false, taken: 0 });
    await thread.append(appended(["broken"]));
    await thread.endBackfill(file.file);
    await until(() => all(dataDirectory, "SELECT 1 FROM loanstream_dead").length > 0);
    const record = Buffer.from("{}");
    assert.deepEqual(await thread.retry([{ partition: 0, position: 0, record }]), [
      { partition: 0, position: 0, retriedAs: { partition: 0, position: 1 }, already: false },
    ]);
    await assert.rejects(thread.retry([{ partition: 0, position: 7, record }]), code("dlq.not-dead"));
    assert.deepEqual(await thread.beginBackfill(file), { beginPosition: 0, done: true, taken: 1 });
    assert.equal(await thread.newestEventMs(), null);
    assert.equal((await thread.drain()).source.read, 2);
  });
});
