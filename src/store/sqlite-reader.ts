/** Committed tables as they are, for whoever shows them. Never writes, never waits for the writer. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import type { Value } from "../sql/types.ts";
import { alertsReader, type StoredAlerts } from "./alerts.ts";
import { fromSqlite, quoted } from "./columns.ts";
import { readProgress } from "./progress.ts";
import { STORE_FILE } from "./sqlite-store.ts";
import type { Progress } from "./store.ts";

export interface NewestRows {
  readonly table: Table;
  /** Of a row table those that came last, the last first; of a window table those of the latest windows. */
  readonly rows: readonly (readonly Value[])[];
}

/** All of it as of one commit. */
export interface StoreView {
  readonly progress: Progress;
  readonly tables: readonly NewestRows[];
  readonly alerts: StoredAlerts;
}

export interface StoreReader {
  /** At most so many rows a table, and as many alerts. */
  newest(rowsATable: number): StoreView;
  close(): void;
}

/** Reads the store of a data directory that was opened to write before. */
export function openStoreReader(directory: string, pipeline: Pipeline): StoreReader {
  const database = new DatabaseSync(join(directory, STORE_FILE), { readOnly: true, timeout: 5000 });
  const readers = pipeline.tables.map((table) => newestReader(database, table));
  const readAlerts = alertsReader(database);
  return {
    newest(rowsATable) {
      database.exec("BEGIN");
      try {
        return {
          progress: readProgress(database),
          tables: readers.map((read) => read(rowsATable)),
          alerts: readAlerts(rowsATable),
        };
      } finally {
        database.exec("COMMIT");
      }
    },
    close: () => database.close(),
  };
}

function newestReader(database: DatabaseSync, table: Table): (count: number) => NewestRows {
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
