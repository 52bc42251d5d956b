/**
 * The contract of an engine. `test/conformance/engine.ts` holds every implementation to it.
 * Nothing outside `src/engine/` knows which one runs.
 */
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Value } from "../sql/types.ts";
import type { RecordBatch } from "./batch.ts";

export interface Engine {
  readonly name: "embedded" | "spark";
  /** Runs a pipeline over a bounded input to its end: at the end every window closes. */
  analyze(pipeline: Pipeline, input: AsyncIterable<RecordBatch>): Promise<Analysis>;
}

/** Rows of one table, each with a value a column of the table's plan, in that order. */
export interface TableRows {
  readonly table: string;
  readonly rows: readonly (readonly Value[])[];
}

export interface RecordPlace {
  readonly partition: number;
  readonly position: number;
}

export interface DeadLetter extends RecordPlace {
  readonly path: string;
  readonly reason: string;
}

/** `read = accepted + late + duplicate + dead`. */
export interface SourceLedger {
  readonly read: number;
  readonly accepted: number;
  readonly late: number;
  readonly duplicate: number;
  readonly dead: number;
}

/** `accepted = used + filtered`: how many accepted events contributed to the table. */
export interface TableLedger {
  readonly used: number;
  readonly filtered: number;
}

export interface Ledger {
  readonly source: SourceLedger;
  readonly tables: Readonly<Record<string, TableLedger>>;
}

export interface Analysis {
  /** Final rows, in no particular order. */
  readonly tables: readonly TableRows[];
  /** What each alert raised: rows of `Alert.rows`, one an id. */
  readonly alerts: readonly TableRows[];
  readonly late: readonly RecordPlace[];
  readonly dead: readonly DeadLetter[];
  readonly ledger: Ledger;
}

/** An alert's rows, whose first column is the id, with each id once: an event's id may come again after the delay. */
export function firstOfEachId({ table, rows }: TableRows): TableRows {
  const seen = new Set<Value | undefined>();
  const first = rows.filter(([id]) => {
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
  return { table, rows: first };
}
