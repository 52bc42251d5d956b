/** How far each file of a backfill has come, so that one that was interrupted goes on where it stopped. */
import type { DatabaseSync } from "node:sqlite";
import type { Transact } from "./transaction.ts";

/** A file, and what tells it from another of the same name: its size and time, say. */
export interface BackfillFile {
  readonly file: string;
  readonly identity: string;
}

export interface BackfillState {
  /** Where in the log its first record stands. */
  readonly beginPosition: number;
  /** All of it is in the log. */
  readonly done: boolean;
  /** How many of its records are in the log. */
  readonly taken: number;
}

export interface Backfills {
  /** Begins a file, or goes on with it, where the log ends at `end`. */
  begin(file: BackfillFile, end: number): BackfillState;
  /** All of the file's records are in the log, which ends at `end`. */
  done(file: string, end: number): void;
  /** Whatever was under way stopped where the log ends: at `end`. To be called before anything else is appended. */
  stopped(end: number): void;
}

export function backfillsOf(database: DatabaseSync, transact: Transact): Backfills {
  const find = database.prepare("SELECT * FROM loanstream_backfills WHERE file = ? AND identity = ?");
  const insert = database.prepare("INSERT OR REPLACE INTO loanstream_backfills VALUES (?, ?, ?, 0, ?, 0)");
  const resume = database.prepare("UPDATE loanstream_backfills SET running_from = ? WHERE file = ?");
  const stop = database.prepare(`UPDATE loanstream_backfills
    SET taken = taken + ? - running_from, running_from = NULL WHERE running_from IS NOT NULL`);
  const finish = database.prepare("UPDATE loanstream_backfills SET done = 1 WHERE file = ?");

  function found({ file, identity }: BackfillFile): BackfillState | null {
    const row = find.get(file, identity);
    if (!row) return null;
    return {
      beginPosition: Number(row.begin_position),
      done: row.done === 1,
      taken: Number(row.taken),
    };
  }

  return {
    begin: (file, end) =>
      transact(() => {
        stop.run(end);
        const known = found(file);
        if (known === null) insert.run(file.file, file.identity, end, end);
        else if (!known.done) resume.run(end, file.file);
        return known ?? { beginPosition: end, done: false, taken: 0 };
      }),
    done: (file, end) =>
      transact(() => {
        stop.run(end);
        finish.run(file);
      }),
    stopped: (end) => transact(() => void stop.run(end)),
  };
}
