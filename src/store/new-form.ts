/** A table whose columns or key have changed. */
import type { DatabaseSync } from "node:sqlite";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import { sameType } from "../sql/build.ts";
import { quoted, sqliteType } from "./columns.ts";
import { createTable } from "./tables.ts";

const OLD = "loanstream_old";

/**
 * Gives a table the form that it has now. Its rows stay, with null in columns that are new or of another type; without
 * the columns that make their key they can't be told apart, and go. To be called in a transaction.
 */
export function newForm(database: DatabaseSync, table: Table, before: Pipeline): void {
  const was = before.tables.find(({ name }) => name === table.name);
  if (was && createTable(was) === createTable(table)) return;
  const stays = columnsKept(database, table, was);
  const names = [SEQUENCE_COLUMN, ...stays.map(quoted)].join(", ");
  database.exec(`ALTER TABLE ${quoted(table.name)} RENAME TO ${OLD};
    DROP INDEX IF EXISTS ${quoted(`loanstream_${table.name}_key`)};
    ${createTable(table)}`);
  if (table.key.every((name) => stays.includes(name)))
    database.exec(`INSERT OR REPLACE INTO ${quoted(table.name)} (${names}) SELECT ${names} FROM ${OLD}
      ORDER BY ${SEQUENCE_COLUMN}`);
  database.exec(`DROP TABLE ${OLD}`);
}

/** Those of the same type, as far as it is known of a table that was taken out before. */
function columnsKept(database: DatabaseSync, table: Table, was: Table | undefined): readonly string[] {
  const stored = database.prepare(`PRAGMA table_info(${quoted(table.name)})`).all();
  const types = new Map(stored.map(({ name, type }) => [String(name), String(type)]));
  return table.relation.columns
    .filter(({ name, type }) => {
      const old = was?.relation.columns.find((column) => column.name === name);
      return old ? sameType(old.type, type) : !was && types.get(name) === sqliteType(type);
    })
    .map(({ name }) => name);
}
