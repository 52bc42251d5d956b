/** What is read, and who is told of it. */
import type { LoanstreamError } from "../../errors.ts";
import { type Fetched, type KafkaReader, openReader } from "../../kafka/fetch.ts";
import { PATIENT, retrying } from "../../kafka/retry.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import type { PlaceInTopic } from "./failures.ts";

/** One partition of one topic. */
export interface PartitionSource extends PlaceInTopic {
  readonly settings: KafkaSettings;
  /** A topic that was deleted and made again is another one. */
  readonly topicId: string;
  /** Told of every answer, after what it brought can be had. */
  readonly learn: (fetched: Fetched) => void;
  readonly trouble: PartTrouble;
}

/** Told of what passes by itself, such as a broker that restarts, and that it has passed. */
export interface PartTrouble {
  began(trouble: LoanstreamError): void;
  passed(): void;
}

/** Reads what is committed. Waits until brokers can be reached, or the signal comes; throws what doesn't pass. */
export function readerAt(
  { settings, topic, topicId, partition, trouble }: PartitionSource,
  offset: number,
  consumer: KafkaSettings["consumer"],
  signal: AbortSignal,
): Promise<KafkaReader> {
  const onTrouble = trouble.began;
  const from = [{ topic, topicId, partition, offset }];
  const tuned = { ...settings, consumer };
  const patience = { ...PATIENT, withinMs: Number.POSITIVE_INFINITY, signal, onTrouble };
  return retrying(() => openReader(tuned, { from, committedOnly: true, onTrouble, signal }), patience);
}
