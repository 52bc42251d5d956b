/** What a screen shows of a table. */
import type { DatabaseSync } from "node:sqlite";
import type { Table } from "../pipeline/pipeline.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import type { Value } from "../sql/types.ts";
import { fromSqlite, quoted } from "./columns.ts";

export interface NewestRows {
  readonly table: Table;
  /** Of a row table those that came last, the last first; of a window table those of the latest windows. */
  readonly rows: readonly (readonly Value[])[];
}

export function newestReader(database: DatabaseSync, table: Table): (count: number) => NewestRows {
  const columns = table.relation.columns;
  const names = columns.map(({ name }) => quoted(name)).join(", ");
  const select = database.prepare(
    `SELECT ${names} FROM ${quoted(table.name)} ORDER BY ${newestFirst(table)} LIMIT ?`,
  );
  select.setReadBigInts(true);
  return (count) => {
    const rows = select.all(count).map((row) => columns.map(({ name, type }) => fromSqlite(type, row[name])));
    return { table, rows };
  };
}

function newestFirst({ emit, key, relation }: Table): string {
  const times = new Set(
    relation.columns.filter(({ type }) => type.kind === "timestamp").map(({ name }) => name),
  );
  const time = key.find((name) => times.has(name));
  if (emit === "append" || time === undefined) return `${SEQUENCE_COLUMN} DESC`;
  const others = key.filter((name) => name !== time).map(quoted);
  return [`${quoted(time)} DESC`, ...others].join(", ");
}
