/** What flows into an engine: raw records from an event log, and the typed columns a scanner makes of them. */

/** Consecutive records of one partition, as they came. */
export interface RecordBatch {
  readonly partition: number;
  /** Position of the first record; the i-th has `basePosition + i`. */
  readonly basePosition: number;
  readonly count: number;
  /** UTF-8. Record i is `bytes[offsets[i], offsets[i+1])`; trailing white space may belong to it. */
  readonly bytes: Uint8Array;
  /** `count + 1` ascending offsets into `bytes`. */
  readonly offsets: Uint32Array;
  /** When the log took each record in, milliseconds since the epoch; null where that is unknown (a file). */
  readonly ingestTimesMs: Float64Array | null;
}

/** Those of a batch's records that stand in [fromPosition, toPosition). */
export function recordsBetween(batch: RecordBatch, fromPosition: number, toPosition: number): RecordBatch {
  const from = Math.max(fromPosition - batch.basePosition, 0);
  const to = Math.min(toPosition - batch.basePosition, batch.count);
  return {
    ...batch,
    basePosition: batch.basePosition + from,
    count: to - from,
    offsets: batch.offsets.subarray(from, to + 1),
    ingestTimesMs: batch.ingestTimesMs?.subarray(from, to) ?? null,
  };
}

/** Null is NaN in numbers, 2 in booleans, null in texts and lists. */
export type ColumnVector =
  | { readonly kind: "number"; readonly values: Float64Array }
  | { readonly kind: "boolean"; readonly values: Uint8Array }
  | { readonly kind: "text"; readonly values: (string | null)[] }
  | { readonly kind: "list"; readonly values: (readonly string[] | null)[] };

/** Why a record is dead. Never holds a value of the record. */
export interface Fault {
  readonly row: number;
  /** JSON path such as `$.loan.product`; `$` for the record as a whole. */
  readonly path: string;
  readonly reason: string;
}

/** The records of a `RecordBatch`, row for row. The columns of a dead row hold anything. */
export interface ColumnBatch {
  readonly rows: number;
  /** One a leaf of the schema, by `Leaf.column`. */
  readonly columns: readonly ColumnVector[];
  /** 1 where the record is dead. */
  readonly dead: Uint8Array;
  /** The first complaint of each dead row, in row order. */
  readonly faults: readonly Fault[];
}

/** Turns records into columns, checking the whole schema. Two implementations must agree on any input. */
export type Scanner = (batch: RecordBatch) => ColumnBatch;
