/** What a command says of a data directory in which nothing is kept, as where its name is mistyped. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { STORE_FILE } from "../store/sqlite-store.ts";

/** Null where something is kept. */
export function nothingKept(dataDirectory: string): string | null {
  if (existsSync(join(dataDirectory, STORE_FILE))) return null;
  const found = existsSync(dataDirectory)
    ? `Nothing is kept in ${dataDirectory}`
    : `There is no directory ${dataDirectory}`;
  return `${found}; "loanstream run" begins.`;
}
