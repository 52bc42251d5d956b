/** The log that a data directory's tables are computed from, for whoever reads it beside the process that writes them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { KafkaSettings } from "../kafka/settings.ts";
import type { LogReader, LogReaders } from "./event-log.ts";
import { EMBEDDED } from "./one-partition.ts";
import { openSegmentReader } from "./segments/segment-reader.ts";

/** Within the data directory. */
export const LOG_FOLDER = "log";

/** Null until there is a log. Throws `file.unreadable`. */
export async function openLogReader(dataDirectory: string): Promise<LogReader | null> {
  const path = join(dataDirectory, LOG_FOLDER);
  return existsSync(path) ? openSegmentReader(path) : null;
}

/** A topic as a log. */
export interface KafkaSource {
  readonly settings: KafkaSettings;
  readonly topic: string;
}

/**
 * Of the embedded log where no topic is named. Throws `file.unreadable`; of Kafka what keeps a connection from coming
 * about, and `kafka.topic-missing`.
 */
export async function openLogReaders(dataDirectory: string, kafka: KafkaSource | null): Promise<LogReaders> {
  if (kafka !== null) {
    const { openKafkaLogReader } = await import("./kafka/kafka-reader.ts");
    return openKafkaLogReader(kafka.settings, { topic: kafka.topic });
  }
  const reader = await openLogReader(dataDirectory);
  return { identity: EMBEDDED, partitions: reader === null ? [] : [reader] };
}
