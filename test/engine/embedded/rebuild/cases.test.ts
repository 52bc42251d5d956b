import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { type RebuildOutcome, rebuildDirectory } from "../../../../src/engine/embedded/rebuild/directory.ts";
import { nodeDirectory } from "../../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../../src/eventlog/segments/segment-log.ts";
import { statusOf } from "../../../../src/inspect/status.ts";
import type { Pipeline } from "../../../../src/pipeline/pipeline.ts";
import { STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import { all, code, committed, kill, newPath, type Run, start } from "../thread/small-run.ts";
import { variant } from "./variants.ts";

const base = variant();
const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const iso = (ms: number) => new Date(ms).toISOString();
const event = (id: string, minute: number, fields: object = {}): string =>
  JSON.stringify({ id, at: iso(START_MS + minute * MINUTE_MS), kind: "a", amount: 1, ...fields });

async function append(run: Run, records: readonly string[], ingestTimeMs = START_MS): Promise<void> {
  await run.loop.append({ records: records.map((text) => Buffer.from(text)), ingestTimeMs });
  await committed(run);
}

/** A directory that took in these records and was drained. */
async function filled(records: readonly string[], pipeline: Pipeline = base): Promise<string> {
  const directory = newPath();
  const run = await start(directory, { pipeline });
  await append(run, records);
  await run.loop.drain();
  return directory;
}

function rebuild(
  directory: string,
  tables: readonly string[],
  pipeline: Pipeline = base,
  fromMs: number | null = null,
): Promise<RebuildOutcome> {
  const along = <T>(batches: T): T => batches;
  return rebuildDirectory({ directory, pipeline, tables: new Set(tables), fromMs, nowMs: 0, along });
}

const minutes = (directory: string) =>
  all(directory, "SELECT window_start, events FROM minutes ORDER BY 1").map((row) =>
    Array.isArray(row) ? [(Date.parse(row[0]) - START_MS) / MINUTE_MS, row[1]] : row,
  );

/** All that is stored. */
function dump(directory: string): unknown {
  const names = all(directory, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").flat();
  return names.map((name) => [name, all(directory, `SELECT * FROM "${name}"`)]);
}

const withoutEpoch = (directory: string): unknown => {
  const database = new DatabaseSync(join(directory, STORE_FILE));
  database.exec("UPDATE loanstream_progress SET owner_epoch = 0");
  database.close();
  return dump(directory);
};

describe("rebuild", () => {
  it("takes in what came late, numbers the rows that it changes anew, and leaves the others as they are", async () => {
    const directory = await filled([
      event("1", 0),
      event("2", 2),
      event("3", 5),
      event("late", 0),
      event("4", 7),
    ]);
    const before = all(directory, "SELECT window_start, _seq FROM minutes WHERE events = 1 ORDER BY 1");
    const [[last]] = all(directory, "SELECT seq FROM loanstream_progress") as [[number]];
    const { tables } = await rebuild(directory, ["minutes", "event_rows"]);
    assert.deepEqual(minutes(directory), [
      [0, 2],
      [2, 1],
      [5, 1],
      [7, 1],
    ]);
    assert.deepEqual(all(directory, "SELECT id FROM event_rows ORDER BY _seq"), [
      ["1"],
      ["2"],
      ["3"],
      ["4"],
      ["late"],
    ]);
    assert.deepEqual(
      all(directory, "SELECT _seq - ? FROM minutes WHERE events = 2".replace("?", String(last))),
      [[2]],
    );
    assert.deepEqual(
      all(directory, "SELECT window_start, _seq FROM minutes WHERE events = 1 ORDER BY 1"),
      before.slice(1),
    );
    assert.deepEqual(tables, [
      { table: "event_rows", same: 4, changed: 0, added: 1, gone: 0, windows: null },
      {
        table: "minutes",
        ...{ same: 2, changed: 1, added: 0, gone: 0 },
        windows: { rebuilt: 3, from: iso(START_MS), to: iso(START_MS + 6 * MINUTE_MS), earlier: 0, open: 1 },
      },
    ]);
    assert.deepEqual(all(directory, "SELECT seq FROM loanstream_progress"), [[last + 2]]);
  });

  it("changes nothing the second time", async () => {
    const directory = await filled([event("1", 0), event("2", 5), event("late", 0), event("1", 0)]);
    const names = base.tables.map(({ name }) => name);
    await rebuild(directory, names);
    const before = withoutEpoch(directory);
    await rebuild(directory, names);
    assert.deepEqual(withoutEpoch(directory), before);
  });

  it("takes in a repaired dead letter that had come too late by then", async () => {
    const directory = newPath();
    const run = await start(directory, { pipeline: base });
    const at = (id: string, minute: number) => JSON.stringify({ id, at: iso(minute * MINUTE_MS) });
    await append(run, ['{"id":"dead"}', at("1", 5)], 0);
    await run.loop.retry([{ partition: 0, position: 0, record: Buffer.from(at("dead", 1)) }]);
    await committed(run);
    await run.loop.drain();
    assert.deepEqual(all(directory, "SELECT position FROM loanstream_late"), [[2]]);
    await rebuild(directory, ["minutes"]);
    assert.deepEqual(all(directory, "SELECT window_start, events FROM minutes ORDER BY 1"), [
      [iso(MINUTE_MS), 1],
      [iso(5 * MINUTE_MS), 1],
    ]);
  });

  it("isn't undone by what a run that was killed had still to put out", async () => {
    const directory = newPath();
    const run = await start(directory, { pipeline: base });
    await append(run, [event("1", 0)]);
    await run.tick();
    await append(run, [event("2", 0), event("3", 5), event("late", 0)]);
    await kill(run);
    await rebuild(directory, ["minutes"]);
    assert.deepEqual(minutes(directory), [
      [0, 3],
      [5, 1],
    ]);
    assert.deepEqual(all(directory, "SELECT total FROM closed"), [[2]]);
    const again = await start(directory, { pipeline: base });
    await again.tick();
    await again.loop.drain();
    assert.deepEqual(minutes(directory), [
      [0, 3],
      [5, 1],
    ]);
  });

  it("tells from where a table counts: from where it was added, then from what the log keeps", async () => {
    const few = { ...base, tables: base.tables.filter(({ name }) => name !== "kinds_seen") };
    const directory = await filled([event("1", 0), event("2", 1)], few);
    await (await start(directory, { pipeline: base })).loop.drain();
    const begun = async () => {
      const found = (await statusOf(directory))?.tables.find(({ name }) => name === "kinds_seen");
      return [found?.used, found?.filtered, found?.begunPosition];
    };
    assert.deepEqual(await begun(), [0, 2, 2]);
    await rebuild(directory, ["kinds_seen"]);
    assert.deepEqual(await begun(), [2, 0, 0]);
  });

  it("takes away rows of windows that HAVING no longer lets out", async () => {
    const directory = await filled([event("1", 0), event("2", 9)]);
    assert.equal(all(directory, "SELECT * FROM closed").length, 1);
    const stricter = variant({ models: { closed: [["sum(amount) > 0", "sum(amount) > 1"]] } });
    const { tables } = await rebuild(directory, ["closed"], stricter);
    assert.deepEqual(all(directory, "SELECT * FROM closed"), []);
    assert.deepEqual(tables[0]?.gone, 1);
  });

  it("leaves windows alone of which the log doesn't keep every event", async () => {
    const directory = newPath();
    const place = await nodeDirectory(join(directory, "log"));
    const retention = { retentionMs: 2 * HOUR_MS, maxBytes: null, nowMs: () => START_MS + 4.5 * HOUR_MS };
    const log = await openSegmentLog(place, { segmentBytes: 1, retention });
    const records = [
      event("0", 1),
      event("1", 61),
      event("2", 121),
      event("3", 181),
      event("4", 241),
      event("5", 301),
    ];
    for (const [hour, text] of [...records, event("late 1", 61), event("late 4", 241)].entries())
      await log.append({ records: [Buffer.from(text)], ingestTimeMs: START_MS + hour * HOUR_MS });
    await log.close();
    await (await start(directory, { pipeline: base })).loop.drain();
    const again = await openSegmentLog(place, { segmentBytes: 1, retention });
    await again.release(3);
    assert.equal(again.start(), 3);
    await again.close();
    const { tables, fromPosition } = await rebuild(directory, ["minutes"]);
    assert.deepEqual(minutes(directory), [
      [1, 1],
      [61, 1],
      [121, 1],
      [181, 1],
      [241, 2],
      [301, 1],
    ]);
    assert.deepEqual([fromPosition, tables[0]?.windows?.earlier, tables[0]?.windows?.open], [3, 4, 1]);
  });

  it("from a time on leaves what was before, in a new form where the table has one", async () => {
    const directory = await filled([
      event("1", 0),
      event("2", 3),
      event("3", 9),
      event("late", 0),
      event("late 3", 3),
    ]);
    const most = variant({
      models: { minutes: [["count(*) AS events", "count(*) AS events, max(amount) AS most"]] },
    });
    const { tables, fromPosition } = await rebuild(directory, ["minutes"], most, START_MS + 2 * MINUTE_MS);
    assert.equal(fromPosition, 0);
    assert.deepEqual(tables[0]?.windows?.earlier, 1);
    assert.deepEqual(all(directory, "SELECT events, most FROM minutes ORDER BY window_start"), [
      [1, null],
      [2, 1],
    ]);
    const run = await start(directory, { pipeline: most });
    await run.tick();
    await run.loop.drain();
    assert.deepEqual(all(directory, "SELECT events, most FROM minutes ORDER BY window_start"), [
      [1, null],
      [2, 1],
      [1, 1],
    ]);
  });

  it("keeps no row of before where the columns that make the key are others", async () => {
    const directory = await filled([event("1", 0), event("2", 3), event("3", 9)]);
    const named = variant({
      models: {
        minutes: [
          ["  kind,", "  kind,\n  name,"],
          ["'1 minute'), kind", "'1 minute'), kind, name"],
        ],
      },
    });
    await rebuild(directory, ["minutes"], named, START_MS + 2 * MINUTE_MS);
    assert.deepEqual(minutes(directory), [[3, 1]]);
  });

  it("raises no alert for what has closed, and leaves those of open windows to the engine", async () => {
    const alerts = 'any: { table: minutes, when: "events >= 2", severity: info, message: "{kind}" }\n';
    const watched = variant({ alerts });
    const directory = await filled([event("1", 0), event("2", 5), event("3", 5), event("late", 0)]);
    await rebuild(directory, ["minutes"], watched);
    assert.deepEqual(minutes(directory), [
      [0, 2],
      [5, 2],
    ]);
    assert.deepEqual(all(directory, "SELECT key FROM alerts"), []);
  });

  it("that fails changes nothing, and can be done again", async () => {
    const directory = await filled([event("1", 0), event("2", 5), event("late", 0)]);
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec(`CREATE TRIGGER no BEFORE INSERT ON busy_names BEGIN SELECT raise(ABORT, 'no'); END`);
    database.close();
    const before = withoutEpoch(directory);
    const changed = variant({ models: { minutes: [["count(*) AS events", "count(*) + 1 AS events"]] } });
    await assert.rejects(rebuild(directory, ["minutes", "busy_names"], changed));
    assert.deepEqual(withoutEpoch(directory), before);
    await (await start(directory, { pipeline: base })).loop.drain();
    await rebuild(directory, ["minutes"], changed);
    assert.deepEqual(minutes(directory), [[0, 3]]);
  });

  it("is refused while another process runs, and where a table that has changed isn't named", async () => {
    const directory = await filled([event("1", 0)]);
    const run = await start(directory, { pipeline: base });
    await assert.rejects(rebuild(directory, ["minutes"]), code("store.in-use"));
    await run.loop.drain();
    const changed = variant({ models: { minutes: [["count(*) AS events", "count(*) + 1 AS events"]] } });
    await assert.rejects(rebuild(directory, ["closed"], changed), code("store.pipeline-changed"));
    const narrower = variant({ schema: [["maximum: 1000", "maximum: 999"]] });
    await assert.rejects(rebuild(directory, ["closed"], narrower), code("store.pipeline-changed"));
  });
});
