/** Sends records, each once and in order, through whatever happens to brokers: idempotent, acknowledged by all replicas. */
import type { LoanstreamError } from "../errors.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import type { Writer } from "./records/encode.ts";
import { partitionOf } from "./records/partition-of.ts";
import type { OutgoingRecord } from "./records/record.ts";
import { type Counts, createSender, type Settled } from "./sender.ts";
import type { KafkaSettings } from "./settings.ts";
import { producerTuning } from "./tuning.ts";
import { apis } from "./versions.ts";

export interface ProducerOptions {
  /** Those that may be sent to. */
  readonly topics: readonly string[];
  /** Gives up what is not acknowledged; without it what fails in passing is tried again for ever. */
  readonly signal?: AbortSignal;
  /** Told of what passes by itself, such as a broker that restarts. */
  readonly onTrouble?: (trouble: LoanstreamError) => void;
}

export interface KafkaProducer {
  /**
   * Takes a record in at once and sends it soon: to the partition of its key as Java's client decides, without a key to
   * each partition in turn. `settled` is called once. False: `buffer.memory` is full, wait for `room()`.
   */
  send(topic: string, record: OutgoingRecord, settled?: Settled): boolean;
  /** As `send`, to a partition of one's own choice. */
  sendTo(topic: string, partition: number, record: OutgoingRecord, settled?: Settled): boolean;
  room(): Promise<void>;
  /** Resolves once every record sent so far is acknowledged or failed. */
  flush(): Promise<void>;
  /** Of a topic that was named. */
  partitions(topic: string): number;
  readonly counts: Counts;
  /** After a flush. */
  close(): Promise<void>;
}

/** Throws what keeps the first connection from coming about, and `kafka.topic-missing`. */
export async function openProducer(
  settings: KafkaSettings,
  options: ProducerOptions,
): Promise<KafkaProducer> {
  const tuning = producerTuning(settings.producer);
  const cluster = await openCluster(settings, tuning.requestTimeoutMs);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let shared: Promise<Writer> | null = null;
  const sender = createSender({
    cluster,
    tuning,
    transactionalId: null,
    async writer(another) {
      const writer = another || shared === null ? newWriter(cluster) : shared;
      shared ??= writer;
      return writer.catch((error) => {
        shared = null;
        throw error;
      });
    },
    prepare: async () => {},
    patienceMs: Number.POSITIVE_INFINITY,
    signal,
    onTrouble: options.onTrouble,
  });
  const counts = await sender.open(options.topics).catch(async (error) => {
    await cluster.close();
    throw error;
  });
  const partitions = (topic: string): number => counts.get(topic) ?? 0;
  let turn = 0;
  const sendTo: KafkaProducer["sendTo"] = (topic, partition, record, settled) => {
    sender.add(topic, partition, record, settled);
    return sender.hasRoom;
  };
  return {
    sendTo,
    send(topic, record, settled) {
      const count = partitions(topic);
      return sendTo(topic, record.key ? partitionOf(record.key, count) : turn++ % count, record, settled);
    },
    room: sender.room,
    flush: sender.flush,
    partitions,
    counts: sender.counts,
    async close() {
      await sender.flush();
      stop.abort();
      await cluster.close();
    },
  };
}

const NEW = { id: -1n, epoch: -1 };
/** Of no meaning without a transactional id. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

async function newWriter(cluster: Cluster): Promise<Writer> {
  const about = { operation: "IdempotentWrite", resource: "Cluster" };
  const request: [null, number, bigint, number] = [null, NO_TIMEOUT_MS, NEW.id, NEW.epoch];
  const answer = await cluster.ask("any", apis.initProducerId, request, about);
  return { producerId: Number(answer.producerId), epoch: answer.producerEpoch, transactional: false };
}
