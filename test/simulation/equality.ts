/** What it means that a session equals the oracle. */
import assert from "node:assert/strict";
import type { Session } from "../../src/engine/embedded/session.ts";
import { computedTables, type Pipeline, type Table } from "../../src/pipeline/pipeline.ts";
import { type OracleTable, oracle, type Scanned, type Verdict, verdicts, watermarkBefore } from "./oracle.ts";
import { type Action, collect, type LogRecord, type Outputs, scanned, simulate } from "./simulate.ts";

/**
 * Runs a session over the log as the schedule says. At each trigger, and at the end, every table, decision and number
 * of the ledger must be the oracle's for the records so far.
 */
export function assertEqualsOracle(
  pipeline: Pipeline,
  log: readonly LogRecord[],
  schedule: readonly Action[],
): void {
  const records = scanned(pipeline, log);
  const { outputs, session } = simulate(pipeline, log, schedule, (soFar, taken, current) => {
    const closedUntil = current.watermarkMs() ?? Number.NEGATIVE_INFINITY;
    assertEqual({
      pipeline,
      records: records.slice(0, taken),
      outputs: soFar,
      session: current,
      closedUntil,
    });
  });
  collect(outputs, session.trigger());
  collect(outputs, session.finish());
  assertEqual({ pipeline, records, outputs, session, closedUntil: Number.POSITIVE_INFINITY });
}

interface Moment {
  readonly pipeline: Pipeline;
  /** What the session has taken. */
  readonly records: readonly Scanned[];
  /** What it has put out. */
  readonly outputs: Outputs;
  readonly session: Session;
  /** Windows that end by then have closed. */
  readonly closedUntil: number;
}

function assertEqual(moment: Moment): void {
  const expected = oracle(moment.records, moment.pipeline);
  assertTables(moment, expected);
  assertDecisions(moment);
  assertLedger(moment, expected);
}

/** Rows as text, in an order of their own. */
const asSet = (rows: readonly (readonly unknown[])[]): string[] => rows.map(asText).sort();
const asText = (row: readonly unknown[]): string =>
  JSON.stringify(row, (_, value) => (typeof value === "bigint" ? String(value) : value));

/** The last row of each key. */
function lastRows(table: Table, rows: readonly (readonly unknown[])[]): (readonly unknown[])[] {
  const places = table.key.map((key) => table.relation.columns.findIndex(({ name }) => name === key));
  assert.ok(places.length > 0 && places.every((place) => place >= 0));
  return [...new Map(rows.map((row) => [asText(places.map((place) => row[place])), row])).values()];
}

/** Of an alert: what else stands in its rows is of the moment when it was raised. */
const ids = (rows: readonly (readonly unknown[])[]): string[] => rows.map(([id]) => String(id)).sort();

const windowEnd = ({ relation }: Table) => relation.columns.findIndex(({ name }) => name === "window_end");

function assertTables(
  { pipeline, outputs, closedUntil }: Moment,
  expected: ReadonlyMap<string, OracleTable>,
): void {
  for (const table of computedTables(pipeline)) {
    const rows = outputs.rows.get(table.name) ?? [];
    const all = expected.get(table.name)?.rows ?? [];
    if (table.emit === "append") assert.deepEqual(rows.map(asText), all.map(asText), table.name);
    else if (table.emit === "update") assert.deepEqual(asSet(lastRows(table, rows)), asSet(all), table.name);
    else if (table.emit === "once") assert.deepEqual(ids(rows), ids(all), table.name);
    else {
      const closed = all.filter((row) => Number(row[windowEnd(table)]) <= closedUntil);
      assert.deepEqual(asSet(rows), asSet(closed), table.name);
    }
  }
}

function assertDecisions({ pipeline, records, outputs, session }: Moment): void {
  const verdict = verdicts(records, pipeline.delayMs);
  const decided = (wanted: Verdict) => records.filter((_, i) => verdict[i] === wanted).map(positionOf);
  assert.deepEqual(outputs.late.map(positionOf), decided("late"));
  assert.deepEqual(outputs.dead.map(positionOf), decided("dead"));
  assert.deepEqual(session.ledger().source, {
    read: records.length,
    accepted: decided("accepted").length,
    late: decided("late").length,
    duplicate: decided("duplicate").length,
    dead: decided("dead").length,
  });
  const watermark = watermarkBefore(records, records.length, pipeline.delayMs);
  assert.equal(session.watermarkMs(), Number.isFinite(watermark) ? watermark : null);
}

const positionOf = ({ position }: { readonly position: number }): number => position;

function assertLedger({ pipeline, session }: Moment, expected: ReadonlyMap<string, OracleTable>): void {
  const { source, tables } = session.ledger();
  const lines = pipeline.tables.map(({ name }) => {
    const { used = 0 } = expected.get(name) ?? {};
    return [name, { used, filtered: source.accepted - used }];
  });
  assert.deepEqual(tables, Object.fromEntries(lines));
}
