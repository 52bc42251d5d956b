/** Spark's results: Arrow batches into rows of values (see `src/sql/types.ts`). */
import { type Data, DataType, type RecordBatch, type Table, tableFromIPC, Vector } from "apache-arrow";
import { fail } from "../../../errors.ts";
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  NULL,
  type SqlType,
  STRING,
  type StructField,
  TIMESTAMP,
  type Value,
} from "../../../sql/types.ts";

/**
 * A query's result, typed as Spark typed it: every integer type is `bigint`, FLOAT is `double`.
 * Values are exactly Spark's: a DOUBLE may be NaN, infinite or -0, a TIMESTAMP may have a fraction of a millisecond.
 */
export interface SparkTable {
  readonly columns: readonly StructField[];
  readonly rows: readonly (readonly Value[])[];
}

/** Throws `spark.unsupported-type` for DECIMAL, DATE, BINARY, MAP and such. */
export function decodeBatches(streams: readonly Uint8Array[]): SparkTable {
  const tables = streams.map((stream) => tableFromIPC(stream));
  const columns = tables[0] ? columnsOf(tables[0]) : [];
  return {
    columns,
    rows: tables.flatMap(({ batches }) => batches.flatMap((batch) => rowsOf(columns, batch))),
  };
}

/** From the batch where there is one, since Arrow's table gives columns of one name one type. */
function columnsOf({ batches, schema }: Table): StructField[] {
  const fields = batches[0]?.data.type.children ?? schema.fields;
  return fields.map(({ name, type }) => ({ name, type: sqlType(type, name) }));
}

function rowsOf(columns: readonly StructField[], { data }: RecordBatch): Value[][] {
  const vectors = data.children.map((child) => new Vector([child]));
  const values = columns.map(({ type }, i) => decode(type, vectors[i] ?? null));
  return Array.from({ length: data.length }, (_, row) => values.map((column) => column[row] ?? null));
}

function sqlType(type: DataType, column: string): SqlType {
  if (DataType.isInt(type)) return BIGINT;
  if (DataType.isFloat(type)) return DOUBLE;
  if (DataType.isUtf8(type)) return STRING;
  if (DataType.isBool(type)) return BOOLEAN;
  if (DataType.isTimestamp(type)) return TIMESTAMP;
  if (DataType.isNull(type)) return NULL;
  if (DataType.isList(type)) return arrayOf(sqlType(type.valueType, column));
  if (DataType.isStruct(type)) {
    const fields = type.children.map((child) => ({ name: child.name, type: sqlType(child.type, column) }));
    return { kind: "struct", fields };
  }
  throw fail(
    "spark.unsupported-type",
    `column ${column} of Spark's result is ${type}`,
    "Cast the column to BIGINT, DOUBLE, STRING, BOOLEAN or TIMESTAMP.",
  );
}

/** Every value of a column; a column that is absent is all null. */
function decode(type: SqlType, vector: Vector | null): Value[] {
  if (!vector || type.kind === "null") return [];
  if (type.kind === "struct") return decodeStructs(type.fields, vector);
  if (type.kind === "timestamp") return vector.data.flatMap((data) => eachValid(data, timestampAt));
  if (type.kind === "string") return vector.data.flatMap((data) => eachValid(data, textAt));
  const one = decoder(type);
  return Array.from({ length: vector.length }, (_, i) => {
    const value: unknown = vector.get(i);
    return value === null ? null : one(value);
  });
}

function eachValid(data: Data, at: (data: Data, index: number) => Value): Value[] {
  return Array.from({ length: data.length }, (_, i) => (data.getValid(i) ? at(data, i) : null));
}

/** From the 64-bit microseconds, since Arrow's own accessor refuses those beyond 2^53. */
function timestampAt(data: Data, i: number): Value {
  const micros = BigInt(data.values[i]);
  return Number(micros / 1000n) + Number(micros % 1000n) / 1000;
}

/** From the bytes, since Arrow's own accessor drops a byte order mark. */
function textAt(data: Data, i: number): Value {
  const bytes: Uint8Array = data.values.subarray(data.valueOffsets[i], data.valueOffsets[i + 1]);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function decodeStructs(fields: readonly StructField[], vector: Vector): Value[] {
  const parts = fields.map(({ type }, i) => decode(type, vector.getChildAt(i)));
  return Array.from({ length: vector.length }, (_, row) =>
    vector.isValid(row) ? parts.map((part) => part[row] ?? null) : null,
  );
}

function decoder(type: SqlType): (value: unknown) => Value {
  switch (type.kind) {
    case "bigint":
      return (value) => narrow(BigInt(value as bigint | number));
    case "array":
      return (value) => decode(type.element, value as Vector);
    default:
      return (value) => value as number | string | boolean;
  }
}

const narrow = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
