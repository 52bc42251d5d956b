/** A topic of Kafka as the log of a source. */
import type { RecordPlace } from "../../engine/engine.ts";
import type { LoanstreamError } from "../../errors.ts";
import { openCluster } from "../../kafka/cluster.ts";
import { openProducer } from "../../kafka/producer.ts";
import { partitionOf } from "../../kafka/records/partition-of.ts";
import { PATIENT, retrying } from "../../kafka/retry.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { tellTroubles } from "../../kafka/troubles.ts";
import { consumerTuning } from "../../kafka/tuning.ts";
import type { Logger } from "../../log.ts";
import type { PartitionedLog } from "../event-log.ts";
import { keyReader } from "../record-key.ts";
import { createAppends } from "./appends.ts";
import { onceAtATime } from "./once-at-a-time.ts";
import { type KafkaPartition, openPartition } from "./partition.ts";
import { topicBounds } from "./topic-bounds.ts";

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
}

/** What is appended goes at once; while a request is under way, what comes gathers. */
const PRODUCER = { "linger.ms": "0" };
/** So long brokers may be away before a close gives up what is not acknowledged. */
const CLOSE_WITHIN_MS = 10_000;

/**
 * Waits for brokers that can't be reached, until the signal; then throws why. Throws at once `kafka.topic-missing`,
 * `kafka.authentication-failed`, `kafka.authorisation-refused`, `kafka.tls`, `kafka.version`, `usage.invalid`.
 * Reading throws `kafka.topic-replaced`, `kafka.raw-identifier`, and what else doesn't pass; appending
 * `kafka.message-too-large`.
 */
export async function openKafkaLog(
  settings: KafkaSettings,
  options: KafkaLogOptions,
): Promise<PartitionedLog> {
  const { topic, signal } = options;
  const stop = new AbortController();
  const troubles = tellTroubles(options.logger, Date.now, "the broker answers again");
  const onTrouble = (trouble: LoanstreamError) => {
    troubles.began(trouble);
    options.onTrouble?.(trouble);
  };
  const patience = { ...PATIENT, withinMs: Number.POSITIVE_INFINITY, onTrouble };
  const atStart = { ...patience, signal };
  const cluster = await openCluster(settings, consumerTuning(settings.consumer).requestTimeoutMs);
  try {
    const { topicId, bounds } = await topicBounds(cluster, topic, atStart);
    const ofWriting = { ...settings, producer: { ...PRODUCER, ...settings.producer } };
    const wanted = { topics: [topic], signal: stop.signal, onTrouble };
    const producer = await retrying(() => openProducer(ofWriting, wanted), atStart);
    troubles.passed();
    const ask = async () => {
      const now = await topicBounds(cluster, topic, { ...patience, signal: stop.signal });
      troubles.passed();
      if (now.topicId === topicId) for (const [at, each] of now.bounds.entries()) partitions[at]?.learn(each);
      return now.bounds;
    };
    const asked = onceAtATime(ask);
    const keyOf = keyReader(options.key);
    const appends = createAppends({
      topic,
      producer,
      keyOf,
      failure: () => partitions.map((each) => each.replaced()).find((error) => error !== null) ?? null,
      askEnds: async (places) => {
        const isKnown = ({ partition, position }: RecordPlace) => partitions[partition]!.end() > position;
        if (!places.every(isKnown)) await asked().catch(() => {});
      },
      onAcknowledged: troubles.passed,
    });
    let closing: Promise<void> | null = null;
    const close = async () => {
      const tooLong = setTimeout(() => stop.abort(), CLOSE_WITHIN_MS);
      await appends.finish();
      await producer.close();
      clearTimeout(tooLong);
      stop.abort();
      await Promise.all(partitions.map((each) => each.close()));
      await cluster.close();
    };
    const partitions: readonly KafkaPartition[] = bounds.map((each, partition) =>
      openPartition({
        settings,
        topic,
        topicId,
        partition,
        bounds: each,
        forbidden: options.forbidden,
        onTrouble,
        onAnswer: troubles.passed,
        askBounds: async () => (await asked())[partition] ?? each,
        append: async (batch) => {
          const [first] = await appends.append(batch, () => partition);
          return first?.position ?? partitions[partition]!.end();
        },
      }),
    );
    const place = (record: Uint8Array) => partitionOf(keyOf(record) ?? record, partitions.length);
    return {
      identity: `kafka:${topicId}`,
      partitions,
      partitionOf: place,
      append: (batch) => appends.append(batch, place),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
