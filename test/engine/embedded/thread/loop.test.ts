import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { type EngineLoop, openLoop } from "../../../../src/engine/embedded/thread/loop.ts";
import { startEngineThread } from "../../../../src/engine/embedded/thread/thread.ts";
import { type ErrorCode, LoanstreamError } from "../../../../src/errors.ts";
import type { Append, EventLog } from "../../../../src/eventlog/event-log.ts";
import { nodeDirectory } from "../../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../../src/eventlog/segments/segment-log.ts";
import { createLogger, parseLogLevels } from "../../../../src/log.ts";
import { loadAlerts } from "../../../../src/pipeline/alerts.ts";
import { openStore, STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import type { Store } from "../../../../src/store/store.ts";
import { col, count, type Event, events, groupBy, lineOf, pipeline, project, table } from "../../plans.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-loop-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "data-"));

const MINUTE = 60_000;
const seen = table("seen", "append", project(events, { id: col(events, "id"), n: col(events, "n") }));
const perMinute = groupBy(events, {
  sizeMs: MINUTE,
  keys: { kind: col(events, "kind") },
  aggregates: { events: count() },
});
const minutes = { ...table("minutes", "update", perMinute), key: ["window_start", "window_end", "kind"] };
const closed = { ...minutes, ...{ name: "closed", emit: "final" as const } };
const tables = [{ ...seen, key: ["id"] }, minutes, closed];
const { alerts } = loadAlerts(
  {
    path: "alerts.yaml",
    text: `
large: { table: seen, when: "n > 3", severity: info, message: "{id}" }
several: { table: minutes, when: "events >= 2", severity: warning, message: "{kind} {events}" }
just_two: { table: minutes, when: "events = 2", severity: warning, message: "{kind} {events}" }
`,
  },
  tables,
  [],
);
const plan = { ...pipeline(tables), alerts };

const logger = createLogger("engine", {
  levels: parseLogLevels("silent"),
  terminal: false,
  nowMs: () => 0,
  write: () => {},
});

/** A loop over real files, whose timer ticks when the test says so. */
interface Run {
  readonly loop: EngineLoop;
  readonly log: EventLog;
  readonly store: Store;
  readonly failures: unknown[];
  tick(): void;
}

async function start(directory: string, snapshotRecords = 1): Promise<Run> {
  const store = openStore(directory, plan);
  const log = await openSegmentLog(await nodeDirectory(join(directory, "log")));
  const failures: unknown[] = [];
  let tick = (): void => {};
  const every = (_intervalMs: number, work: () => void) => {
    tick = work;
    return () => {
      tick = () => {};
    };
  };
  const onFailure = (error: unknown): void => void failures.push(error);
  const timers = {
    nowMs: () => 0,
    every,
    sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  const snapshots = { records: snapshotRecords, intervalMs: Number.POSITIVE_INFINITY };
  try {
    const loop = await openLoop({ pipeline: plan, log, store, timers, snapshots, logger, onFailure });
    return { loop, log, store, failures, tick: () => tick() };
  } catch (error) {
    await log.close();
    store.close();
    throw error;
  }
}

/** Stops without a drain, as a process that is killed between two commits. */
async function kill({ log, store }: Run): Promise<void> {
  await log.close();
  store.close();
}

function appended(batch: readonly (Event | string)[], ingestTimeMs = 0): Append {
  return { records: batch.map((event) => Buffer.from(lineOf(event))), ingestTimeMs };
}

async function committed({ store, log }: Run): Promise<void> {
  while (store.progress().position < log.end()) await new Promise((resolve) => setImmediate(resolve));
}

function all(directory: string, sql: string): unknown[] {
  const database = new DatabaseSync(join(directory, STORE_FILE), { readOnly: true });
  const rows = database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row));
  database.close();
  return rows;
}

/** Everything that a reader sees; window tables without the order in which groups came. */
function contents(directory: string): unknown {
  return {
    seen: all(directory, "SELECT id, n FROM seen ORDER BY _seq"),
    minutes: all(directory, "SELECT window_start, kind, events FROM minutes ORDER BY 1, 2"),
    closed: all(directory, "SELECT window_start, kind, events FROM closed ORDER BY 1, 2"),
    alerts: all(directory, "SELECT alert_id, alert, key FROM alerts ORDER BY 1"),
    late: all(directory, "SELECT * FROM loanstream_late"),
    dead: all(directory, "SELECT * FROM loanstream_dead"),
    progress: all(directory, "SELECT position, watermark, ledger FROM loanstream_progress"),
  };
}

const code = (expected: ErrorCode) => (error: unknown) =>
  error instanceof LoanstreamError && error.diagnostics[0].code === expected;

describe("the engine's loop", () => {
  it("puts rows out at the commit and windows at the trigger", async () => {
    const directory = newPath();
    const run = await start(directory);
    await run.loop.append(appended([{ id: "1", at: 1, kind: "a", n: 5 }, "{}"]));
    await committed(run);
    assert.deepEqual(all(directory, "SELECT id, n FROM seen"), [["1", 5]]);
    assert.deepEqual(all(directory, "SELECT * FROM minutes"), []);
    run.tick();
    assert.deepEqual(all(directory, "SELECT kind, events FROM minutes"), [["a", 1]]);
    assert.deepEqual(all(directory, "SELECT position FROM loanstream_dead"), [[1]]);
    await run.loop.drain();
    assert.deepEqual(run.failures, []);
  });

  it("raises an alert once, with the values of its first moment, whatever was replayed", async () => {
    const directory = newPath();
    let run = await start(directory);
    run.tick();
    const message = "SELECT message, position FROM alerts WHERE alert = 'several'";
    for (let id = 0; id < 4; id++) {
      await run.loop.append(appended([{ id: `${id}`, at: id, kind: "a" }]));
      await committed(run);
      if (id === 2) {
        run.tick();
        await kill(run);
        run = await start(directory, Number.POSITIVE_INFINITY);
      }
    }
    run.tick();
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

  it("killed anywhere and started again, leaves what an undisturbed run leaves", async () => {
    const event = fc.record({
      id: fc.stringMatching(/^[a-d]{1,2}$/),
      at: fc.integer({ min: 0, max: 8 * MINUTE }),
      kind: fc.constantFrom<"a" | "b">("a", "b"),
      n: fc.integer({ min: 0, max: 5 }),
    });
    const record = fc.oneof({ weight: 9, arbitrary: event }, { weight: 1, arbitrary: fc.constant("broken") });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.array(record, { minLength: 1, maxLength: 5 }) },
      { weight: 3, arbitrary: fc.constant("tick" as const) },
      { weight: 2, arbitrary: fc.constant("kill" as const) },
      { weight: 1, arbitrary: fc.constant("kill with records unread" as const) },
    );
    const records = fc.array(step, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(records, fc.boolean(), async (steps, keepSnapshots) => {
        const directory = newPath();
        const taken: (Event | string)[][] = [];
        let run = await start(directory, keepSnapshots ? 1 : Number.POSITIVE_INFINITY);
        for (const next of steps) {
          if (next === "tick") run.tick();
          else if (next === "kill" || next === "kill with records unread") {
            if (next !== "kill") {
              taken.push([{ id: "unread", at: MINUTE, kind: "a" }]);
              await run.log.append(appended(taken.at(-1)!));
            }
            await kill(run);
            run = await start(directory, keepSnapshots ? 1 : Number.POSITIVE_INFINITY);
          } else {
            taken.push(next);
            await run.loop.append(appended(next));
          }
          await committed(run);
        }
        await run.loop.drain();
        assert.deepEqual(run.failures, []);

        const undisturbed = newPath();
        const other = await start(undisturbed);
        for (const batch of taken) await other.loop.append(appended(batch));
        await other.loop.drain();
        assert.deepEqual(contents(directory), contents(undisturbed));
      }),
      { numRuns: 25 },
    );
  });

  it("refuses to start on a log that ends before what was committed", async () => {
    const directory = newPath();
    const run = await start(directory);
    await run.loop.append(appended([{ id: "1", at: 1 }]));
    await run.loop.drain();
    rmSync(join(directory, "log"), { recursive: true });
    await assert.rejects(start(directory), code("store.behind-log"));
  });

  it("stops, and says so once, when a commit fails", async () => {
    const directory = newPath();
    const run = await start(directory);
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1");
    database.close();
    await run.loop.append(appended([{ id: "1", at: 1 }]));
    while (run.failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
    run.tick();
    assert.equal(run.failures.length, 1);
    assert.ok(code("store.owner-lost")(run.failures[0]));
    assert.deepEqual(all(directory, "SELECT * FROM seen"), []);
    await kill(run);
  });
});

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
    const positions = await Promise.all(batches.map((batch) => thread.append(batch)));
    assert.deepEqual(
      positions,
      batches.map((_, i) => 2 * i),
    );
    assert.equal((await thread.drain()).source.accepted, 40);
    await thread.ended;

    const again = await startEngineThread(settings);
    assert.equal(again.startPosition, 40);
    await again.append(appended([{ id: "5", at: 5 }]));
    assert.deepEqual((await again.drain()).source, {
      read: 41,
      accepted: 40,
      late: 0,
      duplicate: 1,
      dead: 0,
    });
  });

  it("says why it can't start, and refuses what it can't append", async () => {
    const settings = { pipeline: plan, dataDirectory: newPath() };
    const thread = await startEngineThread(settings);
    await assert.rejects(startEngineThread(settings), code("store.in-use"));
    await assert.rejects(thread.append(appended(["{\n}"])), code("log.record-has-line-end"));
    assert.equal((await thread.drain()).source.read, 0);
  });
});
