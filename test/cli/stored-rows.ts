/** Rows of a data directory's store, as any SQLite client reads them. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";

export function storedRows(directory: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(directory, STORE_FILE), { readOnly: true });
  const rows = database
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }));
  database.close();
  return rows;
}
