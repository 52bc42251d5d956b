/** Files of backfills: what has come in of them, and how one that was interrupted goes on. */
import { counted } from "../output/quantities.ts";
import type { KeptBackfill } from "../store/backfills.ts";
import type { LogOverview } from "./log-overview.ts";
import type { DirectoryStatus } from "./status.ts";

export interface BackfillStatus {
  readonly file: string;
  /** So many of its records are in the log. */
  readonly records: number;
  readonly state: "done" | "under way" | "interrupted";
}

/** Of a directory and its log; where that can't be looked at (null), as far as was noted. */
export function backfillsOf(
  { backfills, process }: Pick<DirectoryStatus, "backfills" | "process">,
  log: LogOverview | null,
): readonly BackfillStatus[] {
  const end = log?.partitions[0]?.end ?? 0;
  return backfills.map((file) => backfillStatus(file, end, process !== null));
}

/** Where the log ends at `end`, and a process runs on the directory or none does. */
export function backfillStatus(
  { file, taken, runningFrom, done }: KeptBackfill,
  end: number,
  isRunning: boolean,
): BackfillStatus {
  const records = taken + (runningFrom === null ? 0 : Math.max(0, end - runningFrom));
  if (done) return { file, records, state: "done" };
  return { file, records, state: isRunning && runningFrom !== null ? "under way" : "interrupted" };
}

export function backfillText({ file, records, state }: BackfillStatus): string {
  const so = { done: "is in", "under way": "is being taken in", interrupted: "was interrupted" }[state];
  return `${file} ${so}, ${counted(records, "record")} of it so far`;
}

/** What a shell takes as it stands. */
export function goOnCommand({ file }: BackfillStatus): string {
  const argument = /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  return `loanstream run --backfill ${argument}`;
}
