/** Runs a session over a log as a schedule says, and collects what it puts out. */

import { createScanner } from "../../src/contract/scan.ts";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { Session } from "../../src/engine/embedded/session.ts";
import type { DeadLetter, RecordPlace, TableRows } from "../../src/engine/engine.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Value } from "../../src/sql/types.ts";
import { leaving, type Scanned } from "./oracle.ts";

/** What happens next to a session: so many records in one batch, a trigger, or a restart from a snapshot. */
export type Action =
  | { readonly do: "step"; readonly records: number }
  | { readonly do: "trigger" }
  | { readonly do: "restart" };

export interface LogRecord {
  /** JSON, or something that isn't. */
  readonly text: string;
  readonly ingestTimeMs: number | null;
}

export function batchOf(records: readonly LogRecord[], basePosition: number): RecordBatch {
  const parts = records.map(({ text }) => Buffer.from(`${text}\n`));
  const offsets = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
  const timed = records.some(({ ingestTimeMs }) => ingestTimeMs !== null);
  return {
    partition: 0,
    basePosition,
    count: records.length,
    bytes: Buffer.concat(parts),
    offsets,
    ingestTimesMs: timed ? Float64Array.from(records, ({ ingestTimeMs }) => ingestTimeMs ?? 0) : null,
  };
}

/** Everything a session has put out, in order; rows by table. */
export interface Outputs {
  readonly rows: Map<string, (readonly Value[])[]>;
  readonly late: RecordPlace[];
  readonly dead: DeadLetter[];
}

export function collect({ rows }: Outputs, tables: readonly TableRows[]): void {
  for (const { table, rows: more } of tables) rows.set(table, [...(rows.get(table) ?? []), ...more]);
}

/** Calls `check` with the outputs after each trigger, and how many records the session has taken. */
export function simulate(
  pipeline: Pipeline,
  log: readonly LogRecord[],
  schedule: readonly Action[],
  check: (outputs: Outputs, taken: number, session: Session) => void,
): { readonly outputs: Outputs; readonly session: Session } {
  const outputs: Outputs = { rows: new Map(), late: [], dead: [] };
  let session = openSession(pipeline);
  let taken = 0;
  const step = (count: number) => {
    const records = log.slice(taken, taken + count);
    const output = session.step(batchOf(records, taken));
    taken += records.length;
    collect(outputs, output.rows);
    outputs.late.push(...output.late);
    outputs.dead.push(...output.dead);
  };
  for (const action of schedule) {
    if (action.do === "step") step(action.records);
    else if (action.do === "restart") session = openSession(pipeline, session.snapshot());
    else {
      collect(outputs, session.trigger());
      check(outputs, taken, session);
    }
  }
  step(log.length - taken);
  return { outputs, session };
}

/** The log as the oracle takes it: scanned record by record. */
export function scanned(pipeline: Pipeline, log: readonly LogRecord[]): Scanned[] {
  const scan = createScanner(pipeline.schema);
  const { eventTime, eventId } = pipeline.source;
  const columnOf = (path: string | null) => pipeline.schema.leaves.findIndex((leaf) => leaf.path === path);
  return log.map((record, position) => {
    const { columns, dead } = scan(batchOf([record], position));
    const values = columns.map((vector): unknown => {
      const value = vector.values[0];
      return vector.kind === "boolean" ? [false, true, null][Number(value)] : value;
    });
    const id = leaving(values[columnOf(eventId)]);
    return {
      position,
      dead: dead[0] === 1,
      eventTime: Number(values[columnOf(eventTime)]),
      eventId: id === null || id === undefined ? null : String(id),
      ingestTime: record.ingestTimeMs,
      values: [...values, 0, position],
    };
  });
}
