/** An event log that is all of its source. */
import type { EventLog, PartitionedLog } from "./event-log.ts";

/** What the log of a data directory is called. */
export const EMBEDDED = "the embedded log";

export function onePartition(log: EventLog, identity: string): PartitionedLog {
  return {
    identity,
    partitions: [log],
    partitionOf: () => 0,
    async append(batch) {
      const first = await log.append(batch);
      return batch.records.map((_, i) => ({ partition: 0, position: first + i }));
    },
    close: () => log.close(),
  };
}
