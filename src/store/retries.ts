/**
 * Dead letters that were repaired and put into the log again, each with where its repaired form stands. The intent is
 * written before the record is appended, so that after a crash it can be told whether it was.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { RecordPlace } from "../engine/engine.ts";
import type { Transact } from "./transaction.ts";

export interface Intent extends RecordPlace {
  /** Where the repaired record goes. */
  readonly toPartition: number;
  /** Where that partition of the log ended before: the repaired record can't stand earlier. */
  readonly logEnd: number;
  /** SHA-256 of the repaired record, in hexadecimal. */
  readonly hash: string;
}

export interface Settled extends RecordPlace {
  /** Null where the repaired record is not in the log: it can be retried again. */
  readonly retriedAs: RecordPlace | null;
}

export interface Retries {
  isDead(place: RecordPlace): boolean;
  retriedAs(place: RecordPlace): RecordPlace | null;
  /** In the order in which they were begun. */
  unsettled(): readonly Intent[];
  /** Whether the record at a place is the repaired form of some dead letter. */
  isRepaired(place: RecordPlace): boolean;
  begin(intents: readonly Intent[]): void;
  settle(settled: readonly Settled[]): void;
}

export function retriesOf(database: DatabaseSync, transact: Transact): Retries {
  const dead = database.prepare('SELECT 1 FROM loanstream_dead WHERE "partition" = ? AND position = ?');
  const find = database.prepare(
    'SELECT to_partition, retried_as FROM loanstream_retried WHERE "partition" = ? AND position = ?',
  );
  const open = database.prepare(
    "SELECT * FROM loanstream_retried WHERE retried_as IS NULL ORDER BY log_end, rowid",
  );
  const insert = database.prepare("INSERT OR REPLACE INTO loanstream_retried VALUES (?, ?, ?, ?, ?, NULL)");
  const settle = database.prepare(`UPDATE loanstream_retried SET to_partition = ?, retried_as = ?, hash = NULL
    WHERE "partition" = ? AND position = ?`);
  const forget = database.prepare('DELETE FROM loanstream_retried WHERE "partition" = ? AND position = ?');

  return {
    isDead: ({ partition, position }) => dead.get(partition, position) !== undefined,
    retriedAs({ partition, position }) {
      const found = find.get(partition, position);
      return found === undefined ? null : retriedAsOf(found);
    },
    unsettled: () =>
      open.all().map((row) => ({
        partition: Number(row.partition),
        position: Number(row.position),
        toPartition: Number(row.to_partition),
        logEnd: Number(row.log_end),
        hash: String(row.hash),
      })),
    isRepaired: repairedReader(database),
    begin: (intents) =>
      transact(() => {
        for (const { partition, position, toPartition, logEnd, hash } of intents)
          insert.run(partition, position, toPartition, logEnd, hash);
      }),
    settle: (settled) =>
      transact(() => {
        for (const { partition, position, retriedAs } of settled) {
          if (retriedAs === null) forget.run(partition, position);
          else settle.run(retriedAs.partition, retriedAs.position, partition, position);
        }
      }),
  };
}

/** Whether the record at a place is the repaired form of some dead letter. */
export function repairedReader(database: DatabaseSync): (place: RecordPlace) => boolean {
  const repaired = database.prepare(
    "SELECT 1 FROM loanstream_retried WHERE to_partition = ? AND retried_as = ?",
  );
  return ({ partition, position }) => repaired.get(partition, position) !== undefined;
}

/** Null where it isn't known to be in the log. */
export function retriedAsOf(row: Readonly<Record<string, SQLOutputValue>>): RecordPlace | null {
  if (typeof row.retried_as !== "number") return null;
  return { partition: Number(row.to_partition), position: row.retried_as };
}
