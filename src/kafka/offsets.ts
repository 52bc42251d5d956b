/** Where partitions begin and end, and where a time begins in them. */
import type { Cluster, TopicOfCluster } from "./cluster.ts";
import { apis } from "./versions.ts";

/** Of a partition's records: the oldest kept, behind the newest, or behind the newest whose transaction is decided. */
export type Edge = "start" | "end" | "stable-end";

const TIMESTAMPS: Readonly<Record<Edge, bigint>> = { start: -2n, end: -1n, "stable-end": -1n };
const ANY_REPLICA = -1;
const COMMITTED = 1;

/** By partition. One attempt; throws errors of the catalogue. */
export const offsetsOf = (cluster: Cluster, topic: TopicOfCluster, edge: Edge): Promise<readonly number[]> =>
  listed(cluster, topic, TIMESTAMPS[edge], edge === "stable-end");

/** By partition: of the first record of that time or later, -1 where there is none. As `offsetsOf`. */
export const offsetsAtTime = (
  cluster: Cluster,
  topic: TopicOfCluster,
  timeMs: number,
): Promise<readonly number[]> => listed(cluster, topic, BigInt(Math.max(0, Math.ceil(timeMs))), true);

async function listed(
  cluster: Cluster,
  topic: TopicOfCluster,
  timestamp: bigint,
  committedOnly: boolean,
): Promise<readonly number[]> {
  const found: number[] = [];
  const about = { topic: topic.name, operation: "Describe" };
  for (const [leader, partitions] of Map.groupBy(topic.partitions, (one) => one.leader)) {
    const wanted = partitions.map(({ partition }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: -1,
      timestamp,
    }));
    const request = [{ name: topic.name, partitions: wanted }];
    const answer = await cluster.ask(
      leader,
      apis.listOffsets,
      [ANY_REPLICA, committedOnly ? COMMITTED : 0, request],
      about,
    );
    for (const one of answer.topics[0]?.partitions ?? []) found[one.partitionIndex] = Number(one.offset);
  }
  return found;
}
