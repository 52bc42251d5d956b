/** Reads partitions from explicit offsets on, with no consumer group: who reads keeps the offsets. */
import { fail, LoanstreamError } from "../errors.ts";
import { type Cluster, openCluster, type TopicOfCluster } from "./cluster.ts";
import { type About, brokerError, topicReplaced } from "./errors.ts";
import { fetchOnce, type PartitionAnswer } from "./fetch-request.ts";
import { committed } from "./read-committed.ts";
import { storedBatches } from "./records/decode.ts";
import { type KafkaBatch, recordBatches } from "./records/record-batches.ts";
import { PATIENT, pause, retrying } from "./retry.ts";
import type { KafkaSettings } from "./settings.ts";
import { consumerTuning } from "./tuning.ts";

export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  /** Of the first record to read. */
  readonly offset: number;
  /** Where it is given, the topic of that name must be this one: another is `kafka.topic-replaced`. */
  readonly topicId?: string;
}

/** What one fetch brought of a partition. */
export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  /** In order; a gap of offsets lies between two. Empty where there was nothing new, or nothing to give out. */
  readonly batches: readonly KafkaBatch[];
  /** Where the next fetch goes on: behind all that this one saw, given out or not. */
  readonly nextOffset: number;
  /** Behind the last record that every replica in sync has. */
  readonly highWatermark: number;
  /** Behind the last record whose transaction is decided. */
  readonly lastStableOffset: number;
  /** The oldest offset that is kept. */
  readonly logStartOffset: number;
}

export interface ReadOptions {
  readonly from: readonly ReadPosition[];
  /** Whether open transactions are waited for, and aborted ones left out. */
  readonly committedOnly: boolean;
  /** Told of what passes by itself, such as a broker that restarts. */
  readonly onTrouble?: (trouble: LoanstreamError) => void;
  /** Ends the waiting for brokers at the start. */
  readonly signal?: AbortSignal;
}

export interface KafkaReader {
  /**
   * What one broker had next: empty batches where nothing new came within `fetch.max.wait.ms`. Goes on by itself
   * through lost leaders and restarts. Nothing at all once closed. Throws what doesn't pass:
   * `kafka.offset-out-of-range`, `kafka.topic-missing`, `kafka.topic-replaced`, `kafka.authorisation-refused`, …
   */
  next(): Promise<readonly Fetched[]>;
  /** Goes on elsewhere in a partition that it reads. */
  seek(position: ReadPosition): void;
  close(): Promise<void>;
}

interface Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  leader: number;
  offset: number;
}

interface Answered {
  readonly leader: number;
  /** As it was when asked. */
  readonly asked: readonly Partition[];
  readonly answers: readonly PartitionAnswer[] | LoanstreamError;
}

const PASSING = new Set([
  ...["NOT_LEADER_OR_FOLLOWER", "LEADER_NOT_AVAILABLE", "UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"],
  ...["FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH", "OFFSET_NOT_AVAILABLE", "KAFKA_STORAGE_ERROR"],
  ...["INCONSISTENT_TOPIC_ID", "REPLICA_NOT_AVAILABLE", "UNKNOWN_SERVER_ERROR"],
]);
const PAUSE_MS = 100;

/** Throws `kafka.topic-missing`, `usage.invalid`, and what keeps the first connection from coming about. */
export async function openReader(settings: KafkaSettings, options: ReadOptions): Promise<KafkaReader> {
  const tuning = consumerTuning(settings.consumer);
  const cluster = await openCluster(settings, tuning.requestTimeoutMs + tuning.maxWaitMs);
  const partitions = await withLeaders(cluster, options).catch(async (error) => {
    await cluster.close();
    throw error;
  });
  const flying = new Map<number, Promise<Answered>>();
  const stop = new AbortController();
  let stale = false;

  async function fetchFrom(leader: number, wanted: readonly Partition[]): Promise<Answered> {
    const asked = wanted.map((partition) => ({ ...partition }));
    try {
      const answers = await cluster.send(
        leader,
        (connection) => fetchOnce(connection, asked, options.committedOnly, tuning),
        { operation: "Read" },
      );
      return { leader, asked, answers };
    } catch (error) {
      if (error instanceof LoanstreamError) return { leader, asked, answers: error };
      throw error;
    }
  }

  async function refresh(): Promise<void> {
    await pause(PAUSE_MS, stop.signal);
    if (stop.signal.aborted) return;
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const topics = await retrying(() => cluster.topics(names), {
      ...PATIENT,
      withinMs: Number.POSITIVE_INFINITY,
      signal: stop.signal,
    });
    for (const partition of partitions) partition.leader = leaderOf(topics, partition);
    stale = false;
  }

  /** Each leader that isn't asked already is, for its partitions in turn, so that none starves. */
  function ask(): void {
    const led = Map.groupBy(
      partitions.filter(({ leader }) => leader >= 0),
      ({ leader }) => leader,
    );
    for (const [leader, wanted] of led)
      if (!flying.has(leader)) flying.set(leader, fetchFrom(leader, wanted));
    partitions.push(...partitions.splice(0, 1));
  }

  function trouble(error: LoanstreamError): void {
    if (!error.retryable) throw error;
    stale = true;
    options.onTrouble?.(error);
  }

  /** What was asked for before a seek is passed over. */
  function take(answer: PartitionAnswer, asked: readonly Partition[]): readonly Fetched[] {
    const isOf = (one: Partition) => one.topicId === answer.topicId && one.partition === answer.partition;
    const partition = partitions.find(isOf);
    if (partition === undefined || asked.find(isOf)?.offset !== partition.offset) return [];
    if (answer.error === "NONE") return [taken(partition, answer, options.committedOnly)];
    if (!PASSING.has(answer.error)) throw refusal(partition, answer);
    trouble(brokerError("NOT_LEADER_OR_FOLLOWER", null, place(partition)));
    return [];
  }

  async function next(): Promise<readonly Fetched[]> {
    for (;;) {
      if (stale || partitions.some(({ leader }) => leader < 0)) await refresh();
      if (stop.signal.aborted) return [];
      ask();
      if (flying.size === 0) continue;
      const { leader, asked, answers } = await Promise.race(flying.values());
      flying.delete(leader);
      if (stop.signal.aborted) return [];
      if (answers instanceof LoanstreamError) trouble(answers);
      else {
        const fetched = answers.flatMap((answer) => take(answer, asked));
        if (fetched.length > 0) {
          if (!stale) ask();
          return fetched;
        }
      }
    }
  }

  return {
    next: () =>
      next().catch((error) => {
        if (stop.signal.aborted) return [];
        throw error;
      }),
    seek({ topic, partition, offset }) {
      const found = partitions.find((one) => one.topic === topic && one.partition === partition);
      if (found === undefined) throw brokerError("UNKNOWN_TOPIC_OR_PARTITION", null, { topic, partition });
      found.offset = offset;
    },
    async close() {
      stop.abort();
      await cluster.close();
      await Promise.allSettled(flying.values());
    },
  };
}

async function withLeaders(cluster: Cluster, { from, signal }: ReadOptions): Promise<Partition[]> {
  const names = [...new Set(from.map(({ topic }) => topic))];
  const topics = await retrying(() => cluster.topics(names), { ...PATIENT, withinMs: 5_000, signal });
  return from.map(({ topic, partition, offset, ...wanted }) => {
    const topicId = wanted.topicId ?? topics.find(({ name }) => name === topic)?.id ?? "";
    const found = { topic, topicId, partition, offset };
    return { ...found, leader: leaderOf(topics, found) };
  });
}

/** Throws `kafka.topic-replaced` and `kafka.topic-missing`. */
function leaderOf(topics: readonly TopicOfCluster[], wanted: Omit<Partition, "leader">): number {
  const topic = topics.find(({ name }) => name === wanted.topic);
  if (topic !== undefined && topic.id !== wanted.topicId) throw topicReplaced(wanted.topic);
  const found = topic?.partitions.find(({ partition }) => partition === wanted.partition);
  if (found === undefined) throw brokerError("UNKNOWN_TOPIC_OR_PARTITION", null, place(wanted));
  return found.leader;
}

const place = ({ topic, partition }: Pick<Partition, "topic" | "partition">): About => ({
  topic,
  partition,
  operation: "Read",
});

function refusal({ topic, partition, offset }: Partition, { error }: PartitionAnswer): LoanstreamError {
  if (error !== "OFFSET_OUT_OF_RANGE") return brokerError(error, null, place({ topic, partition }));
  const remedy = "Begin at the oldest that is kept, or raise the topic's retention.";
  const message = `the partition doesn't hold offset ${offset}`;
  return fail("kafka.offset-out-of-range", message, remedy, { topic, partition });
}

/** Moves the partition's offset on. */
function taken(partition: Partition, answer: PartitionAnswer, committedOnly: boolean): Fetched {
  const where = place(partition);
  const stored = storedBatches(answer.bytes, where);
  const given = committed(stored, committedOnly ? answer.aborted : []);
  const batches = recordBatches(partition.partition, given, partition.offset, where);
  const last = stored.at(-1);
  if (last !== undefined) partition.offset = Math.max(partition.offset, last.lastOffset + 1);
  return {
    topic: partition.topic,
    partition: partition.partition,
    batches,
    nextOffset: partition.offset,
    highWatermark: answer.highWatermark,
    lastStableOffset: answer.lastStableOffset,
    logStartOffset: answer.logStartOffset,
  };
}
