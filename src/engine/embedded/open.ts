/** Opens a session of the embedded engine over a pipeline. */
import { createScanner } from "../../contract/scan.ts";
import { fingerprint } from "../../pipeline/fingerprint.ts";
import { computedTables, type Pipeline, type Table } from "../../pipeline/pipeline.ts";
import { lookup } from "../../sql/catalogue/catalogue.ts";
import type { Value } from "../../sql/types.ts";
import type { Ledger, TableRows } from "../engine.ts";
import { compile, type Program } from "./compile.ts";
import { admit, createGate, type Gate } from "./gate.ts";
import type { Session } from "./session.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import { putOutDue } from "./windows.ts";

/**
 * A session at the beginning of its input, or at a snapshot of the same pipeline. Throws
 * `engine.snapshot-mismatch` for another pipeline's snapshot.
 */
export function openSession(pipeline: Pipeline, snapshot?: Uint8Array): Session {
  const scan = createScanner(pipeline.schema);
  const program = compile(pipeline, lookup);
  const gate = createGate(pipeline);
  const hash = fingerprint(pipeline);
  const tables = computedTables(pipeline);
  if (snapshot) restoreSnapshot(snapshot, hash, gate, program);

  return {
    step(batch) {
      const columns = scan(batch);
      const { rows, count, late, dead } = admit(gate, batch, columns);
      const out = rowsByTable(tables);
      program.run(batch, columns, rows, count, out);
      return { rows: named(tables, out), late, dead };
    },
    trigger: () => due(tables, program, gate.watermark.atMs),
    finish: () => due(tables, program, Number.POSITIVE_INFINITY),
    ledger: () => ledgerOf(pipeline, gate, program),
    watermarkMs: () => (Number.isFinite(gate.watermark.atMs) ? gate.watermark.atMs : null),
    snapshot: () => takeSnapshot(hash, gate, program),
  };
}

type RowsByTable = (readonly Value[])[][];

function rowsByTable(tables: readonly Table[]): RowsByTable {
  return tables.map(() => []);
}

function named(tables: readonly Table[], out: RowsByTable): TableRows[] {
  return tables.map(({ name }, index) => ({ table: name, rows: out[index]! })).filter(hasRows);
}

function due(tables: readonly Table[], { windows, scratch }: Program, watermarkMs: number): TableRows[] {
  const out = rowsByTable(tables);
  for (const its of windows) putOutDue(its, watermarkMs, scratch, out);
  return named(tables, out);
}

const hasRows = ({ rows }: TableRows): boolean => rows.length > 0;

function ledgerOf({ tables }: Pipeline, { counts }: Gate, { used }: Program): Ledger {
  const lines = tables.map(({ name }, index) => [
    name,
    { used: used[index]!, filtered: counts.accepted - used[index]! },
  ]);
  return { source: { ...counts }, tables: Object.fromEntries(lines) };
}
