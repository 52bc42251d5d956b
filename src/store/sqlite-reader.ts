/** Committed tables as they are, for whoever shows them: in the process that writes, or in another. Never writes. */
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { RecordPlace } from "../engine/engine.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { ALERT_COLUMNS, alertsReader, type StoredAlerts } from "./alerts.ts";
import { type KeptBackfill, keptBackfills } from "./backfills.ts";
import { type Change, mergeChanges } from "./changes.ts";
import { deadReader, type LetterQuery, lateReader, type StoredDeadLetter } from "./letters.ts";
import { type NewestRows, newestReader } from "./newest.ts";
import { readProgress } from "./progress.ts";
import { repairedReader } from "./retries.ts";
import { storeError } from "./sqlite-error.ts";
import { openToRead, STORE_FILE } from "./sqlite-store.ts";
import type { Progress } from "./store.ts";
import { type RowQuery, type SequencedRow, type TableRowReader, tableRowReader } from "./table-rows.ts";
import { type TotalColumns, type WindowTotal, windowTotals } from "./window-totals.ts";

/** All of it as of one commit. */
export interface StoreView {
  readonly progress: Progress;
  readonly tables: readonly NewestRows[];
  readonly alerts: StoredAlerts;
}

/** Tables are named as in the pipeline; `alerts` is one too, with the columns of `ALERT_COLUMNS`. */
export interface StoreReader {
  /** At most so many rows a table, and as many alerts. */
  newest(rowsATable: number): StoreView;
  progress(): Progress;
  /**
   * Rows of these tables that were last written later than `afterSeq`, in that order, at most `limit`: whoever asks
   * again from the last one's number on sees the last value of every row.
   */
  changes(tables: readonly string[], afterSeq: number, limit: number): readonly Change[];
  /** The last written first. */
  rows(table: string, query: RowQuery): readonly SequencedRow[];
  count(table: string): number;
  /** Of the latest windows that have rows, the latest last. */
  windowTotals(columns: TotalColumns, windows: number): readonly WindowTotal[];
  deadLetters(query: LetterQuery): readonly StoredDeadLetter[];
  lateRecords(query: LetterQuery): readonly RecordPlace[];
  /** Whether the record at a place is the repaired form of some dead letter. */
  isRepaired(place: RecordPlace): boolean;
  backfills(): readonly KeptBackfill[];
  close(): void;
}

/** Reads the store of a data directory that was opened to write before. Throws what `storeError` gives, as reading does. */
export function openStoreReader(directory: string, pipeline: Pipeline): StoreReader {
  const file = join(directory, STORE_FILE);
  try {
    return readerOver(openToRead(file), pipeline, file);
  } catch (error) {
    throw storeError(error, file);
  }
}

function readerOver(database: DatabaseSync, pipeline: Pipeline, file: string): StoreReader {
  // Own tables first: where they are missing, the store is being made, and nothing else says so.
  const readDead = deadReader(database);
  const readLate = lateReader(database);
  const isRepaired = repairedReader(database);
  const readNewest = pipeline.tables.map((table) => newestReader(database, table));
  const readAlerts = alertsReader(database);
  const readers = tableReaders(database, pipeline);
  const reader = (table: string): TableRowReader => readers.get(table)!;

  /** However many statements it takes. */
  function asOfOneCommit<T>(read: () => T): T {
    try {
      database.exec("BEGIN");
      return read();
    } catch (error) {
      throw storeError(error, file);
    } finally {
      if (database.isTransaction) database.exec("COMMIT");
    }
  }

  return {
    newest: (rowsATable) =>
      asOfOneCommit(() => ({
        progress: readProgress(database),
        tables: readNewest.map((read) => read(rowsATable)),
        alerts: readAlerts(rowsATable),
      })),
    progress: () => asOfOneCommit(() => readProgress(database)),
    changes: (tables, afterSeq, limit) =>
      asOfOneCommit(() =>
        mergeChanges(new Map(tables.map((table) => [table, reader(table)])), afterSeq, limit),
      ),
    rows: (table, query) => asOfOneCommit(() => reader(table).newest(query)),
    count: (table) => asOfOneCommit(() => reader(table).count()),
    windowTotals: (columns, windows) => asOfOneCommit(() => windowTotals(database, columns, windows)),
    deadLetters: (query) => asOfOneCommit(() => readDead(query)),
    lateRecords: (query) => asOfOneCommit(() => readLate(query)),
    isRepaired: (place) => asOfOneCommit(() => isRepaired(place)),
    backfills: () => asOfOneCommit(() => keptBackfills(database)),
    close: () => database.close(),
  };
}

function tableReaders(database: DatabaseSync, { tables }: Pipeline): ReadonlyMap<string, TableRowReader> {
  const named = tables.map(({ name, relation }) => [name, relation.columns] as const);
  return new Map(
    [...named, [ALERTS, ALERT_COLUMNS] as const].map(([name, columns]) => [
      name,
      tableRowReader(database, name, columns),
    ]),
  );
}
