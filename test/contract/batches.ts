/** Record batches made of texts, and columns read back as rows. */
import { Buffer } from "node:buffer";
import type { ColumnBatch, ColumnVector, RecordBatch } from "../../src/engine/batch.ts";

export function batchOf(records: readonly (string | Uint8Array)[]): RecordBatch {
  const parts = records.map((record) => Buffer.from(record));
  const offsets = new Uint32Array(parts.length + 1);
  for (const [index, part] of parts.entries()) offsets[index + 1] = offsets[index]! + part.length;
  return {
    partition: 0,
    basePosition: 0,
    count: parts.length,
    bytes: Buffer.concat(parts),
    offsets,
    ingestTimesMs: null,
  };
}

/** The values of a row, one a leaf, null for null; null for a dead row. */
export function rowOf(batch: ColumnBatch, row: number): unknown[] | null {
  return batch.dead[row] === 1 ? null : batch.columns.map((column) => valueAt(column, row));
}

function valueAt(column: ColumnVector, row: number): unknown {
  const value = column.values[row];
  if (column.kind === "boolean") return value === 2 ? null : value === 1;
  return Number.isNaN(value) ? null : value;
}
