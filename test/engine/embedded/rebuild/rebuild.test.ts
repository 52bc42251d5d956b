import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RecordBatch } from "../../../../src/engine/batch.ts";
import { embeddedEngine } from "../../../../src/engine/embedded/engine.ts";
import { rebuildDirectory } from "../../../../src/engine/embedded/rebuild/directory.ts";
import type { Pipeline, Table } from "../../../../src/pipeline/pipeline.ts";
import { rowOrigin } from "../../../../src/pipeline/row-origin.ts";
import { toSqlite } from "../../../../src/store/columns.ts";
import { logs } from "../../../simulation/events.ts";
import { batchOf, type LogRecord } from "../../../simulation/simulate.ts";
import { tries } from "../../../tries.ts";
import { all, committed, kill, newPath, type Run, start } from "../thread/small-run.ts";
import { NAMES, variant } from "./variants.ts";

const base = variant();
const withNames = (emit: string) => ({
  added: { names: NAMES },
  settings: [["event_rows: append", `names: ${emit}\n      event_rows: append`] as const],
});

/** Each with the tables that are to be rebuilt for it. */
const changes: readonly (readonly [Pipeline, readonly string[]])[] = [
  [base, base.tables.map(({ name }) => name)],
  [base, ["minutes"]],
  [
    variant({ models: { minutes: [["count(*) AS events", "count(*) AS events, max(amount) AS most"]] } }),
    ["minutes"],
  ],
  [
    variant({ models: { minutes: [["FROM events", "FROM events WHERE flag IS NOT NULL"]] } }),
    ["minutes", "closed"],
  ],
  [
    variant({
      models: {
        event_rows: [
          ["NOT kind <=> 'c'", "kind <=> 'a'"],
          ["amount * 2 + 1 AS odd", "amount * 2 AS even"],
        ],
      },
    }),
    ["event_rows"],
  ],
  [variant({ models: { closed: [["sum(amount) > 0", "sum(amount) > 500"]] } }), ["closed"]],
  [
    variant({
      models: {
        closed: [
          ["flag, count(*)", "flag, kind, count(*)"],
          ["'2 minutes'), flag", "'2 minutes'), flag, kind"],
        ],
      },
    }),
    ["closed", "minutes"],
  ],
  [
    variant({
      settings: [["closed: final", "closed: update"]],
      models: { closed: [["HAVING sum(amount) > 0", ""]] },
    }),
    ["closed"],
  ],
  [
    variant({ models: { kind_counts: [["'4 minutes', '2 minutes'", "'6 minutes', '2 minutes'"]] } }),
    ["kind_shares", "kinds_seen"],
  ],
  [variant(withNames("update")), ["names"]],
  [variant(withNames("final")), ["names", "busy_names"]],
];

const NOON_MS = Date.UTC(2026, 0, 1, 12);

function timed(log: readonly LogRecord[]): readonly LogRecord[] {
  return log.map(({ text, ingestTimeMs }) => ({ text, ingestTimeMs: ingestTimeMs ?? NOON_MS }));
}

async function append(run: Run, log: readonly LogRecord[]): Promise<void> {
  const appends = log.map(({ text, ingestTimeMs }) =>
    run.loop.append({ records: [Buffer.from(text)], ingestTimeMs: ingestTimeMs ?? NOON_MS }),
  );
  await Promise.all(appends);
  await committed(run);
}

async function* batches(log: readonly LogRecord[]): AsyncGenerator<RecordBatch> {
  yield batchOf(log, 0);
}

type Row = readonly unknown[];

const asText = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

function stored(directory: string, { name, relation }: Table): Row[] {
  const columns = relation.columns.map((column) => `"${column.name}"`).join(", ");
  return all(directory, `SELECT ${columns} FROM "${name}"`).map((row) => (Array.isArray(row) ? row : []));
}

/** Tables of the whole log as if nothing were late, as the store would hold them. */
async function oracle(pipeline: Pipeline, log: readonly LogRecord[]): Promise<ReadonlyMap<string, Row[]>> {
  const { tables } = await embeddedEngine.analyze({ ...pipeline, delayMs: 1e14 }, batches(log));
  const types = new Map(pipeline.tables.map(({ name, relation }) => [name, relation.columns]));
  return new Map(
    tables.map(({ table, rows }) => [
      table,
      rows.map((row) => row.map((value, place) => toSqlite(types.get(table)![place]!.type)(value))),
    ]),
  );
}

const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : "");

/** Whether a row is one that a rebuild makes anew: of a closed window, or of an event, from a time on. */
function isRebuilt(
  table: Table,
  pipeline: Pipeline,
  fromMs: number,
  watermarkMs: number,
): (row: Row) => boolean {
  const origin = rowOrigin(table, pipeline.source);
  const at = table.relation.columns.findIndex(({ name }) => name === "at");
  return origin.kind === "event"
    ? (row) => String(row[at]) >= iso(fromMs)
    : (row) => String(row[origin.start]) >= iso(fromMs) && String(row[origin.end]) <= iso(watermarkMs);
}

function isOpen(table: Table, pipeline: Pipeline, watermarkMs: number): (row: Row) => boolean {
  const origin = rowOrigin(table, pipeline.source);
  return (row) => origin.kind === "window" && String(row[origin.end]) > iso(watermarkMs);
}

const watermark = (directory: string) =>
  String(all(directory, "SELECT watermark FROM loanstream_progress").flat()[0] ?? "");
const ledger = (directory: string) =>
  JSON.parse(String(all(directory, "SELECT ledger FROM loanstream_progress").flat()[0]));

describe("rebuild", () => {
  it("makes closed windows and rows those of all events, leaves the rest, and goes on as if it had been so", async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.integer({ min: 0, max: 60 }),
        fc.nat(changes.length - 1),
        fc.boolean(),
        fc.constantFrom(Number.NEGATIVE_INFINITY, NOON_MS - 12 * 3_600_000 + 150_000),
        async (log, cut, change, killed, fromMs) => {
          const [after, names] = changes[change]!;
          const records = timed(log);
          const first = records.slice(0, cut);
          const directory = newPath();
          const run = await start(directory, { pipeline: base, snapshotRecords: 7 });
          await append(run, first);
          await run.tick();
          await append(run, records.slice(cut, cut + 5));
          if (killed) await kill(run);
          else await run.loop.drain();
          const taken = records.slice(0, cut + 5);
          const before = new Map(base.tables.map((table) => [table.name, stored(directory, table)]));

          const done = await rebuildDirectory({
            directory,
            pipeline: after,
            tables: new Set(names),
            fromMs: Number.isFinite(fromMs) ? fromMs : null,
            nowMs: 0,
            along: (its) => its,
          });
          const watermarkMs = Date.parse(watermark(directory));
          const expected = await oracle(after, taken);
          for (const table of after.tables.filter(({ name }) => names.includes(name))) {
            const rebuilt = isRebuilt(table, after, fromMs, watermarkMs);
            const now = stored(directory, table);
            assert.deepEqual(
              asText(now.filter(rebuilt)),
              asText(expected.get(table.name)!.filter(rebuilt)),
              table.name,
            );
            const was = base.tables.find(({ name }) => name === table.name);
            const isSame =
              was !== undefined && JSON.stringify(was.relation) === JSON.stringify(table.relation);
            const kept = (row: Row) => !rebuilt(row) && !isOpen(table, after, watermarkMs)(row);
            if (isSame && !killed)
              assert.deepEqual(asText(now.filter(kept)), asText(before.get(table.name)!.filter(kept)));
            const { same, changed, added } = done.tables.find((its) => its.table === table.name)!;
            const isWhole = table.emit !== "append" || !Number.isFinite(fromMs);
            if (isWhole) assert.equal(same + changed + added, now.filter(rebuilt).length);
          }
          for (const table of after.tables.filter(({ name }) => !names.includes(name) && !killed))
            assert.deepEqual(asText(stored(directory, table)), asText(before.get(table.name)!), table.name);

          const again = await start(directory, { pipeline: after });
          await append(again, records.slice(cut + 5));
          await again.loop.drain();
          assert.deepEqual(again.failures, []);
          for (const table of after.tables.filter(
            ({ name, emit }) => names.includes(name) && emit !== "append",
          )) {
            const rebuilt = isRebuilt(table, after, fromMs, watermarkMs);
            const expectedRows = expected.get(table.name)!.filter(rebuilt);
            assert.deepEqual(
              asText(stored(directory, table).filter(rebuilt)),
              asText(expectedRows),
              table.name,
            );
          }
          const undisturbed = newPath();
          const other = await start(undisturbed, { pipeline: after });
          await append(other, records);
          await other.loop.drain();
          for (const table of after.tables) {
            const open = isOpen(table, after, watermarkMs);
            const expectedOpen = stored(undisturbed, table).filter(open);
            assert.deepEqual(asText(stored(directory, table).filter(open)), asText(expectedOpen), table.name);
          }
          assert.deepEqual(ledger(directory), ledger(undisturbed));
        },
      ),
      { numRuns: tries(15) },
    );
  });

  it("completes tables that began at any moment as if they had been there from the start", async () => {
    const begins = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 });
    const cuts = fc.tuple(...[0, 1, 2].map(() => fc.nat(25)));
    const chosen = fc.subarray(base.tables.map(({ name }) => name));
    await fc.assert(
      fc.asyncProperty(logs, begins, cuts, chosen, fc.boolean(), async (log, begun, cut, names, adds) => {
        const [first, second, third] = cut.map((_, i) => cut.slice(0, i + 1).reduce((a, b) => a + b));
        const records = timed(log);
        const parts = [records.slice(0, first), records.slice(first, second), records.slice(second, third)];
        const from = begun.map((part, i) => (i === 0 ? 0 : part));
        const until = adds ? 2 : 3;
        const directory = newPath();
        for (const [part, its] of parts.slice(0, until).entries()) {
          const tables = base.tables.filter((_, i) => from[i]! <= part);
          const run = await start(directory, { pipeline: { ...base, tables }, snapshotRecords: 7 });
          await append(run, its);
          await run.tick();
          await run.loop.drain();
        }
        const rebuild = () =>
          rebuildDirectory({
            ...{ directory, pipeline: base, tables: new Set(names) },
            ...{ fromMs: null, nowMs: 0, along: (its) => its },
          });
        await rebuild();
        const watermarkMs = Date.parse(watermark(directory));
        const again = await start(directory, { pipeline: base });
        await again.tick();
        await append(again, parts.slice(until).flat());
        await append(again, records.slice(third));
        await again.loop.drain();

        const undisturbed = newPath();
        const other = await start(undisturbed, { pipeline: base });
        await append(other, records);
        await other.loop.drain();
        const whole = base.tables.filter(({ name }, i) => names.includes(name) || from[i] === 0);
        for (const table of whole) {
          const open = isOpen(table, base, watermarkMs);
          const expected = stored(undisturbed, table).filter(open);
          assert.deepEqual(asText(stored(directory, table).filter(open)), asText(expected), table.name);
          assert.deepEqual(ledger(directory).tables[table.name], ledger(undisturbed).tables[table.name]);
        }
        await rebuild();
        const before = base.tables.map((table) => stored(directory, table));
        const { tables } = await rebuild();
        assert.ok(tables.every(({ changed, added, gone }) => changed + added + gone === 0));
        assert.deepEqual(
          base.tables.map((table) => stored(directory, table)),
          before,
        );
      }),
      { numRuns: tries(10) },
    );
  });
});
