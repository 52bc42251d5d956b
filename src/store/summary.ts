/** What a store holds, in numbers, whatever pipeline wrote it. Never writes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Positions } from "../eventlog/positions.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import { type KeptBackfill, keptBackfills } from "./backfills.ts";
import { quoted } from "./columns.ts";
import { begunPositions } from "./pipeline-change.ts";
import { positionsFrom, readProgress } from "./progress.ts";
import { storeError } from "./sqlite-error.ts";
import { openToRead, STORE_FILE } from "./sqlite-store.ts";
import type { Progress } from "./store.ts";

export interface StoreSummary {
  readonly progress: Progress;
  /** The newest. */
  readonly snapshot: SnapshotSummary | null;
  /** Rows of each output table, by name. */
  readonly rows: ReadonlyMap<string, number>;
  /** From where on each table of the pipeline counts events, by name: the positions of all partitions together. */
  readonly begun: ReadonlyMap<string, number>;
  readonly backfills: readonly KeptBackfill[];
  /** Dead letters that were repaired and taken in again. */
  readonly retried: number;
  /** Alerts by their severity. */
  readonly alerts: ReadonlyMap<string, number>;
}

export interface SnapshotSummary {
  readonly positions: Positions;
  readonly takenAtMs: number;
  readonly bytes: number;
}

/** As of one commit; null where no store is. Throws what `storeError` gives. */
export function summarizeStore(directory: string): StoreSummary | null {
  const file = join(directory, STORE_FILE);
  if (!existsSync(file)) return null;
  try {
    using database = openToRead(file);
    database.exec("BEGIN");
    if (!isBegun(database)) return null;
    return {
      progress: readProgress(database),
      snapshot: newestSnapshot(database),
      rows: new Map(outputTables(database).map((name) => [name, countOf(database, name)])),
      begun: begunPositions(database),
      backfills: keptBackfills(database),
      retried: Number(
        database.prepare("SELECT count(retried_as) AS count FROM loanstream_retried").get()?.count,
      ),
      alerts: countsBySeverity(database),
    };
  } catch (error) {
    throw storeError(error, file);
  }
}

/** The first transaction makes every table. */
function isBegun(database: DatabaseSync): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'loanstream_progress'").get() !== undefined
  );
}

function newestSnapshot(database: DatabaseSync): SnapshotSummary | null {
  const row = database
    .prepare("SELECT positions, taken_at, length(state) AS bytes FROM loanstream_snapshots ORDER BY id DESC")
    .get();
  if (row === undefined) return null;
  return {
    positions: positionsFrom(row.positions),
    takenAtMs: Date.parse(String(row.taken_at)),
    bytes: Number(row.bytes),
  };
}

function outputTables(database: DatabaseSync): readonly string[] {
  return database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '${ALERTS}'
      AND name NOT GLOB 'loanstream_*' AND name NOT GLOB 'sqlite_*' ORDER BY rowid`)
    .all()
    .map(({ name }) => String(name));
}

function countOf(database: DatabaseSync, table: string): number {
  return Number(database.prepare(`SELECT count(*) AS count FROM ${quoted(table)}`).get()?.count);
}

function countsBySeverity(database: DatabaseSync): ReadonlyMap<string, number> {
  const rows = database.prepare(`SELECT severity, count(*) AS count FROM ${ALERTS} GROUP BY severity`).all();
  return new Map(rows.map(({ severity, count }) => [String(severity), Number(count)]));
}
