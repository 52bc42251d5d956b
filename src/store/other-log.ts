/** Positions mean nothing in another log than the one that they were counted in. */
import { fail } from "../errors.ts";

const NAME_ANOTHER =
  "Name the log that they belong to (broker, kafka.bootstrap), or another directory by --data-dir.";

/**
 * Throws `store.other-log`.
 *
 * @param kept the identity of the log that the tables were computed from; null until it is known
 * @param file of the tables
 */
export function refuseOtherLog(kept: string | null, log: string, file: string, remedy = NAME_ANOTHER): void {
  if (kept === null || kept === log) return;
  const message = `these tables were computed from ${kept}, and this is ${log}`;
  throw fail("store.other-log", message, remedy, { file });
}
