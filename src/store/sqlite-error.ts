/** SQLite's own result codes, https://sqlite.org/rescode.html. */
export const SQLITE_BUSY = 5;

/** The primary result code of an error that node:sqlite threw; null for any other. */
export function errorCodeOf(error: unknown): number | null {
  const isOwn = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return isOwn ? Number(error.errcode) & 0xff : null;
}
