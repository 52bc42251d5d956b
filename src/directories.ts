/** Directories that a user names. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it that aren't there, each with the mode; says whether it made any. Level by level,
 * since Node's recursive mkdir never returns where what is there refuses with ENOENT, as /proc does, and hides a
 * read-only file system behind ENOENT. Throws what the file system says.
 */
export function makeDirectories(path: string, mode = 0o777): boolean {
  if (isDirectory(path)) return false;
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isDirectory(path)) return false;
    const above = dirname(path);
    if (codeOf(error) !== "ENOENT" || above === path) throw error;
    makeDirectories(above, mode);
    mkdirSync(path, { mode });
  }
  return true;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "your user may not write there"],
  ["EEXIST", "it is a file"],
  ["ENOENT", "nothing can be made there"],
  ["ENOSPC", "there is no room left"],
  ["ENOTDIR", "a part of its path is a file"],
  ["EPERM", "your user may not write there"],
  ["EROFS", "its file system is read-only"],
]);

/** Why a directory, or a file in it, can't be made, as people say it. */
export function whyUnwritable(error: unknown): string {
  const code = codeOf(error);
  const reason = REASONS.get(code);
  return reason === undefined ? code : `${reason} (${code})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}
