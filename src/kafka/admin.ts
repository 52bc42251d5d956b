/** Topics and offsets as an operator sees and changes them. */
import { hasCode, LoanstreamError } from "../errors.ts";
import { type Cluster, openCluster, type TopicOfCluster } from "./cluster.ts";
import { type Edge, offsetsOf } from "./offsets.ts";
import { PATIENT, pause, retrying } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";
import { apis } from "./versions.ts";

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  /** By Kafka's own names, such as `retention.ms`. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface KafkaTopic {
  readonly name: string;
  readonly replication: number;
  /** Those that differ from the broker's defaults, by Kafka's own names. */
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly KafkaPartition[];
}

export interface KafkaPartition {
  readonly partition: number;
  /** The broker's id; -1 while there is none. */
  readonly leader: number;
  /** The oldest offset that is kept. */
  readonly start: number;
  /** Behind the last record. */
  readonly end: number;
  /** On the leader's disk. */
  readonly bytes: number;
}

export interface GroupLag {
  readonly topic: string;
  readonly partition: number;
  /** Of the next record that the group reads. */
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
}

/** Every call throws errors of the catalogue, and waits patiently for what passes. */
export interface KafkaAdmin {
  /** Of every topic, Kafka's own internal ones left out. */
  names(): Promise<readonly string[]>;
  /** Throws `kafka.topic-missing`. */
  describe(names: readonly string[]): Promise<readonly KafkaTopic[]>;
  /** Resolves once every broker asked knows the topics. Throws `kafka.topic-exists`. */
  create(topics: readonly NewTopic[]): Promise<void>;
  /** Resolves once the topics are gone. Throws `kafka.topic-missing`. */
  remove(names: readonly string[]): Promise<void>;
  /** Deletes those that are there, and creates all. */
  recreate(topics: readonly NewTopic[]): Promise<void>;
  /** Sets some configs, null back to the default, and leaves the others. Resolves once the change is visible. */
  configure(name: string, configs: Readonly<Record<string, string | null>>): Promise<void>;
  /** Resolves once the topic has so many, which must be more. */
  grow(name: string, partitions: number): Promise<void>;
  /** By partition. */
  offsets(topic: string, edge: Edge): Promise<readonly number[]>;
  /** Of what a group has committed anything for. */
  lag(group: string): Promise<readonly GroupLag[]>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const TOPIC_RESOURCE = 2;
const CONFIG_OF_TOPIC = 1;
const SET = 0;
const DELETE = 1;
/** How often something must look changed before it counts: brokers learn of it one after the other. */
const LOOKS = 2;

export async function openAdmin(settings: KafkaSettings): Promise<KafkaAdmin> {
  const cluster = await openCluster(settings, TIMEOUT_MS);
  const known = (names: readonly string[]) => retrying(() => cluster.topics(names), PATIENT);
  const listed = async () => (await retrying(() => cluster.topics(null), PATIENT)).map(({ name }) => name);

  async function create(topics: readonly NewTopic[]): Promise<void> {
    const requests = topics.map(({ name, partitions, replication, configs }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: replication,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }));
    const [first] = topics;
    const about = { operation: "Create", ...(first ? { topic: first.name } : {}) };
    await retrying(
      () => cluster.ask("controller", apis.createTopics, [requests, TIMEOUT_MS, false], about),
      PATIENT,
    );
    await visible(async () => {
      const found = await cluster.topics(topics.map(({ name }) => name));
      return found.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
    });
  }

  async function remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const [first = ""] = names;
    const requests = names.map((name) => ({ name }));
    const about = { operation: "Delete", topic: first };
    await retrying(
      () => cluster.ask("controller", apis.deleteTopics, [requests, TIMEOUT_MS], about),
      PATIENT,
    );
    await visible(async () => {
      const left = new Set((await cluster.topics(null)).map(({ name }) => name));
      return names.every((name) => !left.has(name));
    });
  }

  return {
    async names() {
      return (await listed()).filter((name) => !name.startsWith("__")).sort();
    },
    async describe(names) {
      const topics = await known(names);
      return allOf(topics.map((topic) => describe(cluster, topic)));
    },
    create,
    remove,
    async recreate(topics) {
      const there = new Set(await listed());
      await remove(topics.map(({ name }) => name).filter((name) => there.has(name)));
      await create(topics);
    },
    async configure(name, configs) {
      await configure(cluster, name, configs);
      await visible(async () => {
        const now = await configsOf(cluster, name);
        return Object.entries(configs).every(([key, value]) => (now[key] ?? null) === value);
      });
    },
    async grow(name, partitions) {
      const about = { operation: "Alter", topic: name };
      const request = [{ name, count: partitions, assignments: null }];
      await retrying(
        () => cluster.ask("controller", apis.createPartitions, [request, TIMEOUT_MS, false], about),
        PATIENT,
      );
      await visible(async () => (await cluster.topics([name]))[0]?.partitions.length === partitions);
    },
    async offsets(name, edge) {
      return edgesOf(cluster, name, edge);
    },
    lag: (group) => lag(cluster, group),
    close: () => cluster.close(),
  };
}

/** Waits until something looks changed, some times on end. */
async function visible(changed: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENT.withinMs;
  for (let looks = 0; looks < LOOKS && performance.now() < deadline; ) {
    looks = (await changed().catch(passed)) ? looks + 1 : 0;
    if (looks === 0) await pause(20);
  }
}

function passed(error: unknown): false {
  const missing = hasCode(error, "kafka.topic-missing");
  if (missing || (error instanceof LoanstreamError && error.retryable)) return false;
  throw error;
}

/** As `Promise.all`, with nothing left under way when one fails: it would try again on connections that are closed. */
async function allOf<Work extends readonly Promise<unknown>[] | []>(work: Work) {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function describe(cluster: Cluster, topic: TopicOfCluster): Promise<KafkaTopic> {
  const [start, end, configs, bytes] = await allOf([
    edgesOf(cluster, topic.name, "start"),
    edgesOf(cluster, topic.name, "end"),
    configsOf(cluster, topic.name),
    sizesOf(cluster, topic),
  ]);
  return {
    name: topic.name,
    replication: topic.partitions[0]?.replicas.length ?? 0,
    configs,
    partitions: topic.partitions.map(({ partition, leader }) => ({
      partition,
      leader,
      start: start[partition] ?? 0,
      end: end[partition] ?? 0,
      bytes: bytes.get(partition) ?? 0,
    })),
  };
}

/** By partition. */
const edgesOf = (cluster: Cluster, name: string, edge: Edge): Promise<readonly number[]> =>
  retrying(async () => {
    const [topic] = await cluster.topics([name]);
    return topic ? offsetsOf(cluster, topic, edge) : [];
  }, PATIENT);

async function configsOf(cluster: Cluster, name: string): Promise<Readonly<Record<string, string>>> {
  const resource = { resourceType: TOPIC_RESOURCE, resourceName: name, configurationKeys: null } as const;
  const about = { topic: name, operation: "DescribeConfigs" };
  const answer = await retrying(
    () => cluster.ask("any", apis.describeConfigs, [[resource], false, false], about),
    PATIENT,
  );
  const own = (answer.results[0]?.configs ?? []).filter(
    ({ configSource }) => configSource === CONFIG_OF_TOPIC,
  );
  return Object.fromEntries(own.map(({ name: key, value }) => [key, value ?? ""]));
}

async function configure(
  cluster: Cluster,
  name: string,
  configs: Readonly<Record<string, string | null>>,
): Promise<void> {
  const changes = Object.entries(configs).map(([key, value]) =>
    value === null
      ? ({ name: key, configOperation: DELETE } as const)
      : ({ name: key, configOperation: SET, value } as const),
  );
  const resource = { resourceType: TOPIC_RESOURCE, resourceName: name, configs: changes } as const;
  const about = { topic: name, operation: "AlterConfigs" };
  await retrying(() => cluster.ask("any", apis.incrementalAlterConfigs, [[resource], false], about), PATIENT);
}

/** By partition, as its leader has it on disk; nothing of what the user may not ask. */
async function sizesOf(cluster: Cluster, topic: TopicOfCluster): Promise<ReadonlyMap<number, number>> {
  const sizes = new Map<number, number>();
  const about = { operation: "Describe", resource: "Cluster" };
  for (const [leader, partitions] of Map.groupBy(topic.partitions, (one) => one.leader)) {
    const wanted = [{ name: topic.name, partitions: partitions.map(({ partition }) => partition) }];
    const answer = await cluster.ask(leader, apis.describeLogDirs, [wanted], about).catch(orRefused);
    for (const { topics } of answer?.results ?? []) {
      for (const one of topics.flatMap((found) => found.partitions)) {
        sizes.set(one.partitionIndex, Number(one.partitionSize));
      }
    }
  }
  return sizes;
}

function orRefused(error: unknown): null {
  if (hasCode(error, "kafka.authorisation-refused")) return null;
  throw error;
}

async function lag(cluster: Cluster, group: string): Promise<readonly GroupLag[]> {
  const request = [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }];
  const about = { operation: "Describe", resource: `Group ${group}` };
  const answer = await retrying(
    () => cluster.ask({ group }, apis.offsetFetch, [request, true], about),
    PATIENT,
  );
  const topics = answer.groups[0]?.topics ?? [];
  const lags = await Promise.all(
    topics.map(async ({ name, partitions }) => {
      const ends = await edgesOf(cluster, name, "end");
      return partitions.map(({ partitionIndex, committedOffset }) => {
        const end = ends[partitionIndex] ?? 0;
        const committed = Number(committedOffset);
        return { topic: name, partition: partitionIndex, committed, end, lag: Math.max(0, end - committed) };
      });
    }),
  );
  return lags.flat();
}
