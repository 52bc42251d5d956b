/** The store in SQLite. Its file can be read by any SQLite client while a run writes it. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeDirectories, whyUnwritable } from "../directories.ts";
import { fail } from "../errors.ts";
import { total } from "../eventlog/positions.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { ALERTS_TABLE } from "./alerts.ts";
import { backfillsOf } from "./backfills.ts";
import { quoted } from "./columns.ts";
import { commitWriter } from "./commit-writer.ts";
import { lockDirectory } from "./directory-lock.ts";
import { refuseOtherLog } from "./other-log.ts";
import {
  begunPositions,
  keepBegun,
  keepPipeline,
  PIPELINE_TABLES,
  type PipelineChange,
  pipelineChange,
} from "./pipeline-change.ts";
import { openPrivately } from "./private-file.ts";
import { readProgress } from "./progress.ts";
import { type RebuiltRows, rebuiltRows } from "./rebuilt-rows.ts";
import { retriesOf } from "./retries.ts";
import { recoveryPoints } from "./snapshots.ts";
import { errorCodeOf, storeError } from "./sqlite-error.ts";
import type { Commit, Store, Written } from "./store.ts";
import { createTable, OWN_TABLES } from "./tables.ts";
import { ownersTransactions } from "./transaction.ts";

export const STORE_FILE = "loanstream.sqlite";
const APPLICATION_ID = 0x6c6f616e;
/** Changes when the form of the tables does. */
const FORM = 4;

/**
 * Opens the store of a data directory to write, making what isn't there, and takes it over: no other process can
 * commit any more. Throws `file.unwritable`, `store.in-use`, `store.pipeline-changed`, and what `storeError` gives.
 */
export function openStore(directory: string, pipeline: Pipeline): Store {
  return open(directory, pipeline, new Set(), (database, opened) =>
    storeOver(database, { ...opened, pipeline, writes: pipeline }),
  );
}

export interface StoreToRebuild {
  /** Takes rows of tables that haven't changed. */
  readonly store: Store;
  readonly rows: RebuiltRows;
  /** From where on each table that the store has was counted in, by name: the positions of all partitions together. */
  readonly begun: ReadonlyMap<string, number>;
}

/** As `openStore`, and tables that are to be rebuilt may have changed. */
export function openStoreToRebuild(
  directory: string,
  pipeline: Pipeline,
  rebuilt: ReadonlySet<string>,
): StoreToRebuild {
  return open(directory, pipeline, rebuilt, (database, opened) => {
    const { change } = opened;
    const writes = {
      ...pipeline,
      tables: pipeline.tables.filter((table) => !change?.changed.includes(table)),
    };
    const tables = pipeline.tables.filter(({ name }) => rebuilt.has(name));
    return {
      store: storeOver(database, { ...opened, pipeline, writes }),
      begun: begunPositions(database),
      rows: rebuiltRows(database, { tables, change, source: pipeline.source }),
    };
  });
}

/** Nobody holds the directory where `use` throws. */
function open<Used>(
  directory: string,
  pipeline: Pipeline,
  rebuilt: ReadonlySet<string>,
  use: (database: DatabaseSync, opened: Pick<Opened, "change" | "file" | "release">) => Used,
): Used {
  makeDirectory(directory);
  const lock = lockDirectory(directory);
  const file = join(directory, STORE_FILE);
  try {
    const database = openDatabase(file);
    try {
      const change = takeOver(database, directory, pipeline, rebuilt);
      return use(database, { change, file, release: lock.release });
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw storeError(error, file);
  }
}

function makeDirectory(directory: string): void {
  try {
    makeDirectories(directory, 0o700);
  } catch (error) {
    const message = `the data directory can't be made: ${whyUnwritable(error)}`;
    throw fail("file.unwritable", message, "Name another by --data-dir.", { file: directory });
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = knownForm(openPrivately(path, { timeout: 5000 }), path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORM}`);
  return database;
}

/** A store's file, never to be written. Throws `store.unreadable`, and what SQLite throws. */
export function openToRead(path: string): DatabaseSync {
  return knownForm(new DatabaseSync(path, { readOnly: true, timeout: 5000 }), path);
}

function knownForm(database: DatabaseSync, path: string): DatabaseSync {
  const foreign = foreignForm(database);
  if (foreign === null) return database;
  database.close();
  throw fail("store.unreadable", foreign, "Name another directory by --data-dir.", { file: path });
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

function takeOver(
  database: DatabaseSync,
  directory: string,
  pipeline: Pipeline,
  rebuilt: ReadonlySet<string>,
): PipelineChange | null {
  database.exec(`BEGIN IMMEDIATE; ${OWN_TABLES} ${PIPELINE_TABLES} ${ALERTS_TABLE}`);
  database
    .prepare("INSERT OR IGNORE INTO loanstream_progress VALUES (1, 0, ?, NULL, NULL, 0, '[]', 0, NULL, NULL)")
    .run(randomUUID());
  const change = pipelineChange(database, directory, pipeline, rebuilt);
  for (const table of change?.added ?? []) dropEmpty(database, table);
  const others = new Set(change?.changed);
  for (const table of pipeline.tables) if (!others.has(table)) database.exec(createTable(table));
  database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1; COMMIT");
  return change;
}

/** A start that failed before it had gone on may have made the table in another form. */
function dropEmpty(database: DatabaseSync, { name }: Table): void {
  const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name);
  if (!isThere || database.prepare(`SELECT 1 FROM ${quoted(name)} LIMIT 1`).get()) return;
  database.exec(`DROP TABLE ${quoted(name)}`);
}

interface Opened {
  readonly pipeline: Pipeline;
  readonly change: PipelineChange | null;
  /** Those of whose tables rows are written. */
  readonly writes: Pipeline;
  readonly file: string;
  readonly release: () => void;
}

function keepSeq(database: DatabaseSync, seq: number): number {
  database.prepare("UPDATE loanstream_progress SET seq = ?").run(seq);
  return seq;
}

/** Throws `store.other-log`. */
function keepLog(database: DatabaseSync, log: string, file: string): void {
  const { log: kept } = readProgress(database);
  refuseOtherLog(kept, log, file);
  if (kept === null) database.prepare("UPDATE loanstream_progress SET log = ?").run(log);
}

/** So long a transaction waits for another program's to end before it gives `store.locked`. */
const BUSY_MS = 100;

/** A store over a database that was taken over. */
export function storeOver(
  database: DatabaseSync,
  { pipeline, change, writes, file, release }: Opened,
): Store {
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  const transact = ownersTransactions(database, file);
  const writeCommit = commitWriter(database, writes);
  const points = recoveryPoints(database);
  const keepBegin = database.prepare("UPDATE loanstream_progress SET begun = ?");
  const keepFollowing = database.prepare("UPDATE loanstream_progress SET following = ?");
  let { seq } = readProgress(database);
  return {
    progress: () => readProgress(database),
    snapshots: points.snapshots,
    journal: points.journal,
    neededFrom: points.neededFrom,
    belongsTo: (log) => transact(() => keepLog(database, log, file)),
    commit(commit: Commit): Written {
      const written = transact(() => {
        points.write(commit);
        return writeCommit(commit, seq);
      });
      seq = written.seq;
      return written;
    },
    begin: (positions) => transact(() => void keepBegin.run(JSON.stringify(positions))),
    follow: (following) => transact(() => void keepFollowing.run(following ? 1 : 0)),
    change,
    journalEnd: points.journalEnd,
    keepSnapshot: (state) => transact(() => points.keep(state)),
    adopt({ commit, takenAtMs, packed }, rebuilt, write = (afterSeq) => afterSeq): void {
      seq = transact(() => {
        database.exec("DELETE FROM loanstream_snapshots; DELETE FROM loanstream_journal");
        const { positions } = commit;
        points.keep({ positions, journalId: 0, takenAtMs, packed });
        keepPipeline(database, pipeline, total(commit.positions));
        if (rebuilt) keepBegun(database, rebuilt);
        return keepSeq(database, write(writeCommit(commit, seq).seq));
      });
    },
    retries: retriesOf(database, transact),
    backfills: backfillsOf(database, transact),
    close(): void {
      try {
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch (error) {
        // What is in the write-ahead log is as good as in the file.
        if (errorCodeOf(error) === null) throw error;
      } finally {
        database.close();
        release();
      }
    },
  };
}
