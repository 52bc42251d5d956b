/** Log and store of a data directory for reading, also while another process writes them, or before one does. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../errors.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { errorCodeOf, storeError } from "../store/sqlite-error.ts";
import { openStoreReader, type StoreReader } from "../store/sqlite-reader.ts";
import { STORE_FILE } from "../store/sqlite-store.ts";

export interface DataReader {
  /** Null until there is a log. */
  log(): Promise<LogReader | null>;
  /** Null until there is a store. Throws `store.pipeline-changed`, and what SQLite says of the file. */
  store(): StoreReader | null;
  close(): Promise<void>;
}

export function dataReader(directory: string, pipeline: Pipeline): DataReader {
  let log: LogReader | null = null;
  let store: StoreReader | null = null;
  return {
    async log() {
      log ??= await openLogReader(directory);
      return log;
    },
    store() {
      if (store === null && existsSync(join(directory, STORE_FILE))) store = openStore(directory, pipeline);
      return store;
    },
    async close() {
      await log?.close();
      store?.close();
    },
  };
}

const SQLITE_ERROR = 1;

function openStore(directory: string, pipeline: Pipeline): StoreReader | null {
  try {
    return openStoreReader(directory, pipeline);
  } catch (error) {
    if (errorCodeOf(error) !== SQLITE_ERROR) throw storeError(error, join(directory, STORE_FILE));
    const missing = /no such table: (.*)/.exec(String(error))?.[1] ?? "";
    if (missing.startsWith("loanstream_") || missing === "alerts") return null;
    const message = `the tables kept here are those of another pipeline: ${missing || "a column"} is not among them`;
    throw fail("store.pipeline-changed", message, "Name theirs by --pipeline.", { file: directory });
  }
}
