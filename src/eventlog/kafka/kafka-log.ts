/** A topic of Kafka as the log of a source. */
import type { RecordPlace } from "../../engine/engine.ts";
import type { LoanstreamError } from "../../errors.ts";
import { type Cluster, openCluster } from "../../kafka/cluster.ts";
import { brokerError, topicReplaced } from "../../kafka/errors.ts";
import { rightsTo } from "../../kafka/probe.ts";
import { openProducer } from "../../kafka/producer.ts";
import { partitionOf } from "../../kafka/records/partition-of.ts";
import { PATIENT, type Patience, retrying } from "../../kafka/retry.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { tellTroubles } from "../../kafka/troubles.ts";
import { consumerTuning } from "../../kafka/tuning.ts";
import type { Logger } from "../../log.ts";
import type { PartitionedLog } from "../event-log.ts";
import { keyReader } from "../record-key.ts";
import { createAppends } from "./appends.ts";
import { onceAtATime } from "./once-at-a-time.ts";
import { type KafkaPartition, openPartition } from "./partition.ts";
import type { PartTrouble } from "./source.ts";
import { identityOf, topicBounds, topicEnds } from "./topic-bounds.ts";

export interface KafkaLogOptions {
  readonly topic: string;
  /** Dotted path of the text that is the messages' key; null for none. */
  readonly key: string | null;
  /** Paths that no record may carry (`rawIdentifiers`). */
  readonly forbidden: readonly string[];
  readonly logger: Logger;
  /** Ends the waiting for brokers at the start. */
  readonly signal?: AbortSignal;
  /** Told of what passes by itself, such as a broker that restarts: also of each attempt at the start. */
  readonly onTrouble?: (trouble: LoanstreamError) => void;
  /** How often it looks whether the topic has grown, or is another one: each ten seconds unless told otherwise. */
  readonly lookEveryMs?: number;
}

/** What is appended goes at once; while a request is under way, what comes gathers. */
const PRODUCER = { "linger.ms": "0" };
/** So long brokers may be away before a close gives up what is not acknowledged. */
const CLOSE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 10_000;

/**
 * Waits for brokers that can't be reached, until the signal; then throws why. Throws at once `kafka.topic-missing`,
 * `kafka.authentication-failed`, `kafka.authorisation-refused`, `kafka.tls`, `kafka.version`, `usage.invalid`.
 * Reading throws `kafka.topic-replaced`, `kafka.raw-identifier`, and what else doesn't pass; appending
 * `kafka.message-too-large`, `kafka.raw-identifier`, and `kafka.authorisation-refused` where the user may not write.
 */
export async function openKafkaLog(
  settings: KafkaSettings,
  options: KafkaLogOptions,
): Promise<PartitionedLog> {
  const cluster = await openCluster(settings, consumerTuning(settings.consumer).requestTimeoutMs);
  try {
    return await openOn(cluster, settings, options);
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function openOn(
  cluster: Cluster,
  settings: KafkaSettings,
  options: KafkaLogOptions,
): Promise<PartitionedLog> {
  const { topic, signal } = options;
  const stop = new AbortController();
  const watch = watchOf(options);
  const start = watch("start");
  const atStart = { ...PATIENT, withinMs: Number.POSITIVE_INFINITY, signal, onTrouble: start.began };
  const { topicId, bounds } = await topicBounds(cluster, topic, atStart);
  await refuseUnreadable(settings, topic, atStart);
  const appending = watch("append");
  const wanted = { topics: [topic], signal: stop.signal, onTrouble: appending.began };
  const producer = await retrying(() => openProducer(ofProducer(settings), wanted), atStart);
  start.passed();

  const asking = watch("ask");
  const whileOpen = { ...atStart, signal: stop.signal, onTrouble: asking.began };
  const askedBounds = onceAtATime(async () => {
    const now = await topicBounds(cluster, topic, whileOpen);
    asking.passed();
    if (now.topicId === topicId) for (const [at, each] of now.bounds.entries()) partitions[at]?.learn(each);
    return now.bounds;
  });

  async function askEnd(partition: number): Promise<number> {
    const ends = await topicEnds(cluster, topic, whileOpen);
    asking.passed();
    return ends[partition] ?? 0;
  }

  /** What can't be learnt now is learnt with the next records that come. */
  async function askEnds(places: readonly RecordPlace[]): Promise<void> {
    const isKnown = ({ partition, position }: RecordPlace) => partitions[partition]!.end() > position;
    if (!places.every(isKnown)) await askedBounds().catch(() => {});
  }

  const keyOf = keyReader(options.key);
  const failure = () => partitions.map((each) => each.replaced()).find((error) => error !== null) ?? null;
  const appends = createAppends({
    topic,
    producer,
    keyOf,
    forbidden: options.forbidden,
    failure,
    askEnds,
    onAcknowledged: appending.passed,
  });
  const partitions: readonly KafkaPartition[] = bounds.map((each, partition) =>
    openPartition({
      settings,
      topic,
      topicId,
      partition,
      bounds: each,
      forbidden: options.forbidden,
      trouble: watch(`partition ${partition}`),
      askBounds: async () => (await askedBounds())[partition] ?? each,
      askEnd: () => askEnd(partition),
      async append(batch) {
        const [first] = await appends.append(batch, () => partition);
        return first?.position ?? partitions[partition]!.end();
      },
    }),
  );

  const looking = lookAt(cluster, { topic, topicId, partitions }, options);

  async function close(): Promise<void> {
    clearInterval(looking);
    const tooLong = setTimeout(() => stop.abort(), CLOSE_WITHIN_MS);
    await appends.finish();
    await producer.close();
    clearTimeout(tooLong);
    stop.abort();
    await Promise.all(partitions.map((each) => each.close()));
    await cluster.close();
  }
  let closing: Promise<void> | null = null;

  const place = (record: Uint8Array) => partitionOf(keyOf(record) ?? record, partitions.length);
  return {
    identity: identityOf({ topicId }),
    partitions,
    partitionOf: place,
    append: (batch) => appends.append(batch, place),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/**
 * Fails the partitions of a topic that is another one by now, which their readers find for themselves as a rule; says once
 * that there are more than are read. What keeps it from looking, reading tells.
 */
function lookAt(
  cluster: Cluster,
  of: { topic: string; topicId: string; partitions: readonly KafkaPartition[] },
  { logger, lookEveryMs = LOOK_EVERY_MS }: KafkaLogOptions,
): NodeJS.Timeout {
  const { topic, topicId, partitions } = of;
  let told = partitions.length;
  const looking = setInterval(async () => {
    const [found] = await cluster.topics([topic]).catch(() => []);
    if (found === undefined) return;
    if (found.id !== topicId) for (const partition of partitions) partition.fail(topicReplaced(topic));
    const now = found.id === topicId ? found.partitions.length : 0;
    if (now <= told) return;
    told = now;
    logger.warn(
      `${topic} has ${now} partitions now, ${partitions.length} are read: start again to read them all`,
    );
  }, lookEveryMs);
  return looking.unref();
}

const ofProducer = (settings: KafkaSettings): KafkaSettings => ({
  ...settings,
  producer: { ...PRODUCER, ...settings.producer },
});

/** Throws `kafka.authorisation-refused`. */
async function refuseUnreadable(settings: KafkaSettings, topic: string, patience: Patience): Promise<void> {
  const rights = await retrying(() => rightsTo(settings, [topic]), patience);
  if (rights.get(topic)?.read === false)
    throw brokerError("TOPIC_AUTHORIZATION_FAILED", null, { topic, operation: "Read" });
}

/** Trouble has passed once each part of the log that had any goes on. */
function watchOf({ logger, onTrouble }: KafkaLogOptions): (part: string) => PartTrouble {
  const all = tellTroubles(logger, Date.now, "the broker answers again");
  const troubled = new Set<string>();
  return (part) => ({
    began(trouble) {
      troubled.add(part);
      all.began(trouble);
      onTrouble?.(trouble);
    },
    passed() {
      if (troubled.delete(part) && troubled.size === 0) all.passed();
    },
  });
}
