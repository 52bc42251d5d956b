/** Generated records as messages of a Kafka topic. */
import { Buffer } from "node:buffer";
import { hasCode, type LoanstreamError } from "../errors.ts";
import { keyReader } from "../eventlog/record-key.ts";
import { createLine } from "../generator/line.ts";
import { mostEventBytes } from "../generator/stream.ts";
import { openProducer } from "../kafka/producer.ts";
import type { Settled } from "../kafka/sender.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { tellTroubles } from "../kafka/troubles.ts";
import type { Logger } from "../log.ts";
import type { Sink } from "./generate-sink.ts";

export interface KafkaSinkParts {
  readonly settings: KafkaSettings;
  readonly topic: string;
  /** Path of the text that is the message's key; null for none. */
  readonly key: string | null;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

export interface KafkaSink extends Sink {
  /** Of records. */
  readonly counts: { readonly sent: number; readonly acknowledged: number; readonly failed: number };
  /** Why the first record failed that did; null while none has. */
  readonly failure: LoanstreamError | null;
  /** Whether the broker has been keeping records from being acknowledged for a while. */
  readonly waits: boolean;
}

/** So much is made before answers of the broker are looked at. */
const TURN_BYTES = 1 << 18;
const NO_HEADERS = [] as const;

/** Throws `kafka.*`: what keeps the first connection from coming about. */
export async function openKafkaSink(parts: KafkaSinkParts): Promise<KafkaSink> {
  const { settings, topic, nowMs } = parts;
  const trouble = tellTroubles(parts.logger, nowMs, "the broker takes records again");
  const producer = await openProducer(settings, { topics: [topic], onTrouble: trouble.began });
  const keyOf = keyReader(parts.key);
  const line = createLine(mostEventBytes);
  const bytes = Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.byteLength);
  let failure: LoanstreamError | null = null;
  let stopped = false;
  let turnBytes = 0;

  const settled: Settled = (error) => {
    if (error === null) return trouble.passed();
    failure ??= error;
    stopped ||= !concernsItAlone(error);
  };

  return {
    line,
    take() {
      const value = bytes.subarray(0, line.at);
      const record = { key: keyOf(value), value, headers: NO_HEADERS, timestampMs: nowMs() };
      const hasRoom = producer.send(topic, record, settled);
      turnBytes += line.at;
      line.at = 0;
      return hasRoom && turnBytes < TURN_BYTES;
    },
    async flush() {
      turnBytes = 0;
      await producer.room();
      return !stopped;
    },
    end: () => producer.flush(),
    close: () => producer.close(),
    counts: producer.counts,
    get failure() {
      return failure;
    },
    get waits() {
      return trouble.told;
    },
  };
}

/** Any other would fail the records that follow too. */
const concernsItAlone = (error: LoanstreamError) => hasCode(error, "kafka.message-too-large");
