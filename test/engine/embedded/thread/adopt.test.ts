import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LoanstreamError } from "../../../../src/errors.ts";
import type { Pipeline } from "../../../../src/pipeline/pipeline.ts";
import { STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import { logs } from "../../../simulation/events.ts";
import type { LogRecord } from "../../../simulation/simulate.ts";
import { tries } from "../../../tries.ts";
import { NAMES, variant } from "../rebuild/variants.ts";
import { all, committed, kill, newPath, type Run, start } from "./small-run.ts";

const NOON_MS = Date.UTC(2026, 0, 1, 12);
const base = variant();
const ROWS = "event_rows: append";
const FRESH = "SELECT id, at, amount FROM events WHERE amount > 0";
const HALVES = "SELECT window_start, window_end, a FROM kind_counts";

/** Each goes on with the tables that it has in common with the one before. */
const changes: readonly Pipeline[] = [
  variant({ added: { names: NAMES }, settings: [[ROWS, `names: update\n      ${ROWS}`]] }),
  variant({
    added: { fresh: FRESH, halves: HALVES },
    settings: [[ROWS, `fresh: append\n      ${ROWS}\n      halves: final`]],
  }),
  variant({ settings: [["minutes: update\n      busy_names: update\n", "busy_names: update\n"]] }),
  variant({
    settings: [
      ["      kinds_seen: update\n", ""],
      [ROWS, `kinds_seen: update\n      ${ROWS}`],
    ],
  }),
  variant({
    schema: [
      [
        "  kind:\n    type: string\n    enum: [a, b, c]",
        "  more:\n    type: boolean\n  kind:\n    type: string\n    enum: [a, b, c, d]",
      ],
    ],
  }),
  variant({
    alerts: 'busy: { table: busy_names, when: "events > 2", severity: info, message: "{key_value}" }\n',
  }),
];

async function append(run: Run, log: readonly LogRecord[]): Promise<void> {
  const appends = log.map(({ text, ingestTimeMs }) =>
    run.loop.append({ records: [Buffer.from(text)], ingestTimeMs: ingestTimeMs ?? NOON_MS }),
  );
  await Promise.all(appends);
  await committed(run);
}

const contents = (directory: string, { tables }: Pipeline): unknown =>
  Object.fromEntries(
    tables.map(({ name, relation }) => {
      const columns = relation.columns.map((column) => `"${column.name}"`).join(", ");
      return [name, all(directory, `SELECT ${columns} FROM "${name}" ORDER BY ${columns}`)];
    }),
  );

const common = (one: Pipeline, other: Pipeline): Pipeline => ({
  ...one,
  tables: one.tables.filter(({ name }) => other.tables.some((table) => table.name === name)),
});

const ledger = (directory: string) =>
  JSON.parse(String(all(directory, "SELECT ledger FROM loanstream_progress").flat()[0]));

const refusals = (error: unknown): string[] =>
  error instanceof LoanstreamError
    ? error.diagnostics.map(({ message, remedy }) => `${message} | ${remedy}`)
    : [];

describe("a run that starts again with a changed pipeline", () => {
  it("goes on, after a drain or a crash, with the rows of a run that had it from the start", async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.integer({ min: 0, max: 60 }),
        fc.nat(changes.length - 1),
        fc.constantFrom("drained", "killed", "killed before it had begun to go on"),
        async (log, cut, change, end) => {
          const after = changes[change]!;
          const directory = newPath();
          const run = await start(directory, { pipeline: base, snapshotRecords: 7 });
          await append(run, log.slice(0, cut));
          await run.tick();
          await append(run, log.slice(cut, cut + 5));
          if (end === "drained") await run.loop.drain();
          else await kill(run);
          if (end === "killed before it had begun to go on")
            await kill(await start(directory, { pipeline: after }));
          const again = await start(directory, { pipeline: after });
          await append(again, log.slice(cut + 5));
          await again.loop.drain();
          assert.deepEqual([...run.failures, ...again.failures], []);

          const undisturbed = newPath();
          const other = await start(undisturbed, { pipeline: after });
          await append(other, log);
          await other.loop.drain();
          const both = common(after, base);
          assert.deepEqual(contents(directory, both), contents(undisturbed, both));
          const { source, tables } = ledger(directory);
          assert.deepEqual(source, ledger(undisturbed).source);
          assert.deepEqual(
            Object.keys(tables),
            after.tables.map(({ name }) => name),
          );
          for (const { name } of both.tables)
            assert.deepEqual(tables[name], ledger(undisturbed).tables[name]);
        },
      ),
      { numRuns: tries(10) },
    );
  });

  it("has the rows of a new table from there on", async () => {
    const directory = newPath();
    const at = (second: number) =>
      `{"id":"e${second}","at":"${new Date(NOON_MS + second * 1000).toISOString()}","amount":1}`;
    const run = await start(directory, { pipeline: base });
    await append(run, [{ text: at(0), ingestTimeMs: NOON_MS }]);
    await run.loop.drain();
    const again = await start(directory, { pipeline: changes[1]! });
    assert.deepEqual(again.store.change?.notices, [
      'the table fresh begins with what comes from here on; "loanstream rebuild fresh" fills it',
      'the table halves begins with what comes from here on; "loanstream rebuild halves" fills it',
    ]);
    await append(again, [{ text: at(1), ingestTimeMs: NOON_MS }]);
    await again.loop.drain();
    assert.deepEqual(all(directory, "SELECT id FROM fresh"), [["e1"]]);
    assert.deepEqual(
      all(directory, "SELECT name, begun_position FROM loanstream_tables WHERE begun_position > 0"),
      [
        ["fresh", 1],
        ["halves", 1],
      ],
    );
    assert.deepEqual(ledger(directory).tables.fresh, { used: 1, filtered: 1 });
  });

  for (const [what, added] of [
    ["alone", {}],
    ["together with a table", { names: NAMES }],
  ] as const) {
    it(`raises a new alert, added ${what}, for groups that fulfil it already and don't change again`, async () => {
      const directory = newPath();
      const alerts = 'busy: { table: minutes, when: "events > 1", severity: info, message: "{events}" }\n';
      const settings = "names" in added ? ([[ROWS, `names: update\n      ${ROWS}`]] as const) : [];
      const event = (id: string) => ({
        text: `{"id":"${id}","at":"${new Date(NOON_MS).toISOString()}","kind":"a","amount":1}`,
        ingestTimeMs: NOON_MS,
      });
      const run = await start(directory, { pipeline: base });
      await append(run, [event("e1"), event("e2")]);
      await run.loop.drain();
      for (let again = 0; again < 2; again += 1)
        await (await start(directory, { pipeline: variant({ added, settings, alerts }) })).loop.drain();
      assert.deepEqual(all(directory, "SELECT alert, message FROM alerts"), [["busy", "2"]]);
    });
  }

  it("keeps the rows of a table that is gone, and takes it back as it was only", async () => {
    const directory = newPath();
    const without = variant({ settings: [["      closed: final\n", ""]] });
    const other = variant({ models: { closed: [["sum(amount) > 0", "sum(amount) > 1"]] } });
    await (await start(directory, { pipeline: base })).loop.drain();
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("INSERT INTO closed (_seq, window_start) VALUES (1, 'kept')");
    database.close();
    const gone = await start(directory, { pipeline: without });
    assert.deepEqual(gone.store.change?.notices, [
      "the table closed is no longer in the pipeline: its rows stay as they are",
    ]);
    await gone.loop.drain();
    assert.deepEqual(all(directory, "SELECT window_start FROM closed"), [["kept"]]);
    await assert.rejects(start(directory, { pipeline: other }), (error) => {
      assert.deepEqual(refusals(error), [
        'the table closed has changed: it isn\'t the one that was taken out | Take the change back, or run "loanstream rebuild closed".',
      ]);
      return true;
    });
    await (await start(directory, { pipeline: base })).loop.drain();
  });

  it("judges what comes by the new delay, and says so", async () => {
    const directory = newPath();
    const at = (second: number, id: string) => ({
      text: `{"id":"${id}","at":"${new Date(NOON_MS + second * 1000).toISOString()}"}`,
      ingestTimeMs: NOON_MS,
    });
    const run = await start(directory, { pipeline: base });
    await append(run, [at(300, "a"), at(100, "late")]);
    await run.loop.drain();
    const again = await start(directory, { pipeline: { ...base, delayMs: 600_000 } });
    assert.deepEqual(again.store.change?.notices, ["the delay is 600 s, was 60 s: it holds from here on"]);
    await append(again, [at(240, "at"), at(1200, "b"), at(601, "in time"), at(600, "late")]);
    await again.loop.drain();
    assert.deepEqual(ledger(directory).source, { read: 6, accepted: 3, late: 3, duplicate: 0, dead: 0 });
  });

  it("knows the newest event's time under any delay", async () => {
    const directory = newPath();
    const newest = NOON_MS + 300_000;
    const record = (ms: number) => ({
      text: `{"id":"${newest - ms}","at":"${new Date(ms).toISOString()}"}`,
      ingestTimeMs: newest,
    });
    const run = await start(directory, { pipeline: base });
    assert.equal(run.loop.newestEventMs(), null);
    await append(run, [record(newest), record(newest - 1)]);
    await run.loop.drain();
    for (const delayMs of [600_000, 1000]) {
      const again = await start(directory, { pipeline: { ...base, delayMs } });
      assert.equal(again.loop.newestEventMs(), newest);
      await again.loop.drain();
    }
  });

  it("is refused with every table that has changed, and with what of the source has", async () => {
    const directory = newPath();
    await (await start(directory, { pipeline: base })).loop.drain();
    const changed = variant({
      models: {
        minutes: [["count(*) AS events", "count(*) AS events, max(amount) AS most"]],
        event_rows: [["amount * 2 + 1 AS odd", "amount * 2 AS odd"]],
      },
    });
    const remedy = 'Take the change back, or run "loanstream rebuild event_rows minutes".';
    await assert.rejects(start(directory, { pipeline: changed }), (error) => {
      assert.deepEqual(refusals(error), [
        `the table event_rows has changed: odd is computed otherwise | ${remedy}`,
        `the table minutes has changed: most is new | ${remedy}`,
      ]);
      return error instanceof LoanstreamError && error.exitCode === 2;
    });
    const narrower = variant({ schema: [["maximum: 1000", "maximum: 999"]] });
    await assert.rejects(start(directory, { pipeline: narrower }), (error) => {
      assert.deepEqual(refusals(error), [
        "amount has a narrower maximum | Take the change back, or set loanstream.sqlite aside: the next start takes in anew what the log keeps.",
      ]);
      return true;
    });
    await (await start(directory, { pipeline: base })).loop.drain();
  });
});
