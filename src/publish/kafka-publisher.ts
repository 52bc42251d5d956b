/** Publishes commits as transactions of Kafka. The marker in each tells which commit it is of. */
import { Buffer } from "node:buffer";
import { fail, hasCode, LoanstreamError } from "../errors.ts";
import type { Writer } from "../kafka/records/encode.ts";
import type { OutgoingRecord } from "../kafka/records/record.ts";
import { pause, retrying } from "../kafka/retry.ts";
import type { Transaction, Transactions } from "../kafka/transaction.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { COMMITS_TOPIC } from "../pipeline/topic-names.ts";
import { type Marker, tells, writeMarker } from "./marker.ts";
import type { MarkerReader } from "./marker-reader.ts";
import type { Publication, Publisher } from "./publisher.ts";
import { type PublishedRecord, publicationRecords } from "./records.ts";

export interface KafkaPublisherParts {
  readonly options: {
    readonly applicationId: string;
    readonly pipeline: Pipeline;
    readonly onTrouble: (trouble: LoanstreamError) => void;
    readonly signal: AbortSignal;
    readonly nowMs: () => number;
    readonly steadyMs: () => number;
    readonly timeoutMs: number;
  };
  readonly markers: MarkerReader;
  /** What this instance left when it took the id over. */
  readonly claim: Marker;
  /** Takes the id again in a writer's place. Throws `kafka.fenced` when another has it. */
  open(before: Writer): Promise<Transactions>;
  closeAdmin(): Promise<void>;
}

const GROUP_OFFSETS_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 5_000;
/** The broker may be gone; what is open then ends by itself. */
const CLOSE_WITHIN_MS = 5_000;

interface Begun {
  readonly transaction: Transaction;
  /** Some time before it was. */
  readonly beforeMs: number;
}

export function kafkaPublisher(parts: KafkaPublisherParts, opened: Transactions): Publisher {
  const { options, markers, claim } = parts;
  const { applicationId, pipeline, nowMs, steadyMs, signal } = options;
  const { storeId, instance } = claim;
  const recordsOf = publicationRecords(pipeline);
  let transactions = opened;
  let newest = claim;
  let begun: Begun | null = null;
  /** When no transaction was open, and the broker knew this instance. */
  let knownMs = steadyMs();
  let lookedMs = knownMs;
  let offsets = { sentMs: Number.NEGATIVE_INFINITY, of: claim };

  async function begin(): Promise<void> {
    let unused = begun;
    begun = null;
    while (begun === null) {
      try {
        await unused?.transaction.abort();
        begun = await open();
      } catch (error) {
        await takeBack(error, knownMs);
        unused = null;
      }
    }
  }

  async function open(): Promise<Begun> {
    const beforeMs = steadyMs();
    const transaction = transactions.begin();
    await transaction.open(COMMITS_TOPIC, markers.partition);
    return { transaction, beforeMs };
  }

  async function publish(publication: Publication): Promise<void> {
    const { seq, positions, triggered } = publication;
    const marker: Marker = { storeId, seq, positions, triggered, instance };
    while (newest !== marker) {
      const { transaction, beforeMs } = begunOnce();
      try {
        await send(transaction, publication, marker);
        newest = marker;
        knownMs = steadyMs();
      } catch (error) {
        await takeBack(error, beforeMs);
        if (writeMarker(newest).equals(writeMarker(marker))) return;
        await begin();
      }
    }
  }

  function begunOnce(): Begun {
    if (begun === null) throw fail("internal.unexpected", "a commit was published unasked", "Report it.");
    const once = begun;
    begun = null;
    return once;
  }

  async function send(transaction: Transaction, publication: Publication, marker: Marker): Promise<void> {
    const refused: PublishedRecord[] = [];
    for (const record of recordsOf(publication)) {
      if (!sendRecord(transaction, record, refused)) await transaction.room();
    }
    transaction.sendTo(COMMITS_TOPIC, markers.partition, markerRecord(marker, applicationId, nowMs()));
    await transaction.flush();
    for (const { smaller } of refused) if (smaller !== null) sendRecord(transaction, smaller(), []);
    const sentMs = steadyMs();
    const isDue = sentMs - offsets.sentMs >= GROUP_OFFSETS_EVERY_MS;
    if (isDue) addOffsets(transaction, marker);
    await transaction.commit();
    if (isDue) offsets = { sentMs, of: marker };
  }

  /** One that has a smaller form comes to the refused where it is too large. */
  function sendRecord(
    transaction: Transaction,
    record: PublishedRecord,
    refused: PublishedRecord[],
  ): boolean {
    const { topic, key, value, headers, from, smaller } = record;
    const timestampMs = nowMs();
    const onTooLarge = smaller === null ? undefined : () => void refused.push(record);
    if (key !== null) return transaction.send(topic, { key, value, headers, timestampMs }, onTooLarge);
    const partition = (from ?? 0) % transactions.partitions(topic);
    return transaction.sendTo(topic, partition, { key, value, headers, timestampMs }, onTooLarge);
  }

  function addOffsets(transaction: Transaction, { positions }: Marker): void {
    const { topic } = pipeline.source;
    const all = positions.map((offset, partition) => ({ topic, partition, offset }));
    if (all.length > 0) transaction.offsets(applicationId, all);
  }

  /**
   * After an error: takes the id again where the broker may have given this instance up for its silence, and nobody else
   * has taken it since. Whoever does leaves a marker first of all; to ask the broker alone would end a transaction that
   * one has open.
   */
  async function takeBack(error: unknown, sinceMs: number): Promise<void> {
    const isSilence = isRefusal(error) && steadyMs() - sinceMs > options.timeoutMs && !signal.aborted;
    if (!isSilence) throw tellFenced(error, applicationId);
    await transactions.close();
    await ownMarker();
    transactions = await parts.open(transactions.writer).catch((failure) => {
      throw tellFenced(failure, applicationId);
    });
    newest = await ownMarker();
    knownMs = steadyMs();
  }

  /** The newest, if it is this instance's. Throws `kafka.fenced`. */
  async function ownMarker(): Promise<Marker> {
    const found = await retrying(markers.settled, { ...UNTIL_STOPPED, signal, onTrouble: options.onTrouble });
    if (found?.instance !== instance) throw fenced(applicationId);
    return found;
  }

  async function look(): Promise<void> {
    const nowSteadyMs = steadyMs();
    if (begun !== null || nowSteadyMs - Math.max(lookedMs, knownMs) < LOOK_EVERY_MS) return;
    lookedMs = nowSteadyMs;
    try {
      await transactions.look();
    } catch (error) {
      if (isFenced(error)) await takeBack(error, knownMs);
    }
  }

  async function end(): Promise<void> {
    await begun?.transaction.abort();
    if (offsets.of === newest) return;
    const last = transactions.begin();
    addOffsets(last, newest);
    await last.commit();
  }

  return {
    get published() {
      return tells(newest) ? newest : null;
    },
    begin,
    publish,
    look,
    async close() {
      const ended = end().catch((error) => {
        if (!(error instanceof LoanstreamError)) throw error;
      });
      await within(ended, CLOSE_WITHIN_MS);
      await transactions.close();
      await parts.closeAdmin();
    },
  };
}

/** Waits no longer than that. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, pause(ms, done.signal)]);
  done.abort();
}

const UNTIL_STOPPED = { withinMs: Number.POSITIVE_INFINITY, delayMs: 20, mostDelayMs: 500 };

export const markerRecord = (marker: Marker, applicationId: string, timestampMs: number): OutgoingRecord => ({
  key: Buffer.from(applicationId),
  value: writeMarker(marker),
  headers: [],
  timestampMs,
});

const isFenced = (error: unknown): boolean => hasCode(error, "kafka.fenced");

const isRefusal = (error: unknown): boolean => hasCode(error, "kafka.fenced", "kafka.refused");

/** Says it in the words of who runs an instance; other errors stay as they are. */
export const tellFenced = (error: unknown, applicationId: string): unknown =>
  isFenced(error) ? fenced(applicationId) : error;

function fenced(applicationId: string): LoanstreamError {
  const message = `another instance with the application id ${applicationId} took over; this one stops`;
  return fail("kafka.fenced", message, "Run one instance only, or give each its own kafka.application.id.");
}
