/** The embedded engine: everything in this process. */
import { type Alert, computedTables, type Pipeline, type Table } from "../../pipeline/pipeline.ts";
import type { Value } from "../../sql/types.ts";
import type { RecordBatch } from "../batch.ts";
import {
  type Analysis,
  type DeadLetter,
  type Engine,
  firstOfEachId,
  type RecordPlace,
  type TableRows,
} from "../engine.ts";
import { openSession } from "./open.ts";

export const embeddedEngine: Engine = { name: "embedded", analyze };

async function analyze(pipeline: Pipeline, input: AsyncIterable<RecordBatch>): Promise<Analysis> {
  const session = openSession({
    ...pipeline,
    tables: pipeline.tables.map(closing),
    alerts: pipeline.alerts.map((alert): Alert => ({ ...alert, rows: closing(alert.rows) })),
  });
  const rows = new Map<string, (readonly Value[])[]>(computedTables(pipeline).map(({ name }) => [name, []]));
  const late: RecordPlace[] = [];
  const dead: DeadLetter[] = [];
  for await (const batch of input) {
    const output = session.step(batch);
    collect(rows, output.rows);
    collect(rows, session.trigger());
    for (const place of output.late) late.push(place);
    for (const letter of output.dead) dead.push(letter);
  }
  collect(rows, session.finish());
  const of = ({ name }: Table): TableRows => ({ table: name, rows: rows.get(name) ?? [] });
  return {
    tables: pipeline.tables.map(of),
    alerts: pipeline.alerts.map((alert) => firstOfEachId(of(alert.rows))),
    late,
    dead,
    ledger: session.ledger(),
  };
}

/** A bounded input needs the last row of each group only, and that leaves when its window closes. */
export function closing(table: Table): Table {
  return table.emit === "update" || table.emit === "once" ? { ...table, emit: "final" } : table;
}

function collect(into: Map<string, (readonly Value[])[]>, outputs: readonly TableRows[]): void {
  for (const { table, rows } of outputs) for (const row of rows) into.get(table)?.push(row);
}
