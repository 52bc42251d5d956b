/** Log and store of a data directory for reading, also while another process writes them, or before one does. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../errors.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { openLogReaders } from "../eventlog/open-reader.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { refuseOtherLog } from "../store/other-log.ts";
import { errorCodeOf, storeError } from "../store/sqlite-error.ts";
import { openStoreReader, type StoreReader } from "../store/sqlite-reader.ts";
import { STORE_FILE } from "../store/sqlite-store.ts";

export interface DataReader {
  /** A reader a partition of the log; none until there is a log. Throws `store.other-log`, `kafka.topic-missing`, … */
  partitions(): Promise<readonly LogReader[]>;
  /** Null until there is a store. Throws `store.pipeline-changed`, and what SQLite says of the file. */
  store(): StoreReader | null;
  close(): Promise<void>;
}

/** @param kafka where the log is a topic of a cluster */
export function dataReader(
  directory: string,
  pipeline: Pipeline,
  kafka: KafkaSettings | null = null,
): DataReader {
  const topic = kafka && { settings: kafka, topic: pipeline.source.topic };
  let readers: readonly LogReader[] = [];
  let store: StoreReader | null = null;

  function openedStore(): StoreReader | null {
    if (store === null && existsSync(join(directory, STORE_FILE))) store = openStore(directory, pipeline);
    return store;
  }

  return {
    async partitions() {
      if (readers.length > 0) return readers;
      const { identity, partitions } = await openLogReaders(directory, topic);
      readers = partitions;
      refuseOtherLog(openedStore()?.progress().log ?? null, identity, join(directory, STORE_FILE));
      return readers;
    },
    store: openedStore,
    async close() {
      await Promise.all(readers.map((reader) => reader.close()));
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
