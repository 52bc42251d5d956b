/** Rows as they leave in Parquet: the columns' own types, every column nullable, times in UTC milliseconds. */
import type { LogicalType } from "hyparquet";
import { fileWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { SqlType, Value } from "../sql/types.ts";
import type { NamedType } from "./json.ts";

type Row = readonly Value[];
type Stored = null | bigint | number | string | boolean | readonly Stored[] | { [field: string]: Stored };

const ROWS_A_GROUP = 50_000;
const UTC_MILLIS: LogicalType = { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" };

/** Writes the rows to a file, over what was there. Throws what the file system throws. */
export function writeParquet(path: string, columns: readonly NamedType[], rows: readonly Row[]): void {
  const root: SchemaElement = { name: "root", num_children: columns.length };
  const schema = [root, ...columns.flatMap(({ name, type }) => elementsOf(name, type))];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: "loanstream" });
  for (let start = 0; start < rows.length; start += ROWS_A_GROUP) {
    const group = rows.slice(start, start + ROWS_A_GROUP);
    const columnData = columns.map(({ name, type }, i) => ({
      name,
      data: group.map((row) => stored(type, row[i] ?? null)),
    }));
    writer.write({ columnData, rowGroupSize: ROWS_A_GROUP });
  }
  writer.finish();
}

/** The column and what is below it, depth first. Lists have the three levels that the format asks for. */
function elementsOf(name: string, type: SqlType): SchemaElement[] {
  const column: SchemaElement = { name, repetition_type: "OPTIONAL" };
  switch (type.kind) {
    case "bigint":
      return [{ ...column, type: "INT64" }];
    case "double":
      return [{ ...column, type: "DOUBLE" }];
    case "boolean":
      return [{ ...column, type: "BOOLEAN" }];
    case "timestamp":
      return [{ ...column, type: "INT64", converted_type: "TIMESTAMP_MILLIS", logical_type: UTC_MILLIS }];
    case "array": {
      const list: SchemaElement = { name: "list", repetition_type: "REPEATED", num_children: 1 };
      return [
        { ...column, converted_type: "LIST", num_children: 1 },
        list,
        ...elementsOf("element", type.element),
      ];
    }
    case "struct": {
      const fields = type.fields.flatMap((field) => elementsOf(field.name, field.type));
      return [{ ...column, num_children: type.fields.length }, ...fields];
    }
    default:
      return [{ ...column, type: "BYTE_ARRAY", converted_type: "UTF8" }];
  }
}

function stored(type: SqlType, value: Value): Stored {
  if (isList(value)) {
    if (type.kind !== "struct")
      return value.map((each) => stored(type.kind === "array" ? type.element : type, each));
    return Object.fromEntries(
      type.fields.map((field, i) => [field.name, stored(field.type, value[i] ?? null)]),
    );
  }
  const isInteger = type.kind === "bigint" || type.kind === "timestamp";
  return isInteger && typeof value === "number" ? BigInt(value) : value;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
