/** How much a log holds, by partition, and how much of it is still to be taken in. */
import { join } from "node:path";
import type { LogReader } from "../eventlog/event-log.ts";
import { type KafkaSource, openLogReaders } from "../eventlog/open-reader.ts";
import type { Bounds, Positions } from "../eventlog/positions.ts";
import { refuseOtherLog } from "../store/other-log.ts";
import { STORE_FILE } from "../store/sqlite-store.ts";
import type { DirectoryStatus } from "./status.ts";

export interface LogOverview {
  readonly partitions: readonly PartitionOverview[];
  readonly bytes: number;
  /** The arrival time that the oldest record bears: a generated one's may lie before the log's begin. */
  readonly oldestMs: number | null;
}

export interface PartitionOverview extends Bounds {
  /** All before is in the tables. */
  readonly committed: number;
  /** Positions between there and the end: at most as many records. */
  readonly lag: number;
}

/**
 * Of the log that the tables are computed from: the embedded one where no topic is named. Throws `store.other-log`,
 * `file.unreadable`, `log.corrupt`; of Kafka what keeps a connection from coming about, and `kafka.topic-missing`.
 */
export async function logOverview(
  { directory, logIdentity, positions }: Pick<DirectoryStatus, "directory" | "logIdentity" | "positions">,
  kafka: KafkaSource | null,
): Promise<LogOverview> {
  const { identity, partitions } = await openLogReaders(directory, kafka);
  try {
    refuseOtherLog(logIdentity, identity, join(directory, STORE_FILE));
    return await overviewOf(partitions, positions);
  } finally {
    await Promise.all(partitions.map((reader) => reader.close()));
  }
}

async function overviewOf(readers: readonly LogReader[], committed: Positions): Promise<LogOverview> {
  const found = await Promise.all(readers.map((reader, partition) => lookAt(reader, committed[partition])));
  const oldest = found.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    partitions: found.map(({ partition }) => partition),
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestMs: oldest.length === 0 ? null : Math.min(...oldest),
  };
}

async function lookAt(reader: LogReader, committed: number | undefined) {
  const [start, end] = [await reader.start(), await reader.end()];
  const from = committed ?? start;
  return {
    partition: { start, end, committed: from, lag: Math.max(0, end - Math.max(from, start)) },
    bytes: await reader.bytes(),
    oldestMs: start === end ? null : await ingestTimeAt(reader, start),
  };
}

/** Null where no record is. Throws `log.position-gone` before the oldest. */
export async function ingestTimeAt(reader: LogReader, position: number): Promise<number | null> {
  for await (const { ingestTimesMs } of reader.read(position, position + 1))
    return ingestTimesMs?.[0] ?? null;
  return null;
}

export const lagOf = ({ partitions }: LogOverview): number =>
  partitions.reduce((sum, { lag }) => sum + lag, 0);
