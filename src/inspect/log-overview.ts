/** How much a log holds, by partition, and how much of it is still to be taken in. */
import type { LogReader } from "../eventlog/event-log.ts";
import type { Positions } from "../eventlog/positions.ts";

export interface LogOverview {
  readonly partitions: readonly PartitionOverview[];
  readonly bytes: number;
  /** The arrival time that the oldest record bears: a generated one's may lie before the log's begin. */
  readonly oldestMs: number | null;
}

export interface PartitionOverview {
  readonly start: number;
  readonly end: number;
  /** All before is in the tables. */
  readonly committed: number;
  /** Positions between there and the end: at most as many records. */
  readonly lag: number;
}

/** @param committed up to where the tables are, by partition */
export async function overviewOf(readers: readonly LogReader[], committed: Positions): Promise<LogOverview> {
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

async function ingestTimeAt(reader: LogReader, position: number): Promise<number | null> {
  for await (const { ingestTimesMs } of reader.read(position, position + 1))
    return ingestTimesMs?.[0] ?? null;
  return null;
}

export const lagOf = ({ partitions }: LogOverview): number =>
  partitions.reduce((sum, { lag }) => sum + lag, 0);
