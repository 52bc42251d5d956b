/** The options of producer and consumer that may be set, by Kafka's own names. */
import { fail } from "../errors.ts";
import { suggest } from "../suggest.ts";

export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";
const COMPRESSIONS: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

export interface ProducerTuning {
  /** How long a record may wait for others to go with it. */
  readonly lingerMs: number;
  /** A batch is closed at so many bytes, before compression. */
  readonly batchBytes: number;
  /** Beyond so many bytes under way, a sender waits. */
  readonly bufferBytes: number;
  readonly requestTimeoutMs: number;
  readonly compression: Compression;
}

export interface ConsumerTuning {
  /** How long the broker may wait for something new before it answers. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** At most about so many bytes an answer. */
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly requestTimeoutMs: number;
}

const MiB = 2 ** 20;

/** The defaults; broker and topics take 1 MiB a batch unless told otherwise. */
const producerDefaults = {
  "linger.ms": 5,
  "batch.size": 0.9 * MiB,
  "buffer.memory": 32 * MiB,
  "request.timeout.ms": 30_000,
};

const consumerDefaults = {
  "fetch.max.wait.ms": 250,
  "fetch.min.bytes": 1,
  "fetch.max.bytes": 8 * MiB,
  "max.partition.fetch.bytes": 4 * MiB,
  "request.timeout.ms": 30_000,
};

export const PRODUCER_OPTIONS: readonly string[] = [...Object.keys(producerDefaults), "compression.type"];
export const CONSUMER_OPTIONS: readonly string[] = Object.keys(consumerDefaults);

/** Throws `usage.invalid` on an unknown name or a value that doesn't fit. */
export function producerTuning(given: Readonly<Record<string, string>>): ProducerTuning {
  refuseUnknown("kafka.producer.", given, PRODUCER_OPTIONS);
  const number = numbers("kafka.producer.", given, producerDefaults);
  return {
    lingerMs: number("linger.ms"),
    batchBytes: number("batch.size"),
    bufferBytes: number("buffer.memory"),
    requestTimeoutMs: number("request.timeout.ms"),
    compression: compression(given["compression.type"] ?? "lz4"),
  };
}

/** Throws `usage.invalid` on an unknown name or a value that doesn't fit. */
export function consumerTuning(given: Readonly<Record<string, string>>): ConsumerTuning {
  refuseUnknown("kafka.consumer.", given, CONSUMER_OPTIONS);
  const number = numbers("kafka.consumer.", given, consumerDefaults);
  return {
    maxWaitMs: number("fetch.max.wait.ms"),
    minBytes: number("fetch.min.bytes"),
    maxBytes: number("fetch.max.bytes"),
    maxPartitionBytes: number("max.partition.fetch.bytes"),
    requestTimeoutMs: number("request.timeout.ms"),
  };
}

function refuseUnknown(prefix: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw fail("usage.invalid", `there is no option ${prefix}${unknown}`, `${suggest(unknown, known)}.`);
}

const numbers =
  <Name extends string>(
    prefix: string,
    given: Readonly<Record<string, string>>,
    defaults: Record<Name, number>,
  ) =>
  (name: Name): number => {
    const text = given[name];
    if (text === undefined) return defaults[name];
    if (/^\d{1,10}$/.test(text)) return Number(text);
    throw fail("usage.invalid", `${prefix}${name} is no whole number`, "Write digits only.");
  };

function compression(text: string): Compression {
  const known = COMPRESSIONS.find((name) => name === text);
  if (known) return known;
  const remedy = `${suggest(text, COMPRESSIONS)}.`;
  throw fail("usage.invalid", "kafka.producer.compression.type is none of Kafka's", remedy);
}
