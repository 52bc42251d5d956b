import type { TopicSettings } from "../../src/pipeline/pipeline.ts";

const kept = { partitions: 1, retentionMs: 7 * 86_400_000 };

/** For pipelines that no test puts on Kafka. */
export const TOPICS: TopicSettings = {
  replication: 1,
  input: kept,
  outputs: kept,
  alerts: kept,
  late: kept,
  dlq: kept,
};
