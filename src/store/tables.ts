/** SQL text of the output tables and of the store's own, whose names begin with `loanstream_`. */
import type { Table } from "../pipeline/pipeline.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import { quoted, sqliteType } from "./columns.ts";

export const OWN_TABLES = `
  CREATE TABLE IF NOT EXISTS loanstream_progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    owner_epoch INTEGER NOT NULL,
    store_id TEXT NOT NULL,
    log TEXT,
    begun TEXT,
    following INTEGER NOT NULL,
    positions TEXT NOT NULL,
    seq INTEGER NOT NULL,
    watermark TEXT,
    ledger TEXT
  );
  CREATE TABLE IF NOT EXISTS loanstream_snapshots (
    id INTEGER PRIMARY KEY,
    journal_id INTEGER NOT NULL,
    positions TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    crc32 INTEGER NOT NULL,
    state BLOB NOT NULL
  );
  CREATE TABLE IF NOT EXISTS loanstream_journal (id INTEGER PRIMARY KEY, entry TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS loanstream_late (
    "partition" INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY ("partition", position)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS loanstream_dead (
    "partition" INTEGER NOT NULL,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY ("partition", position)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS loanstream_retried (
    "partition" INTEGER NOT NULL,
    position INTEGER NOT NULL,
    to_partition INTEGER NOT NULL,
    log_end INTEGER NOT NULL,
    hash TEXT,
    retried_as INTEGER,
    PRIMARY KEY ("partition", position)
  );
  CREATE INDEX IF NOT EXISTS loanstream_retried_as ON loanstream_retried (to_partition, retried_as);
  CREATE TABLE IF NOT EXISTS loanstream_backfills (
    file TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    begin_position INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    running_from INTEGER,
    done INTEGER NOT NULL
  );
`;

/**
 * An ordinary table under the model's name, with an index over its key where rows are put in place of others. `_seq`
 * orders the changes of all tables: a row that is put in place of another gets a new one.
 */
export function createTable(table: Table): string {
  const columns = table.relation.columns.map(({ name, type }) => `${quoted(name)} ${sqliteType(type)}`);
  const create = `CREATE TABLE IF NOT EXISTS ${quoted(table.name)}
    (${[`${SEQUENCE_COLUMN} INTEGER PRIMARY KEY`, ...columns].join(", ")});`;
  if (table.emit === "append") return create;
  const index = `CREATE UNIQUE INDEX IF NOT EXISTS ${quoted(`loanstream_${table.name}_key`)}`;
  return `${create}\n${index} ON ${quoted(table.name)} (${keyTerms(table)});`;
}

/** Writes one row, its sequence number first: appended, or put in place of the one with its key. */
export function writeRow(table: Table): string {
  const names = table.relation.columns.map(({ name }) => quoted(name));
  const into = [SEQUENCE_COLUMN, ...names];
  const insert = `INSERT INTO ${quoted(table.name)} (${into.join(", ")}) VALUES (${into.map(() => "?").join(", ")})`;
  if (table.emit === "append") return insert;
  const others = table.relation.columns.filter(({ name }) => !table.key.includes(name));
  const replaced = [SEQUENCE_COLUMN, ...others.map(({ name }) => quoted(name))];
  const updates = replaced.map((name) => `${name} = excluded.${name}`);
  return `${insert} ON CONFLICT (${keyTerms(table)}) DO UPDATE SET ${updates.join(", ")}`;
}

/** The key's columns; null, which SQLite holds unlike itself, counts as the empty blob, which no column holds. */
function keyTerms({ key, relation }: Table): string {
  const nullable = new Set(relation.columns.filter((column) => column.nullable).map(({ name }) => name));
  return key.map((name) => (nullable.has(name) ? `ifnull(${quoted(name)}, x'')` : quoted(name))).join(", ");
}
