/** Opens a session of the embedded engine over a pipeline. */
import { createScanner } from "../../contract/scan.ts";
import { computedTables, type Pipeline, type Table } from "../../pipeline/pipeline.ts";
import { lookup } from "../../sql/catalogue/catalogue.ts";
import type { Value } from "../../sql/types.ts";
import type { Ledger, TableRows } from "../engine.ts";
import { compile, type Program } from "./compile.ts";
import { admit, createGate, type Gate } from "./gate.ts";
import type { Session } from "./session.ts";
import { addRebuilt, restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import { newestMs, settle } from "./watermark.ts";
import { putOutDue } from "./windows.ts";

/** The state of tables that were rebuilt, of which the session's own snapshot knows another one, a part or none. */
export interface RebuiltState {
  readonly snapshot: Uint8Array;
  readonly tables: ReadonlySet<string>;
  /** Identities of the aggregates whose groups are taken from it. */
  readonly aggregates: ReadonlySet<string>;
}

/**
 * A session at the beginning of its input, or at a snapshot. Tables that the snapshot doesn't know begin empty, unless
 * they were rebuilt. Throws `engine.snapshot-mismatch` for a snapshot of other fields of time or id.
 */
export function openSession(pipeline: Pipeline, snapshot?: Uint8Array, rebuilt?: RebuiltState): Session {
  const scan = createScanner(pipeline.schema);
  const program = compile(pipeline, lookup);
  const gate = createGate(pipeline);
  const tables = computedTables(pipeline);
  const parts = { source: pipeline.source, gate, program };
  if (snapshot) restoreSnapshot(snapshot, parts, rebuilt?.aggregates);
  if (snapshot && rebuilt) addRebuilt(rebuilt, parts);

  return {
    step(batch, unread = []) {
      const columns = scan(batch);
      const { rows, count, late, dead } = admit(gate, batch, columns, unread);
      const out = rowsByTable(tables);
      program.run(batch, columns, rows, count, out);
      return { rows: named(tables, out), late, dead };
    },
    trigger(unread = []) {
      settle(gate.watermark, unread);
      return due(tables, program, gate.watermark.atMs);
    },
    finish: () => due(tables, program, Number.POSITIVE_INFINITY),
    ledger: () => ledgerOf(pipeline, gate, program),
    watermarkMs: () => (Number.isFinite(gate.watermark.atMs) ? gate.watermark.atMs : null),
    newestEventMs: () => newestMs(gate.watermark),
    snapshot: () => takeSnapshot(parts),
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
