/** How far each file of a backfill has come, so that one that was interrupted goes on where it stopped. */
import type { DatabaseSync } from "node:sqlite";
import type { Transact } from "./transaction.ts";

/** A file, and what tells its content from another of the same name. */
export interface BackfillFile {
  readonly file: string;
  readonly identity: string;
  /** The identity that it had when less was in it: the records of then are the first ones of now. */
  readonly follows?: string;
}

export interface BackfillState {
  /** Where in the log its first record stands. */
  readonly beginPosition: number;
  /** All of it is in the log. */
  readonly done: boolean;
  /** How many of its records are in the log. */
  readonly taken: number;
}

/** A file as it is kept, for whoever reads the store. */
export interface KeptBackfill extends Pick<BackfillState, "done" | "taken"> {
  readonly file: string;
  readonly identity: string;
  /** What the log holds from there on are records of the file as well; null where none are under way. */
  readonly runningFrom: number | null;
}

/** In the order in which they began. */
export function keptBackfills(database: DatabaseSync): readonly KeptBackfill[] {
  const rows = database.prepare("SELECT * FROM loanstream_backfills ORDER BY begin_position, file").all();
  return rows.map(({ file, identity, taken, running_from: from, done }) => ({
    file: String(file),
    identity: String(identity),
    taken: Number(taken),
    runningFrom: from === null ? null : Number(from),
    done: done === 1,
  }));
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
  const resume = database.prepare(
    "UPDATE loanstream_backfills SET identity = ?, running_from = ?, done = 0 WHERE file = ?",
  );
  const stop = database.prepare(`UPDATE loanstream_backfills
    SET taken = taken + ? - running_from, running_from = NULL WHERE running_from IS NOT NULL`);
  const finish = database.prepare("UPDATE loanstream_backfills SET done = 1 WHERE file = ?");

  function found({ file, identity, follows }: BackfillFile): BackfillState | null {
    const row = find.get(file, follows ?? identity);
    if (!row) return null;
    return {
      beginPosition: Number(row.begin_position),
      done: row.done === 1 && follows === undefined,
      taken: Number(row.taken),
    };
  }

  return {
    begin: (file, end) =>
      transact(() => {
        stop.run(end);
        const known = found(file);
        if (known === null) insert.run(file.file, file.identity, end, end);
        else if (!known.done) resume.run(file.identity, end, file.file);
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
