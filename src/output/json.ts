/**
 * Rows as they leave in JSON: columns in declared order, nulls dropped, times in the one ISO form of 24
 * characters, integers exact however wide.
 */
import type { SqlType, StructField, Value } from "../sql/types.ts";

/** A column of a row, or a field of a struct. */
export type NamedType = Pick<StructField, "name" | "type">;

type ValueWriter = (value: Value) => string;

/** Writes rows of these columns, each as a JSON object on one line, without a line end. */
export function rowWriter(columns: readonly NamedType[]): (row: readonly Value[]) => string {
  const names = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  const write = columns.map(({ type }) => valueWriter(type));
  return (row) => {
    let text = "";
    for (let i = 0; i < names.length; i++) {
      const value = row[i] ?? null;
      if (value !== null) text += `${text === "" ? "" : ","}${names[i]}${write[i]!(value)}`;
    }
    return `{${text}}`;
  };
}

/** One for many values of a type, none of them null. */
export function valueWriter(type: SqlType): ValueWriter {
  switch (type.kind) {
    case "timestamp":
      return timestampWriter();
    case "array": {
      const write = valueWriter(type.element);
      const element: ValueWriter = (value) => (value === null ? "null" : write(value));
      return (value) => (Array.isArray(value) ? `[${value.map(element).join(",")}]` : plain(value));
    }
    case "struct": {
      const write = rowWriter(type.fields);
      return (value) => (Array.isArray(value) ? write(value) : plain(value));
    }
    default:
      return plain;
  }
}

const plain: ValueWriter = (value) => (typeof value === "object" ? JSON.stringify(value) : scalar(value));

function scalar(value: string | number | bigint | boolean): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function timestampWriter(): ValueWriter {
  const write = timeWriter();
  return (value) => (typeof value === "number" ? `"${write(value)}"` : plain(value));
}

/** Milliseconds in ISO form. Rows of one window come together: the last text is nearly always the next one. */
export function timeWriter(): (timeMs: number) => string {
  let [lastMs, text] = [Number.NaN, ""];
  return (timeMs) => {
    if (timeMs !== lastMs) [lastMs, text] = [timeMs, new Date(timeMs).toISOString()];
    return text;
  };
}

export function valueToJson(type: SqlType, value: Value): string {
  return value === null ? "null" : valueWriter(type)(value);
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
