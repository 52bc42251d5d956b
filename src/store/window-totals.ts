/** How a table's windows went: one of its columns, summed over the rows of each window. */
import type { DatabaseSync } from "node:sqlite";
import { quoted } from "./columns.ts";

export interface WindowTotal {
  readonly startMs: number;
  /** Null counts as nothing. */
  readonly total: number;
}

/** Columns of one table: when a row's window begins, and what is summed. */
export interface TotalColumns {
  readonly table: string;
  readonly start: string;
  readonly value: string;
}

/** The latest windows that have rows, the latest last. */
export function windowTotals(
  database: DatabaseSync,
  { table, start, value }: TotalColumns,
  count: number,
): readonly WindowTotal[] {
  const sql = `SELECT ${quoted(start)} AS start, total(${quoted(value)}) AS total FROM ${quoted(table)}
    GROUP BY 1 ORDER BY 1 DESC LIMIT ?`;
  return database
    .prepare(sql)
    .all(count)
    .map(({ start: at, total }) => ({ startMs: Date.parse(String(at)), total: Number(total) }))
    .reverse();
}
