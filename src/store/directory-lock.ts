/** One process a data directory. The lock is the operating system's, so that it ends with the process. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fail } from "../errors.ts";
import { openPrivately } from "./private-file.ts";
import { errorCodeOf, SQLITE_BUSY } from "./sqlite-error.ts";

export interface DirectoryLock {
  /** False once somebody has removed the directory, or made it anew. */
  isThere(): boolean;
  release(): void;
}

const FILE = "lock";
/** Whoever only asks holds a lock for a moment. */
const ASKED_WITHIN_MS = 500;

/** Throws `store.in-use`. */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, FILE);
  const file = openPrivately(path, { timeout: ASKED_WITHIN_MS });
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    if (errorCodeOf(error) !== SQLITE_BUSY) throw error;
    const remedy = "Stop the other process, or name another directory by --data-dir.";
    throw fail("store.in-use", "another process runs on this data directory", remedy, { file: directory });
  }
  return { isThere: () => existsSync(path), release: () => file.close() };
}

/** Whether a process runs on the directory. */
export function isLocked(directory: string): boolean {
  const path = join(directory, FILE);
  if (!existsSync(path)) return false;
  using file = new DatabaseSync(path, { readOnly: true });
  try {
    file.prepare("SELECT 1 FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if (errorCodeOf(error) !== SQLITE_BUSY) throw error;
    return true;
  }
}
