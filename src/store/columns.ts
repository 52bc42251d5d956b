/**
 * Values in SQLite: BIGINT and BOOLEAN as INTEGER, DOUBLE as REAL, STRING as TEXT, TIMESTAMP as TEXT in ISO form
 * with milliseconds, arrays as JSON text.
 */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { timeWriter, valueFromJson, valueWriter } from "../output/json.ts";
import type { SqlType, Value } from "../sql/types.ts";

export function sqliteType(type: SqlType): "INTEGER" | "REAL" | "TEXT" {
  if (type.kind === "bigint" || type.kind === "boolean") return "INTEGER";
  return type.kind === "double" ? "REAL" : "TEXT";
}

/** One for many values of a type. */
export function toSqlite(type: SqlType): (value: Value) => SQLInputValue {
  const json = valueWriter(type);
  const time = timeWriter();
  const isTime = type.kind === "timestamp";
  return (value) => {
    if (value === null || typeof value === "bigint" || typeof value === "string") return value;
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "number") return isTime ? time(value) : value;
    return json(value);
  };
}

/** The inverse of `toSqlite`, for columns read with big integers. */
export function fromSqlite(type: SqlType, stored: SQLOutputValue | undefined): Value {
  if (stored === null || stored === undefined) return null;
  if (typeof stored === "bigint") {
    if (type.kind === "boolean") return stored !== 0n;
    return BigInt.asIntN(53, stored) === stored ? Number(stored) : stored;
  }
  if (typeof stored !== "string") return typeof stored === "number" ? stored : null;
  if (type.kind === "timestamp") return Date.parse(stored);
  return type.kind === "array" ? valueFromJson(type, JSON.parse(stored)) : stored;
}

/** A name as SQL text. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
