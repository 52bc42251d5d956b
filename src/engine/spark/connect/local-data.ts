/** Local data as Arrow streams of one batch each, which is what a LocalRelation of Spark Connect holds. */
import {
  Bool,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  makeVector,
  Schema,
  Table,
  TimestampMicrosecond,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import { fail } from "../../../errors.ts";
import { BIGINT, type SqlType, type StructField, TIMESTAMP, type Value } from "../../../sql/types.ts";
import type { RecordBatch } from "../../batch.ts";

/** Arrow streams, at least one, all of the same columns. */
export type LocalData = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Below the server's limit of 128 MB for one message. */
const MAX_CHUNK_BYTES = 32 * 2 ** 20;

/** `raw(value STRING, partition INT, position BIGINT, ingest_time TIMESTAMP)`; the values' bytes as they are. */
export async function* rawRecords(
  batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
): AsyncGenerator<Uint8Array> {
  let chunk: RecordBatch[] = [];
  let bytes = 0;
  let sent = false;
  for await (const batch of batches) {
    if (chunk.length > 0 && bytes + batch.bytes.length > MAX_CHUNK_BYTES) {
      yield encodeRecords(chunk);
      sent = true;
      chunk = [];
      bytes = 0;
    }
    chunk.push(batch);
    bytes += batch.bytes.length;
  }
  if (chunk.length > 0 || !sent) yield encodeRecords(chunk);
}

function encodeRecords(batches: readonly RecordBatch[]): Uint8Array {
  const rows = batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => [batch.basePosition + i, ingestTime(batch, i)] as const),
  );
  const partitions = batches.flatMap(({ count, partition }) => Array<number>(count).fill(partition));
  return encode({
    value: recordValues(batches, rows.length),
    partition: vectorFromArray(partitions, new Int32()),
    position: toVector(
      BIGINT,
      rows.map(([position]) => position),
    ),
    ingest_time: toVector(
      TIMESTAMP,
      rows.map(([, timeMs]) => timeMs),
    ),
  });
}

function ingestTime({ ingestTimesMs }: RecordBatch, i: number): number | null {
  const timeMs = ingestTimesMs?.[i] ?? Number.NaN;
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** The records' own bytes as one Arrow column, also where they are no UTF-8. */
function recordValues(batches: readonly RecordBatch[], count: number): Vector<Utf8> {
  const valueOffsets = new Int32Array(count + 1);
  const parts: Uint8Array[] = [];
  let row = 0;
  let end = 0;
  for (const { bytes, offsets, count } of batches) {
    const first = offsets[0] ?? 0;
    for (let i = 1; i <= count; i++) valueOffsets[++row] = end + (offsets[i] ?? first) - first;
    const part = bytes.subarray(first, offsets[count] ?? first);
    parts.push(part);
    end += part.length;
  }
  return makeVector(makeData({ type: new Utf8(), length: count, valueOffsets, data: Buffer.concat(parts) }));
}

/** A table of values; a NaN is a NaN, null is null. Timestamps are whole milliseconds. */
export function localTable(
  columns: readonly StructField[],
  rows: readonly (readonly Value[])[],
): Iterable<Uint8Array> {
  const vectors = columns.map(({ name, type }, i) => {
    const values = rows.map((row) => row[i] ?? null);
    return [name, toVector(type, values)] as const;
  });
  return [encode(Object.fromEntries(vectors))];
}

/** Every column is nullable, so that Spark doesn't plan differently for data without nulls. */
function encode(columns: Record<string, Vector>): Uint8Array {
  const fields = Object.entries(columns).map(([name, { type }]) => new Field(name, type, true));
  return tableToIPC(new Table(new Schema(fields), columns), "stream");
}

function toVector(type: SqlType, values: readonly Value[]): Vector {
  if (type.kind === "timestamp") return timestamps(values);
  return vectorFromArray(
    values.map((value) => arrowValue(type, value)),
    arrowType(type),
  );
}

/** Built from 64-bit integers, since Arrow's own builder multiplies in doubles. */
function timestamps(valuesMs: readonly Value[]): Vector {
  const micros = valuesMs.map((ms) => (ms === null ? null : BigInt(Number(ms)) * 1000n));
  const chunks = vectorFromArray(micros, new Int64()).data.map(({ length, nullCount, nullBitmap, values }) =>
    makeData({ type: new TimestampMicrosecond("UTC"), length, nullCount, nullBitmap, data: values }),
  );
  return new Vector(chunks);
}

function arrowValue(type: SqlType, value: Value): unknown {
  if (type.kind === "array" && Array.isArray(value))
    return value.map((each) => arrowValue(type.element, each));
  return type.kind === "bigint" && typeof value === "number" ? BigInt(value) : value;
}

function arrowType(type: SqlType): DataType {
  switch (type.kind) {
    case "bigint":
      return new Int64();
    case "double":
      return new Float64();
    case "string":
      return new Utf8();
    case "boolean":
      return new Bool();
    case "array":
      return new List(new Field("element", arrowType(type.element), true));
    default:
      throw fail(
        "spark.unsupported-type",
        `local data can't hold a ${type.kind}`,
        "Use columns of BIGINT, DOUBLE, STRING, BOOLEAN, TIMESTAMP, or arrays of the first four.",
      );
  }
}
