/**
 * Rows as they leave in JSON: columns in declared order, nulls dropped, times in the one ISO form of 24
 * characters, integers exact however wide.
 */
import type { SqlType, StructField, Value } from "../sql/types.ts";

/** A column of a row, or a field of a struct. */
export type NamedType = Pick<StructField, "name" | "type">;

/** Writes rows of these columns, each as a JSON object on one line, without a line end. */
export function rowWriter(columns: readonly NamedType[]): (row: readonly Value[]) => string {
  const names = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  return (row) => {
    let text = "";
    for (const [i, column] of columns.entries()) {
      const value = row[i] ?? null;
      if (value === null) continue;
      text += `${text === "" ? "" : ","}${names[i]}${valueToJson(column.type, value)}`;
    }
    return `{${text}}`;
  };
}

export function valueToJson(type: SqlType, value: Value): string {
  if (value === null) return "null";
  if (typeof value === "bigint") return value.toString();
  if (type.kind === "timestamp" && typeof value === "number") return `"${new Date(value).toISOString()}"`;
  if (type.kind === "array" && Array.isArray(value)) {
    return `[${value.map((element: Value) => valueToJson(type.element, element)).join(",")}]`;
  }
  if (type.kind === "struct" && Array.isArray(value)) return rowWriter(type.fields)(value);
  return JSON.stringify(value);
}

/** The inverse of `valueToJson`, of parsed JSON; null where it is of another type. */
export function valueFromJson(type: SqlType, json: unknown): Value {
  if (type.kind === "array" && Array.isArray(json))
    return json.map((element) => valueFromJson(type.element, element));
  if (type.kind === "struct" && typeof json === "object" && json !== null) {
    const fields = new Map<string, unknown>(Object.entries(json));
    return type.fields.map((field) => valueFromJson(field.type, fields.get(field.name)));
  }
  if (type.kind === "timestamp" && typeof json === "string") return Date.parse(json);
  return typeof json === "string" || typeof json === "number" || typeof json === "boolean" ? json : null;
}
