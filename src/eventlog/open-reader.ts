/** The log of a data directory, for whoever reads it beside the process that writes it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogReader } from "./event-log.ts";
import { openSegmentReader } from "./segments/segment-reader.ts";

/** Within the data directory. */
export const LOG_FOLDER = "log";

/** Null until there is a log. Throws `file.unreadable`. */
export async function openLogReader(dataDirectory: string): Promise<LogReader | null> {
  const path = join(dataDirectory, LOG_FOLDER);
  return existsSync(path) ? openSegmentReader(path) : null;
}
