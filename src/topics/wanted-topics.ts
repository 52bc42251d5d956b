/** The topics of a pipeline as Kafka should have them, and how those that are there differ. Pure. */
import type { KafkaTopic, NewTopic } from "../kafka/admin.ts";
import type { KeptTopic, Pipeline } from "../pipeline/pipeline.ts";
import { COMMITS_TOPIC } from "../pipeline/topic-names.ts";
import { type Topic, type TopicKind, topicsOf } from "./topic-list.ts";

export interface WantedTopic extends NewTopic {
  readonly kind: TopicKind | "commits";
  /** In a few words. */
  readonly holds: string;
}

/** In the order of the pipeline; the topic of commits, which nobody need follow, is the last. */
export function wantedTopics(
  pipeline: Pick<Pipeline, "source" | "tables" | "topics" | "log">,
): readonly WantedTopic[] {
  const { replication } = pipeline.topics;
  const commits: WantedTopic = {
    name: COMMITS_TOPIC,
    kind: "commits",
    holds: "which commits are in the outputs",
    partitions: 1,
    replication,
    configs: {
      "cleanup.policy": "compact",
      "segment.bytes": String(COMMITS_SEGMENT_BYTES),
      "message.timestamp.type": "LogAppendTime",
    },
  };
  const followed = topicsOf(pipeline).map((topic) => wanted(topic, pipeline));
  return [...followed, commits];
}

type Told = Pick<Pipeline, "topics" | "log">;

function wanted({ name, kind, holds }: Topic, { topics, log }: Told): WantedTopic {
  const kept = kind === "output" ? topics.outputs : topics[kind];
  const { partitions } = kept;
  const most = kind === "input" && log.maxBytes !== null ? Math.floor(log.maxBytes / partitions) : null;
  const configs = {
    ...configsOf(kept, kind === "output" ? "compact,delete" : "delete"),
    ...(most === null ? {} : { "retention.bytes": String(most) }),
  };
  return { name, kind, holds, partitions, replication: topics.replication, configs };
}

/** Kafka deletes and compacts whole segments only, the one that is written to never. */
const SEGMENTS_KEPT = 10;
const SHORTEST_SEGMENT_MS = 60_000;
/** Of which the newest record alone counts. */
const COMMITS_SEGMENT_BYTES = 16 * 2 ** 20;

/** Times are the broker's: those of an event may be long past, and it would be deleted at once. */
function configsOf({ retentionMs }: KeptTopic, policy: string): Readonly<Record<string, string>> {
  const segmentMs = Math.max(SHORTEST_SEGMENT_MS, Math.floor(retentionMs / SEGMENTS_KEPT));
  return {
    "cleanup.policy": policy,
    "retention.ms": String(retentionMs),
    "segment.ms": String(segmentMs),
    "message.timestamp.type": "LogAppendTime",
  };
}

export interface Difference {
  /** What can be set without touching a record that is within its time. */
  readonly configs: Readonly<Record<string, string>>;
  /** What only a topic made anew would have, in words. */
  readonly lasting: readonly string[];
}

/** Configs beside the wanted ones are the operator's. */
export function differenceOf(wanted: WantedTopic, found: KafkaTopic): Difference {
  const configs = Object.entries(wanted.configs).filter(([name, value]) => !isAlike(found, name, value));
  const counts = [
    { what: "partitions", is: found.partitions.length, should: wanted.partitions },
    { what: "replicas", is: found.replication, should: wanted.replication },
  ];
  return {
    configs: Object.fromEntries(configs),
    lasting: counts
      .filter(({ is, should }) => is !== should)
      .map(({ what, is, should }) => `${what}: ${is}, not ${should}`),
  };
}

/** The broker may write a list in another order. */
function isAlike({ configs }: KafkaTopic, name: string, value: string): boolean {
  const sorted = (text: string) => text.split(",").toSorted().join();
  return sorted(configs[name] ?? "") === sorted(value);
}
