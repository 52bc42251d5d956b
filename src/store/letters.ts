/** Records that came to nothing, by their place in the log: too late, or dead. */
import type { DatabaseSync } from "node:sqlite";
import type { DeadLetter, RecordPlace } from "../engine/engine.ts";

export interface StoredDeadLetter extends DeadLetter {
  /** Where its repaired form stands in the log; null where nobody has retried it. */
  readonly retriedAs: number | null;
}

export interface LetterQuery {
  readonly limit: number;
  /** Only those that stand after this one. */
  readonly after?: RecordPlace;
}

/** The oldest first. */
export type LetterReader<Letter> = (query: LetterQuery) => readonly Letter[];

const BEGINNING: RecordPlace = { partition: -1, position: -1 };

export function lateReader(database: DatabaseSync): LetterReader<RecordPlace> {
  const select = database.prepare(`SELECT "partition", position FROM loanstream_late
    WHERE ("partition", position) > (?, ?) ORDER BY "partition", position LIMIT ?`);
  return ({ limit, after = BEGINNING }) =>
    select.all(after.partition, after.position, limit).map(({ partition, position }) => ({
      partition: Number(partition),
      position: Number(position),
    }));
}

export function deadReader(database: DatabaseSync): LetterReader<StoredDeadLetter> {
  const select = database.prepare(`SELECT * FROM loanstream_dead
    LEFT JOIN loanstream_retried USING ("partition", position)
    WHERE ("partition", position) > (?, ?) ORDER BY "partition", position LIMIT ?`);
  return ({ limit, after = BEGINNING }) =>
    select.all(after.partition, after.position, limit).map((row) => ({
      partition: Number(row.partition),
      position: Number(row.position),
      path: String(row.path),
      reason: String(row.reason),
      retriedAs: row.retried_as === null ? null : Number(row.retried_as),
    }));
}
