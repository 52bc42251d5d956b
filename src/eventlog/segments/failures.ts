/** What can go wrong with a directory of segments. */
import { fail, LoanstreamError } from "../../errors.ts";

/** Those of POSIX that say that a file can't grow. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** `log.disk-full` or `log.failed` for an error of the file system; one of the catalogue stays as it is. */
export function writeFailure(directory: string, cause: unknown): LoanstreamError {
  if (cause instanceof LoanstreamError) return cause;
  const remedy = "then start again: what was acknowledged is kept.";
  const place = { file: directory };
  if (cause instanceof Error && "code" in cause && NO_ROOM.has(String(cause.code))) {
    const message = `there is no room for more records (${String(cause.code)})`;
    return fail(
      "log.disk-full",
      message,
      `Free space on its disk, or grant a larger quota, ${remedy}`,
      place,
    );
  }
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  const message = `the log can't be opened or written${why}`;
  return fail("log.failed", message, `Look at the disk and at the directory's permissions, ${remedy}`, place);
}

export function closed(directory: string): LoanstreamError {
  return fail("log.failed", "the log is closed", "Open it again.", { file: directory });
}

export function gone(directory: string, position: number, oldest: number): LoanstreamError {
  const message = `position ${position} is no longer kept, the oldest is ${oldest}`;
  return fail("log.position-gone", message, `Begin at ${oldest}.`, { file: directory });
}

export function corrupt(directory: string, recordsFile: string, position: number): LoanstreamError {
  return fail(
    "log.corrupt",
    `the stored records from position ${position} on don't match their checksums`,
    "Restore the directory from a copy, or set it aside and start with an empty one.",
    { file: `${directory}/${recordsFile}` },
  );
}

export function unreadable(directory: string, cause: unknown): LoanstreamError {
  if (cause instanceof LoanstreamError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return fail(
    "file.unreadable",
    `it can't be read (${why})`,
    "Read it as the user that the log belongs to.",
    {
      file: directory,
    },
  );
}
