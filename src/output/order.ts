/** The order of output rows: by their key, nulls first, texts by their UTF-8 bytes, as Spark sorts them. */
import type { Table } from "../pipeline/pipeline.ts";
import { compareText } from "../sql/runtime.ts";
import type { Value } from "../sql/types.ts";

type Row = readonly Value[];

/** The rows in key order; rows of a table without a key keep theirs. */
export function inKeyOrder(table: Table, rows: readonly Row[]): readonly Row[] {
  if (table.key.length === 0) return rows;
  const places = table.key.map((name) => table.relation.columns.findIndex((column) => column.name === name));
  return rows.toSorted((a, b) => {
    for (const place of places) {
      const order = compareValues(a[place] ?? null, b[place] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  });
}

export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLists(a: Row, b: Row): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareValues(a[i] ?? null, b[i] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
