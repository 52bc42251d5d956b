/** Positions mean nothing in another log than the one that they were counted in. */
import { fail } from "../errors.ts";

/**
 * Throws `store.other-log`.
 *
 * @param kept the identity of the log that the tables were computed from; null until it is known
 * @param file of the tables
 */
export function refuseOtherLog(kept: string | null, log: string, file: string): void {
  if (kept === null || kept === log) return;
  const message = `these tables were computed from ${kept}, and this is ${log}`;
  const remedy =
    "Name the log that they belong to (broker, kafka.bootstrap), or another directory by --data-dir.";
  throw fail("store.other-log", message, remedy, { file });
}
