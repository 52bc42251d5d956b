/** SQLite's files for their owner alone: those beside a database get the permissions that it has. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

interface Options {
  readonly timeout: number;
}

/** Opens a database to write; made if it isn't there, and then nobody else may read it. Throws what SQLite throws. */
export function openPrivately(path: string, options: Options): DatabaseSync {
  makeEmpty(path);
  return new DatabaseSync(path, options);
}

/** Only one that isn't there: to close a file that is open elsewhere in the process would end SQLite's locks on it. */
function makeEmpty(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It is there, or SQLite says why it can't be.
  }
}
