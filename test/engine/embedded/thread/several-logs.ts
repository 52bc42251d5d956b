/** A log of several partitions, each of them a directory of segments. */
import type { EventLog, PartitionedLog } from "../../../../src/eventlog/event-log.ts";

/** A record goes to a partition by its length. */
export function severalLogs(logs: readonly EventLog[]): PartitionedLog {
  const partitions = logs.map(numbered);
  const partitionOf = ({ length }: Uint8Array): number => length % logs.length;
  return {
    identity: "several logs",
    partitions,
    partitionOf,
    append: ({ records, ingestTimeMs }) =>
      Promise.all(
        records.map(async (record) => {
          const partition = partitionOf(record);
          const position = await partitions[partition]!.append({ records: [record], ingestTimeMs });
          return { partition, position };
        }),
      ),
    async close() {
      for (const log of logs) await log.close();
    },
  };
}

function numbered(log: EventLog, partition: number): EventLog {
  return {
    ...log,
    async *read(fromPosition) {
      for await (const batch of log.read(fromPosition)) yield { ...batch, partition };
    },
  };
}
