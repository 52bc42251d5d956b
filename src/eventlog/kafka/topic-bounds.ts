/** What a cluster tells of a topic's partitions. */
import type { Cluster } from "../../kafka/cluster.ts";
import { offsetsAtTime, offsetsOf } from "../../kafka/offsets.ts";
import { type Patience, retrying } from "../../kafka/retry.ts";
import type { Bounds } from "../positions.ts";

export interface TopicBounds {
  /** A UUID; another one once the topic was deleted and made again. */
  readonly topicId: string;
  /** By partition; each ends behind the last record whose transaction is decided, as are all before it. */
  readonly bounds: readonly Bounds[];
}

/** By which a log tells a topic from another of its name. */
export const identityOf = ({ topicId }: Pick<TopicBounds, "topicId">): string => `kafka:${topicId}`;

/** Waits for what passes. Throws `kafka.topic-missing`, `kafka.authorisation-refused`, … */
export const topicBounds = (cluster: Cluster, topic: string, patience: Patience): Promise<TopicBounds> =>
  retrying(async () => {
    const [found] = await cluster.topics([topic]);
    if (found === undefined) return { topicId: "", bounds: [] };
    const starts = await offsetsOf(cluster, found, "start");
    const ends = await offsetsOf(cluster, found, "stable-end");
    const bounds = starts.map((start, partition) => ({ start, end: ends[partition] ?? start }));
    return { topicId: found.id, bounds };
  }, patience);

/** By partition: behind the last record, whether its transaction is decided or not. As `topicBounds`. */
export const topicEnds = (cluster: Cluster, topic: string, patience: Patience): Promise<readonly number[]> =>
  retrying(async () => {
    const [found] = await cluster.topics([topic]);
    return found === undefined ? [] : offsetsOf(cluster, found, "end");
  }, patience);

/** By partition: of the first record of that time or later, -1 where there is none. As `topicBounds`. */
export const topicAtTime = (
  cluster: Cluster,
  topic: string,
  timeMs: number,
  patience: Patience,
): Promise<readonly number[]> =>
  retrying(async () => {
    const [found] = await cluster.topics([topic]);
    return found === undefined ? [] : offsetsAtTime(cluster, found, timeMs);
  }, patience);
