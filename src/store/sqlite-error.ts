/** SQLite's own result codes, https://sqlite.org/rescode.html, as errors of the catalogue. */
import { type ErrorCode, fail } from "../errors.ts";

export const SQLITE_BUSY = 5;

interface Complaint {
  readonly code: ErrorCode;
  readonly what: string;
  readonly remedy: string;
}

const KEPT = "then start again: what was acknowledged is kept in the log.";

const cantWrite: Complaint = {
  code: "store.failed",
  what: "the tables can't be written",
  remedy: `Look at the disk and at permissions, ${KEPT}`,
};
const cantOpen: Complaint = {
  code: "store.unreadable",
  what: "SQLite can't open it",
  remedy: "Look at the file; set it aside to start with an empty one.",
};

const COMPLAINTS: ReadonlyMap<number, Complaint> = new Map([
  [
    SQLITE_BUSY,
    {
      code: "store.locked",
      what: "another program holds a lock on the tables",
      remedy: `End its transaction or close it, ${KEPT}`,
    },
  ],
  [8, cantWrite],
  [10, cantWrite],
  [
    11,
    {
      code: "store.corrupt",
      what: "the tables' file is damaged",
      remedy:
        "Restore the data directory from a copy, or set this file aside: the tables are made anew of what the log keeps.",
    },
  ],
  [
    13,
    {
      code: "store.disk-full",
      what: "there is no room left for the tables",
      remedy: `Make room on the disk, ${KEPT}`,
    },
  ],
  [14, cantOpen],
  [26, cantOpen],
]);

/** The primary result code of an error that node:sqlite threw; null for any other. */
export function errorCodeOf(error: unknown): number | null {
  const isOwn = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return isOwn ? Number(error.errcode) & 0xff : null;
}

/**
 * What SQLite said of a file as an error of the catalogue; any other error as it is. Gives `store.corrupt`,
 * `store.disk-full`, `store.failed`, `store.locked`, `store.unreadable`.
 */
export function storeError(error: unknown, file: string): unknown {
  const complaint = COMPLAINTS.get(errorCodeOf(error) ?? -1);
  if (!complaint || !(error instanceof Error)) return error;
  return fail(complaint.code, `${complaint.what} (${error.message})`, complaint.remedy, { file });
}
