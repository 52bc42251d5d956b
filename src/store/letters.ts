/** Records that came to nothing, by their place in the log: too late, or dead. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { DeadLetter, RecordPlace } from "../engine/engine.ts";
import { retriedAsOf } from "./retries.ts";

export interface StoredDeadLetter extends DeadLetter {
  /** Where its repaired form stands in the log; null where nobody has retried it. */
  readonly retriedAs: RecordPlace | null;
}

export interface LetterQuery {
  readonly limit: number;
  /** Only those that stand after this one. */
  readonly after?: RecordPlace;
  /** Default: the oldest first. */
  readonly newestFirst?: boolean;
}

export type LetterReader<Letter> = (query: LetterQuery) => readonly Letter[];

export function lateReader(database: DatabaseSync): LetterReader<RecordPlace> {
  const select = letters(database, `SELECT "partition", position FROM loanstream_late`);
  return (query) => select(query).map(placeOf);
}

export function deadReader(database: DatabaseSync): LetterReader<StoredDeadLetter> {
  const select = letters(
    database,
    `SELECT * FROM loanstream_dead LEFT JOIN loanstream_retried USING ("partition", position)`,
  );
  return (query) =>
    select(query).map((row) => ({
      ...placeOf(row),
      path: String(row.path),
      reason: String(row.reason),
      retriedAs: retriedAsOf(row),
    }));
}

type Row = Readonly<Record<string, SQLOutputValue>>;

const BEGINNING: RecordPlace = { partition: -1, position: -1 };

function letters(database: DatabaseSync, from: string): (query: LetterQuery) => readonly Row[] {
  const ordered = (direction: string) =>
    database.prepare(`${from} WHERE ("partition", position) > (?, ?)
      ORDER BY "partition" ${direction}, position ${direction} LIMIT ?`);
  const [ascending, descending] = [ordered("ASC"), ordered("DESC")];
  return ({ limit, after = BEGINNING, newestFirst = false }) =>
    (newestFirst ? descending : ascending).all(after.partition, after.position, limit);
}

function placeOf({ partition, position }: Row): RecordPlace {
  return { partition: Number(partition), position: Number(position) };
}
