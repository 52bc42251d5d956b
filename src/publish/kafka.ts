/** Opens the publisher of commits to Kafka: looks whose the application id is, then takes it over. */
import { randomUUID } from "node:crypto";
import { fail, type LoanstreamError } from "../errors.ts";
import { type KafkaAdmin, openAdmin } from "../kafka/admin.ts";
import { probe } from "../kafka/probe.ts";
import type { Writer } from "../kafka/records/encode.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { openTransactions, type Transactions } from "../kafka/transaction.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { COMMITS_TOPIC } from "../pipeline/topic-names.ts";
import { topicsOf } from "../topics/topic-list.ts";
import { kafkaPublisher, markerRecord, tellFenced } from "./kafka-publisher.ts";
import { type Marker, tells } from "./marker.ts";
import { type MarkerReader, markerReader } from "./marker-reader.ts";
import { NOTHING } from "./nothing.ts";
import type { Publisher } from "./publisher.ts";

export interface KafkaPublisherOptions {
  /** The transactional id, the group whose offsets show how far the log is read, and the marker's key. */
  readonly applicationId: string;
  readonly pipeline: Pipeline;
  readonly storeId: string;
  /** Told of what passes by itself, such as a broker that restarts. */
  readonly onTrouble: (trouble: LoanstreamError) => void;
  /** Until then what passes is waited for. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Of a clock that nobody sets: `performance.now` unless told otherwise. */
  readonly steadyMs?: () => number;
  /** After so long without its end the broker aborts a transaction: a minute. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
/** The broker looks only so often for transactions that are too old. */
const OVERDUE_MS = 15_000;

/**
 * Takes the application id over, unless its marker is another store's. Throws `publish.other-store` and
 * `publish.unknown-outputs`, which disturb nobody; `kafka.fenced` when another does the same; `kafka.topic-missing`, and
 * what keeps the first connection from coming about.
 */
export async function openKafkaPublisher(
  settings: KafkaSettings,
  options: KafkaPublisherOptions,
): Promise<Publisher> {
  await probe(settings);
  const { applicationId, onTrouble, signal, timeoutMs = TIMEOUT_MS } = options;
  const { steadyMs = () => performance.now() } = options;
  const admin = await openAdmin(settings);
  try {
    const patienceMs = timeoutMs + OVERDUE_MS;
    const markers = await markerReader(settings, admin, { applicationId, patienceMs, onTrouble, signal });
    const before = (await markers.newest()) ?? (await markers.settled());
    await refuseOthersOutputs(admin, before, options);
    return await takeOver(settings, { ...options, timeoutMs, steadyMs }, markers, () => admin.close());
  } catch (error) {
    await admin.close();
    throw error;
  }
}

type Options = KafkaPublisherOptions & Required<Pick<KafkaPublisherOptions, "timeoutMs" | "steadyMs">>;

/** A marker is left before anything else is sent: by it everybody knows who has the id. */
async function takeOver(
  settings: KafkaSettings,
  options: Options,
  markers: MarkerReader,
  closeAdmin: () => Promise<void>,
): Promise<Publisher> {
  const instance = randomUUID();
  const { storeId, nowMs } = options;
  const open = (before?: Writer) => transactionsOf(settings, options, before);
  const transactions = await open();
  try {
    const found = await markers.settled();
    if (found !== null && tells(found)) refuseOtherStore(found, options);
    const of = found?.storeId === storeId ? found : NOTHING;
    const { seq, positions, triggered } = of;
    const claim: Marker = { storeId, seq, positions, triggered, instance };
    const transaction = transactions.begin();
    transaction.sendTo(COMMITS_TOPIC, markers.partition, markerRecord(claim, options.applicationId, nowMs()));
    await transaction.commit();
    return kafkaPublisher({ options, markers, claim, open, closeAdmin }, transactions);
  } catch (error) {
    await transactions.close();
    throw tellFenced(error, options.applicationId);
  }
}

const transactionsOf = (
  settings: KafkaSettings,
  options: Options,
  before: Writer | undefined,
): Promise<Transactions> =>
  openTransactions(settings, {
    ...(before ? { before } : {}),
    transactionalId: options.applicationId,
    topics: [...topicsOf(options.pipeline).map(({ name }) => name), COMMITS_TOPIC],
    timeoutMs: options.timeoutMs,
    patienceMs: Number.POSITIVE_INFINITY,
    signal: options.signal,
    onTrouble: options.onTrouble,
  });

type Whose = Pick<KafkaPublisherOptions, "applicationId" | "pipeline" | "storeId">;

/** By an application's newest marker. Throws `publish.other-store` and `publish.unknown-outputs`. */
export async function refuseOthersOutputs(
  admin: KafkaAdmin,
  marker: Marker | null,
  whose: Whose,
): Promise<void> {
  if (marker !== null && tells(marker)) refuseOtherStore(marker, whose);
  else if (marker?.storeId !== whose.storeId) await refuseUnknownOutputs(admin, whose);
}

/** Throws `publish.other-store`. */
function refuseOtherStore({ storeId }: Marker, { applicationId, storeId: own }: Whose): void {
  if (storeId === own) return;
  const message = `what application ${applicationId} put out is of store ${storeId}, this directory's is ${own}`;
  throw fail("publish.other-store", message, `Name the data directory of that store, ${OR_EMPTY}`, {
    topic: COMMITS_TOPIC,
  });
}

/** Throws `publish.unknown-outputs`. */
async function refuseUnknownOutputs(admin: KafkaAdmin, { pipeline, applicationId }: Whose): Promise<void> {
  for (const { name, kind } of topicsOf(pipeline)) {
    // Alerts of all applications of a cluster are in one topic.
    if (kind !== "output") continue;
    const starts = await admin.offsets(name, "start");
    const ends = await admin.offsets(name, "end");
    if (ends.every((end, partition) => end === starts[partition])) continue;
    const message = `the topic holds records, and none in ${COMMITS_TOPIC} tells what application ${applicationId} put out`;
    throw fail(
      "publish.unknown-outputs",
      message,
      `Name the data directory that wrote them, with its kafka.application.id, ${OR_EMPTY}`,
      { topic: name },
    );
  }
}

const OR_EMPTY =
  'or empty all topics but the input by "loanstream topics recreate NAME… --broker kafka"; two applications need topics of their own.';
