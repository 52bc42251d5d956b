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
  const largest = isOfLetters({ kind }) ? { [MOST_BYTES]: String(MOST_BYTES_OF_BROKERS + HEADER_BYTES) } : {};
  return {
    ...{ name, kind, holds, partitions, replication: topics.replication },
    configs: { ...configs, ...largest },
  };
}

/** Of a batch, compressed. */
const MOST_BYTES = "max.message.bytes";
/** Unless they are told otherwise. */
const MOST_BYTES_OF_BROKERS = 1_048_588;
/** For the headers that late and dead records go with, and where they compress worse than they came. */
const HEADER_BYTES = 65_536;
const LARGEST = 2 ** 31 - 1;

/** Late and dead records are as large as the input lets them in. */
const isOfLetters = ({ kind }: Pick<WantedTopic, "kind">): boolean => kind === "late" || kind === "dlq";

/** As they should be beside the input that is there. */
export function besideInput(
  wanted: readonly WantedTopic[],
  input: KafkaTopic | undefined,
): readonly WantedTopic[] {
  const most = Number(input?.configs[MOST_BYTES] ?? 0) + HEADER_BYTES;
  const largest = (configs: WantedTopic["configs"]) =>
    String(Math.min(LARGEST, Math.max(most, Number(configs[MOST_BYTES]))));
  return wanted.map((topic) =>
    isOfLetters(topic)
      ? { ...topic, configs: { ...topic.configs, [MOST_BYTES]: largest(topic.configs) } }
      : topic,
  );
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

/** The broker may write a list in another order; more room is no difference. */
function isAlike({ configs }: KafkaTopic, name: string, value: string): boolean {
  if (name === MOST_BYTES) return Number(configs[name] ?? 0) >= Number(value);
  const sorted = (text: string) => text.split(",").toSorted().join();
  return sorted(configs[name] ?? "") === sorted(value);
}
