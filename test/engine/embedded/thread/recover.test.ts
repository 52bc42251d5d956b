import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openSession } from "../../../../src/engine/embedded/open.ts";
import { adoption } from "../../../../src/engine/embedded/thread/adopt.ts";
import { total } from "../../../../src/eventlog/positions.ts";
import { nodeDirectory } from "../../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../../src/eventlog/segments/segment-log.ts";
import { STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import type { Commit } from "../../../../src/store/store.ts";
import { tries } from "../../../tries.ts";
import type { Event } from "../../plans.ts";
import {
  all,
  appended,
  code,
  committed,
  kill,
  MINUTE,
  newPath,
  plan,
  type Run,
  type RunSettings,
  start,
  until,
} from "./small-run.ts";

type Records = readonly (Event | string)[];

/** Rows of a table in the order in which they were committed, those included that were put in place of others. */
function putOut(commits: readonly Commit[], table: string): unknown[] {
  return commits.flatMap(({ tables }) =>
    tables.filter((its) => its.table === table).flatMap(({ rows }) => rows),
  );
}

/** Everything that a run leaves, without the sequence numbers: rows of several tables mix by batch. */
function left(directory: string, commits: readonly Commit[]): unknown {
  return {
    ...Object.fromEntries(plan.tables.map(({ name }) => [name, putOut(commits, name)])),
    stored: {
      seen: all(directory, "SELECT id, n FROM seen ORDER BY _seq"),
      minutes: all(directory, "SELECT window_start, kind, events FROM minutes ORDER BY _seq"),
      closed: all(directory, "SELECT window_start, kind, events FROM closed ORDER BY _seq"),
    },
    alerts: all(directory, "SELECT alert_id, message FROM alerts ORDER BY _seq"),
    late: all(directory, "SELECT * FROM loanstream_late"),
    dead: all(directory, "SELECT * FROM loanstream_dead"),
    progress: all(directory, "SELECT positions, watermark, ledger FROM loanstream_progress"),
  };
}

const event = fc.record({
  id: fc.stringMatching(/^[a-d]{1,2}$/),
  at: fc.integer({ min: 0, max: 8 * MINUTE }),
  kind: fc.constantFrom<"a" | "b">("a", "b"),
  n: fc.integer({ min: 0, max: 5 }),
});
const records: fc.Arbitrary<Records> = fc.array(
  fc.oneof({ weight: 9, arbitrary: event }, { weight: 1, arbitrary: fc.constant("broken") }),
  { minLength: 1, maxLength: 5 },
);

type Step =
  | {
      readonly does: "append" | "die before the commit" | "die with records unread";
      readonly records: Records;
    }
  | { readonly does: "trigger" | "die" | "die before the trigger's commit" | "lose the newest snapshot" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("append" as const), records }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant("trigger" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom("die before the commit" as const, "die with records unread" as const),
      records,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom(
        "die" as const,
        "die before the trigger's commit" as const,
        "lose the newest snapshot" as const,
      ),
    }),
  },
);

/** Does the step, up to the moment when the process dies if it does. */
async function take(run: Run, directory: string, next: Step): Promise<void> {
  if (next.does === "trigger") await run.tick();
  else if (next.does === "append") await run.loop.append(appended(next.records));
  else if (next.does === "die with records unread") await run.log.append(appended(next.records));
  else if (next.does === "die before the commit") {
    run.loseCommits();
    await run.loop.append(appended(next.records));
    await until(() => run.failures.length > 0);
  } else if (next.does === "die before the trigger's commit") {
    run.loseCommits();
    await run.tick();
  } else if (next.does === "lose the newest snapshot") loseNewestSnapshot(directory);
}

function loseNewestSnapshot(directory: string): void {
  const database = new DatabaseSync(join(directory, STORE_FILE));
  const newest = "SELECT max(id) FROM loanstream_snapshots";
  database.exec(`UPDATE loanstream_snapshots SET crc32 = 0 WHERE id = (${newest})`);
  database.close();
}

/** Takes every step, starting again after each death. */
async function interrupted(steps: readonly Step[], settings: RunSettings) {
  const directory = newPath();
  const commits: Commit[] = [];
  const taken: (Event | string)[] = [];
  let run = await start(directory, settings);
  for (const next of steps) {
    if ("records" in next) taken.push(...next.records);
    await take(run, directory, next);
    if (next.does !== "append" && next.does !== "trigger") {
      await kill(run);
      commits.push(...run.commits);
      run = await start(directory, settings);
    }
    await committed(run);
  }
  await run.loop.drain();
  assert.deepEqual(run.failures, []);
  commits.push(...run.commits);
  return { left: left(directory, commits), taken, commits };
}

/** The same records in one run, which triggers at these positions and at its end. */
async function uninterrupted(taken: Records, triggers: readonly number[], settings: RunSettings) {
  const directory = newPath();
  const run = await start(directory, settings);
  let from = 0;
  for (const position of triggers) {
    await run.loop.append(appended(taken.slice(from, position)));
    await committed(run);
    await run.tick();
    from = position;
  }
  await run.loop.append(appended(taken.slice(from)));
  await committed(run);
  await run.loop.drain();
  assert.deepEqual(run.failures, []);
  return left(directory, run.commits);
}

describe("a run that is killed and started again", () => {
  it("puts out, row for row, what an uninterrupted run with the same triggers puts out", async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 14 });
    const settings = fc.record({
      snapshotRecords: fc.constantFrom(1, 4, Number.POSITIVE_INFINITY),
      batchBytes: fc.constantFrom(1, 200, 1 << 20),
    });
    await fc.assert(
      fc.asyncProperty(steps, settings, settings, async (its, settingsOfIt, settingsOfTheOther) => {
        const { left: found, taken, commits } = await interrupted(its, settingsOfIt);
        const triggers = commits.filter(({ trigger }) => trigger).map(({ positions }) => total(positions));
        assert.deepEqual(found, await uninterrupted(taken, triggers, settingsOfTheOther));
      }),
      { numRuns: tries(12) },
    );
  });

  it("puts a closed window out once, however often it dies after that", async () => {
    const directory = newPath();
    const commits: Commit[] = [];
    for (let minute = 0; minute < 4; minute++) {
      const run = await start(directory, { snapshotRecords: Number.POSITIVE_INFINITY });
      await run.loop.append(appended([{ id: `${minute}`, at: minute * MINUTE, kind: "a" }]));
      await committed(run);
      await run.tick();
      commits.push(...run.commits);
      await kill(run);
    }
    const starts = putOut(commits, "closed").map((row) => Array.isArray(row) && row[0]);
    assert.deepEqual(starts, [0, MINUTE]);
  });

  it("puts a closed window out once, though it was triggered behind a snapshot at the same position", async () => {
    const directory = newPath();
    const commits: Commit[] = [];
    let run = await start(directory, { snapshotRecords: Number.POSITIVE_INFINITY });
    await run.loop.append(appended([0, 3].map((minute) => ({ id: `${minute}`, at: minute * MINUTE }))));
    await committed(run);
    const session = openSession(plan);
    for await (const batch of run.log.read(0)) session.step(batch);
    const { takenAtMs, packed } = await adoption(session, [2], 0);
    const journalId = run.store.journalEnd();
    run.store.keepSnapshot({ positions: [2], journalId, takenAtMs, packed });
    for (const ids of [[], ["later"]]) {
      await kill(run);
      run = await start(directory, { snapshotRecords: Number.POSITIVE_INFINITY });
      await run.loop.append(appended(ids.map((id) => ({ id, at: 3 * MINUTE }))));
      await committed(run);
      await run.tick();
      commits.push(...run.commits);
    }
    await run.loop.drain();
    assert.equal(putOut(commits, "closed").length, 1);
  });

  it("raises of an alert that is new what its groups hold by then", async () => {
    const directory = newPath();
    const run = await start(directory, {
      pipeline: { ...plan, alerts: [] },
      snapshotRecords: Number.POSITIVE_INFINITY,
    });
    await run.loop.append(
      appended([
        { id: "1", at: 1, kind: "a" },
        { id: "2", at: 2, kind: "a" },
      ]),
    );
    await committed(run);
    await run.tick();
    await kill(run);
    const again = await start(directory);
    assert.deepEqual(all(directory, "SELECT alert, message FROM alerts"), [["several", "a 2"]]);
    await again.loop.drain();
  });

  it("begins with the oldest record kept where nothing was committed", async () => {
    const directory = newPath();
    const segments = await nodeDirectory(join(directory, "log"));
    const log = await openSegmentLog(segments, { segmentBytes: 1 });
    for (const id of ["1", "2", "3"]) await log.append(appended([{ id, at: 1 }]));
    await log.close();
    for (const name of await segments.list())
      if (Number.parseInt(name, 10) === 0) rmSync(join(directory, "log", name));
    const run = await start(directory);
    await committed(run);
    await kill(run);
    const { source } = await (await start(directory)).loop.drain();
    assert.equal(source.read, 2);
    assert.deepEqual(all(directory, "SELECT id FROM seen"), [["2"], ["3"]]);
  });

  it("needs no record of the log that was let go, even if the newest snapshot is lost", async () => {
    const directory = newPath();
    const run = await start(directory, { logBytes: 1 });
    for (const oldest of [0, 1, 2, 3]) {
      await run.loop.append(appended([{ id: `${oldest}`, at: 1, kind: "a" }]));
      await committed(run);
      await run.tick();
      await until(() => run.log.start() === oldest);
    }
    loseNewestSnapshot(directory);
    await kill(run);
    const again = await start(directory, { logBytes: 1 });
    assert.equal((await again.loop.drain()).source.accepted, 4);
    assert.deepEqual(all(directory, "SELECT kind, events FROM minutes"), [["a", 4]]);
  });

  it("refuses to start on a log that ends before what was committed", async () => {
    const directory = newPath();
    const run = await start(directory);
    await run.loop.append(appended([{ id: "1", at: 1 }]));
    await run.loop.drain();
    rmSync(join(directory, "log"), { recursive: true });
    await assert.rejects(start(directory), code("store.behind-log"));
  });
});
