/** The columns that a scanner fills, and how a record's fields are taken back when a key comes twice. */
import type { ColumnVector } from "../engine/batch.ts";
import type { FieldLayout } from "./scan-layout.ts";
import type { EventSchema, Leaf } from "./schema.ts";

const NULL_BOOLEAN = 2;

/** The columns of a batch, and each one's values again by kind: at `Leaf.column`, holes elsewhere. */
export interface OpenColumns {
  readonly vectors: readonly ColumnVector[];
  readonly numbers: readonly Float64Array[];
  readonly booleans: readonly Uint8Array[];
  readonly texts: readonly (string | null)[][];
  readonly lists: readonly (readonly string[] | null)[][];
}

/** Columns of `rows` nulls, one a leaf. */
export function openColumns(schema: EventSchema, rows: number): OpenColumns {
  const vectors = schema.leaves.map((leaf) => nullColumn(leaf, rows));
  const numbers: Float64Array[] = [];
  const booleans: Uint8Array[] = [];
  const texts: (string | null)[][] = [];
  const lists: (readonly string[] | null)[][] = [];
  for (const [column, vector] of vectors.entries()) {
    if (vector.kind === "number") numbers[column] = vector.values;
    else if (vector.kind === "boolean") booleans[column] = vector.values;
    else if (vector.kind === "text") texts[column] = vector.values;
    else lists[column] = vector.values;
  }
  return { vectors, numbers, booleans, texts, lists };
}

function nullColumn({ type }: Leaf, rows: number): ColumnVector {
  switch (type.kind) {
    case "string":
      return { kind: "text", values: new Array<string | null>(rows).fill(null) };
    case "array":
      return { kind: "list", values: new Array<readonly string[] | null>(rows).fill(null) };
    case "boolean":
      return { kind: "boolean", values: new Uint8Array(rows).fill(NULL_BOOLEAN) };
    default:
      return { kind: "number", values: new Float64Array(rows).fill(Number.NaN) };
  }
}

/** Makes the field, with all that lies in it, null and absent again in one row. */
export function takeBack(field: FieldLayout, row: number, columns: OpenColumns, seen: Int32Array): void {
  seen[field.slot] = 0;
  for (const inner of field.object?.fields ?? []) takeBack(inner, row, columns, seen);
  const vector = columns.vectors[field.column];
  if (!vector) return;
  if (vector.kind === "number") vector.values[row] = Number.NaN;
  else if (vector.kind === "boolean") vector.values[row] = NULL_BOOLEAN;
  else vector.values[row] = null;
}
