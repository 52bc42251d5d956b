/** Writes commits into the tables. */
import type { DatabaseSync } from "node:sqlite";
import type { TableRows } from "../engine/engine.ts";
import { total } from "../eventlog/positions.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import type { Value } from "../sql/types.ts";
import { type AlertWriter, alertWriters } from "./alerts.ts";
import { toSqlite } from "./columns.ts";
import type { Commit, Written } from "./store.ts";
import { writeRow } from "./tables.ts";

/** Writes a commit, its rows and alerts numbered from `afterSeq` on. */
export type CommitWriter = (commit: Commit, afterSeq: number) => Written;

/** To be called within a transaction. */
export function commitWriter(database: DatabaseSync, pipeline: Pipeline): CommitWriter {
  const writers: ReadonlyMap<string, AlertWriter> = new Map([
    ...pipeline.tables.map((table) => [table.name, rowsWriter(database, table)] as const),
    ...alertWriters(database, pipeline),
  ]);
  const writeProgress = progressWriter(database);
  const writeLetters = lettersWriter(database);
  return (commit, afterSeq) => {
    const written = writeRows(writers, commit.tables, total(commit.positions), afterSeq);
    writeProgress(commit, written.seq);
    writeLetters(commit);
    return written;
  };
}

function writeRows(
  writers: ReadonlyMap<string, AlertWriter>,
  tables: readonly TableRows[],
  position: number,
  afterSeq: number,
): Written {
  let seq = afterSeq;
  const written = tables.map((its) => {
    const write = writers.get(its.table)!;
    const rows = its.rows.filter((row) => {
      const isNew = write(row, seq + 1, position);
      if (isNew) seq += 1;
      return isNew;
    });
    return { ...its, rows };
  });
  return { seq, tables: written };
}

function rowsWriter(database: DatabaseSync, table: Table): (row: readonly Value[], seq: number) => boolean {
  const statement = database.prepare(writeRow(table));
  const written = table.relation.columns.map(({ type }) => toSqlite(type));
  return (row, seq) => {
    statement.run(seq, ...written.map((write, i) => write(row[i] ?? null)));
    return true;
  };
}

function progressWriter(database: DatabaseSync): (commit: Commit, seq: number) => void {
  const update = database.prepare(
    "UPDATE loanstream_progress SET positions = ?, seq = ?, watermark = ?, ledger = ?",
  );
  return ({ positions, watermarkMs, ledger }, seq) => {
    const watermark = watermarkMs === null ? null : new Date(watermarkMs).toISOString();
    update.run(JSON.stringify(positions), seq, watermark, JSON.stringify(ledger));
  };
}

function lettersWriter(database: DatabaseSync): (commit: Commit) => void {
  const insertLate = database.prepare("INSERT INTO loanstream_late VALUES (?, ?)");
  const insertDead = database.prepare("INSERT INTO loanstream_dead VALUES (?, ?, ?, ?)");
  return ({ late, dead }) => {
    for (const { partition, position } of late) insertLate.run(partition, position);
    for (const { partition, position, path, reason } of dead)
      insertDead.run(partition, position, path, reason);
  };
}
