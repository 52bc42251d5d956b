/** One command at a time changes the stack of a folder. The lock is the operating system's: it ends with the process. */
import { DatabaseSync } from "node:sqlite";
import { fail } from "../src/errors.ts";

/** Throws `stack.busy`. */
export async function withStackLocked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const file = new DatabaseSync(`${directory}/lock`);
  try {
    lock(file, directory);
    return await work();
  } finally {
    file.close();
  }
}

function lock(file: DatabaseSync, directory: string): void {
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch {
    const remedy = "Wait until it is done.";
    throw fail("stack.busy", "another command starts or stops these services", remedy, { file: directory });
  }
}
