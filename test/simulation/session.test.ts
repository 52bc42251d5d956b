import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { Session } from "../../src/engine/embedded/session.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Table } from "../../src/pipeline/pipeline.ts";
import { logs, schedules } from "./events.ts";
import { oracle, type Scanned, verdicts, watermarkBefore } from "./oracle.ts";
import { collect, type Outputs, scanned, simulate } from "./simulate.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("pipeline", import.meta.url)));

/** Rows as text, in an order of their own. */
const asSet = (rows: readonly (readonly unknown[])[]): string[] => rows.map(asText).sort();
const asText = (row: readonly unknown[]): string =>
  JSON.stringify(row, (_, value) => (typeof value === "bigint" ? Number(value) : value));

/** The last row of each key. */
function lastRows(table: Table, rows: readonly (readonly unknown[])[]): (readonly unknown[])[] {
  const places = table.key.map((key) => table.relation.columns.findIndex(({ name }) => name === key));
  assert.ok(places.length > 0 && places.every((place) => place >= 0));
  return [...new Map(rows.map((row) => [asText(places.map((place) => row[place])), row])).values()];
}

const windowEnd = ({ relation }: Table) => relation.columns.findIndex(({ name }) => name === "window_end");

/** Every table is what the oracle makes of the records so far, of which windows up to the watermark are closed. */
function assertTables(outputs: Outputs, records: readonly Scanned[], closedUntil: number): void {
  const expected = oracle(records, pipeline);
  for (const table of pipeline.tables) {
    const rows = outputs.rows.get(table.name) ?? [];
    const all = expected.get(table.name)?.rows ?? [];
    if (table.emit === "append") assert.deepEqual(rows.map(asText), all.map(asText), table.name);
    else if (table.emit === "update") assert.deepEqual(asSet(lastRows(table, rows)), asSet(all), table.name);
    else {
      const closed = all.filter((row) => Number(row[windowEnd(table)]) <= closedUntil);
      assert.deepEqual(asSet(rows), asSet(closed), table.name);
    }
  }
}

function assertDecisions(outputs: Outputs, records: readonly Scanned[], session: Session): void {
  const verdict = verdicts(records, pipeline.delayMs);
  const placesOf = (wanted: string) =>
    records.flatMap(({ position }, i) => (verdict[i] === wanted ? [position] : []));
  const positions = (places: readonly { readonly position: number }[]) =>
    places.map(({ position }) => position);
  assert.deepEqual(positions(outputs.late), placesOf("late"));
  assert.deepEqual(positions(outputs.dead), placesOf("dead"));
  const { source, tables } = session.ledger();
  const count = (wanted: string) => placesOf(wanted).length;
  assert.deepEqual(source, {
    read: records.length,
    accepted: count("accepted"),
    late: count("late"),
    duplicate: count("duplicate"),
    dead: count("dead"),
  });
  for (const [name, { used }] of oracle(records, pipeline))
    assert.deepEqual(tables[name], { used, filtered: count("accepted") - used }, name);
  const watermark = watermarkBefore(records, records.length, pipeline.delayMs);
  assert.equal(session.watermarkMs(), Number.isFinite(watermark) ? watermark : null);
}

test("a session equals the oracle in any order, over any batches, triggers and restarts", () => {
  fc.assert(
    fc.property(logs, schedules, (log, schedule) => {
      const records = scanned(pipeline, log);
      const { outputs, session } = simulate(pipeline, log, schedule, (soFar, taken, current) => {
        const prefix = records.slice(0, taken);
        assertTables(soFar, prefix, current.watermarkMs() ?? Number.NEGATIVE_INFINITY);
        assertDecisions(soFar, prefix, current);
      });
      collect(outputs, session.trigger());
      collect(outputs, session.finish());
      assertTables(outputs, records, Number.POSITIVE_INFINITY);
      assertDecisions(outputs, records, session);
    }),
    { numRuns: 150 },
  );
});

test("nothing leaves twice: a trigger without new events is empty", () => {
  fc.assert(
    fc.property(logs, (log) => {
      const { session } = simulate(pipeline, log, [], () => {});
      session.trigger();
      assert.deepEqual(session.trigger(), []);
      session.finish();
      assert.deepEqual(session.finish(), []);
    }),
    { numRuns: 50 },
  );
});
