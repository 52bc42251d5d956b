/** The store in SQLite. Its file can be read by any SQLite client while a run writes it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crc32c } from "../crc32c.ts";
import { fail, LoanstreamError } from "../errors.ts";
import { fingerprint } from "../pipeline/fingerprint.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { ALERTS_TABLE, alertWriters } from "./alerts.ts";
import { toSqlite } from "./columns.ts";
import { lockDirectory } from "./directory-lock.ts";
import { readProgress } from "./progress.ts";
import { errorCodeOf } from "./sqlite-error.ts";
import type { Commit, Snapshot, Store } from "./store.ts";
import { createTable, OWN_TABLES, writeRow } from "./tables.ts";

export const STORE_FILE = "loanstream.sqlite";
const APPLICATION_ID = 0x6c6f616e;
/** Changes when the form of the tables does. */
const FORM = 2;
const SNAPSHOTS_KEPT = 2;

/**
 * Opens the store of a data directory to write, making what isn't there, and takes it over: no other process can
 * commit any more. Throws `file.unwritable`, `store.in-use`, `store.pipeline-changed`, `store.unreadable`.
 */
export function openStore(directory: string, pipeline: Pipeline): Store {
  makeDirectory(directory);
  const lock = lockDirectory(directory);
  try {
    const database = openDatabase(join(directory, STORE_FILE));
    takeOver(database, directory, pipeline);
    return storeOver(database, pipeline, lock.release);
  } catch (error) {
    lock.release();
    throw error instanceof LoanstreamError || errorCodeOf(error) === null
      ? error
      : unreadable(directory, error);
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const message = `the data directory can't be made (${reason})`;
    throw fail("file.unwritable", message, "Name another by --data-dir.", { file: directory });
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  const foreign = foreignForm(database);
  if (foreign !== null) {
    database.close();
    throw fail("store.unreadable", foreign, "Name another directory by --data-dir.", { file: path });
  }
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORM}`);
  return database;
}

/** Why these tables are none that this version can go on with. */
function foreignForm(database: DatabaseSync): string | null {
  if (database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count === 0) return null;
  if (database.prepare("PRAGMA application_id").get()?.application_id !== APPLICATION_ID)
    return "this is another program's SQLite file";
  if (database.prepare("PRAGMA user_version").get()?.user_version !== FORM)
    return "this was written by another version of loanstream";
  return null;
}

function takeOver(database: DatabaseSync, directory: string, pipeline: Pipeline): void {
  const hash = fingerprint(pipeline);
  database.exec(`BEGIN IMMEDIATE; ${OWN_TABLES} ${ALERTS_TABLE}`);
  database.prepare("INSERT OR IGNORE INTO loanstream_progress VALUES (1, ?, 0, 0, 0, NULL, NULL)").run(hash);
  if (database.prepare("SELECT pipeline FROM loanstream_progress").get()?.pipeline !== hash) {
    database.close();
    const message = "the tables kept here are those of a pipeline that has changed since";
    const remedy = "Name another directory by --data-dir, or remove this one to begin anew.";
    throw fail("store.pipeline-changed", message, remedy, { file: directory });
  }
  for (const table of pipeline.tables) database.exec(createTable(table));
  database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1; COMMIT");
}

function storeOver(database: DatabaseSync, pipeline: Pipeline, release: () => void): Store {
  const writeTables = tablesWriter(database, pipeline);
  const writeRest = commitWriter(database);
  let { seq } = readProgress(database);
  return {
    progress: () => readProgress(database),
    snapshots: () => readSnapshots(database),
    commit(commit: Commit): void {
      database.exec("BEGIN IMMEDIATE");
      try {
        const lastSeq = writeTables(commit, seq);
        writeRest(commit, lastSeq);
        database.exec("COMMIT");
        seq = lastSeq;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    close(): void {
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
      release();
    },
  };
}

/** Writes a commit's rows and alerts, numbered from `afterSeq` on; gives the last number. */
function tablesWriter(
  database: DatabaseSync,
  pipeline: Pipeline,
): (commit: Commit, afterSeq: number) => number {
  const writers = new Map([
    ...pipeline.tables.map((table) => [table.name, tableWriter(database, table)] as const),
    ...alertWriters(database, pipeline),
  ]);
  return ({ tables, position }, afterSeq) => {
    let seq = afterSeq;
    for (const { table, rows } of tables) {
      const write = writers.get(table)!;
      for (const row of rows) write(row, ++seq, position);
    }
    return seq;
  };
}

function tableWriter(database: DatabaseSync, table: Table) {
  const statement = database.prepare(writeRow(table));
  const types = table.relation.columns.map(({ type }) => type);
  return (row: Commit["tables"][number]["rows"][number], seq: number): void => {
    statement.run(seq, ...types.map((type, i) => toSqlite(type, row[i] ?? null)));
  };
}

/** Writes what a commit has beside rows of tables, after it made sure of being the owner. */
function commitWriter(database: DatabaseSync): (commit: Commit, seq: number) => void {
  const { ownerEpoch } = readProgress(database);
  const progress = database.prepare(
    "UPDATE loanstream_progress SET position = ?, seq = ?, watermark = ?, ledger = ? WHERE owner_epoch = ?",
  );
  const late = database.prepare("INSERT INTO loanstream_late VALUES (?, ?)");
  const dead = database.prepare("INSERT INTO loanstream_dead VALUES (?, ?, ?, ?)");
  const snapshot = snapshotWriter(database);
  return (commit, seq) => {
    const watermark = commit.watermarkMs === null ? null : new Date(commit.watermarkMs).toISOString();
    const ledger = JSON.stringify(commit.ledger);
    if (progress.run(commit.position, seq, watermark, ledger, ownerEpoch).changes !== 1) throw ownerLost();
    for (const { partition, position } of commit.late) late.run(partition, position);
    for (const { partition, position, path, reason } of commit.dead)
      dead.run(partition, position, path, reason);
    if (commit.snapshot !== null) snapshot(commit.position, commit.snapshot);
  };
}

function snapshotWriter(database: DatabaseSync): (position: number, state: Uint8Array) => void {
  const write = database.prepare("INSERT OR REPLACE INTO loanstream_snapshots VALUES (?, ?, ?)");
  const prune: StatementSync = database.prepare(`DELETE FROM loanstream_snapshots WHERE position NOT IN
    (SELECT position FROM loanstream_snapshots ORDER BY position DESC LIMIT ${SNAPSHOTS_KEPT})`);
  return (position, state) => {
    write.run(position, crc32c(state), state);
    prune.run();
  };
}

function* readSnapshots(database: DatabaseSync): Generator<Snapshot> {
  const rows = database.prepare("SELECT * FROM loanstream_snapshots ORDER BY position DESC").all();
  for (const { position, crc32c: crc, state } of rows) {
    if (state instanceof Uint8Array && crc32c(state) === crc) yield { position: Number(position), state };
  }
}

function ownerLost(): LoanstreamError {
  const remedy = "Let the other process go on, or stop it and start again.";
  return fail("store.owner-lost", "another process took this data directory over", remedy);
}

function unreadable(directory: string, error: unknown): LoanstreamError {
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = "Look at the file; set it aside to start with an empty one.";
  return fail("store.unreadable", `SQLite can't open it (${reason})`, remedy, {
    file: join(directory, STORE_FILE),
  });
}
