/** The order of output rows: by their key, nulls first, texts by their UTF-8 bytes, as Spark sorts them. */
import type { Table } from "../pipeline/pipeline.ts";
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
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
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

/** As their UTF-8 bytes compare: surrogates, of the higher code points, come after every other unit. */
function compareTexts(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return ranked(left) - ranked(right);
  }
  return a.length - b.length;
}

function ranked(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
