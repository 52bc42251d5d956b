/** One process a data directory. The lock is the operating system's, so that it ends with the process. */
import { DatabaseSync } from "node:sqlite";
import { fail } from "../errors.ts";
import { errorCodeOf, SQLITE_BUSY } from "./sqlite-error.ts";

export interface DirectoryLock {
  release(): void;
}

/** Throws `store.in-use`. */
export function lockDirectory(directory: string): DirectoryLock {
  const file = new DatabaseSync(`${directory}/lock`);
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    if (errorCodeOf(error) !== SQLITE_BUSY) throw error;
    const remedy = "Stop the other process, or name another directory by --data-dir.";
    throw fail("store.in-use", "another process runs on this data directory", remedy, { file: directory });
  }
  return { release: () => file.close() };
}
