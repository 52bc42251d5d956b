/**
 * What producer and transactions share: records gathered into batches by partition and sent to the leaders, one request
 * under way to each, so that a partition's order holds and the broker's answer to a repetition is certain.
 */
import { LoanstreamError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError } from "./errors.ts";
import { type BatchAnswer, produceOnce, type SentBatch } from "./produce-request.ts";
import {
  addRecord,
  encode,
  type OpenBatch,
  openBatch,
  pack,
  splitBatch,
  type Writer,
} from "./records/encode.ts";
import type { OutgoingRecord } from "./records/record.ts";
import { pause } from "./retry.ts";
import type { ProducerTuning } from "./tuning.ts";

/** Called once a record: with its offset (-1 where the broker doesn't know it any more), or with why it isn't there. */
export type Settled = (error: LoanstreamError | null, offset: number) => void;

export interface Counts {
  readonly sent: number;
  readonly acknowledged: number;
  /** Refused, or given up while it was not known whether they arrived. */
  readonly failed: number;
}

export interface SenderOptions {
  readonly cluster: Cluster;
  readonly tuning: ProducerTuning;
  readonly transactionalId: string | null;
  /** Who writes to a partition from now on; another one where the broker forgot the one of before. */
  writer(another: boolean): Promise<Writer>;
  /** Before each request. */
  prepare(): Promise<void>;
  /** How long what fails in passing is tried again. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly onTrouble?: ((trouble: LoanstreamError) => void) | undefined;
}

export interface Sender {
  /** The partitions must be known by `open`. */
  add(topic: string, partition: number, record: OutgoingRecord, settled?: Settled): void;
  /** Resolves once nothing is under way, however it went. */
  flush(): Promise<void>;
  /** Resolves once fewer bytes are under way than the buffer holds. */
  room(): Promise<void>;
  readonly hasRoom: boolean;
  readonly counts: Counts;
  /** Learns the leaders of topics' partitions; the count of each topic's. Throws `kafka.topic-missing`. */
  open(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

interface Batch {
  readonly records: OpenBatch;
  readonly settled: (Settled | undefined)[];
  readonly openedAtMs: number;
  /** Whether no record may be added any more. */
  sealed: boolean;
  encoded: Buffer | null;
  /** When it first failed in passing. */
  troubledSinceMs: number | null;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
  leader: number;
  /** In order; the last still takes records unless it is full or under way. */
  readonly queue: Batch[];
  underWay: boolean;
  writer: Writer | null;
  /** Whether the broker lost track of the writer. */
  forgotten: boolean;
  sequence: number;
}

/** The topic may be new and not known everywhere yet. */
const TOPIC_PATIENCE_MS = 5_000;
const PAUSE_MS = 50;

/** Of the broker, which may know a batch as here already, or the writer no more. */
const ARRIVED = new Set(["NONE", "DUPLICATE_SEQUENCE_NUMBER"]);
const FORGOTTEN = new Set(["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID"]);
const NOT_YET = new Set(["UNKNOWN_TOPIC_OR_PARTITION"]);

export function createSender(options: SenderOptions): Sender {
  const { cluster, tuning, transactionalId, signal } = options;
  const partitions = new Map<string, Partition>();
  const busy = new Set<number>();
  const counts = { sent: 0, acknowledged: 0, failed: 0 };
  let bytesUnderWay = 0;
  let waiting: (() => void)[] = [];
  let flushing = 0;
  let waking = false;
  let stale = false;
  let lastTrouble: LoanstreamError | null = null;
  let refreshing: Promise<void> | null = null;

  const unsettled = () => counts.sent - counts.acknowledged - counts.failed;
  const isDue = (batch: Batch, now: number) =>
    flushing > 0 || batch.records.length >= tuning.batchBytes || now - batch.openedAtMs >= tuning.lingerMs;

  function add(topic: string, number: number, record: OutgoingRecord, settled?: Settled): void {
    const partition = partitions.get(keyOf(topic, number));
    if (partition === undefined)
      throw brokerError("UNKNOWN_TOPIC_OR_PARTITION", null, { topic, partition: number });
    let batch = partition.queue.at(-1);
    if (batch === undefined || batch.sealed || overflows(batch, record)) {
      batch = newBatch(openBatch());
      partition.queue.push(batch);
      wakeIn(tuning.lingerMs);
    }
    const before = batch.records.length;
    addRecord(batch.records, record);
    batch.settled.push(settled);
    bytesUnderWay += batch.records.length - before;
    counts.sent++;
    if (batch.records.length >= tuning.batchBytes) pump();
  }

  const overflows = ({ records }: Batch, { value, key }: OutgoingRecord) =>
    records.length + (value?.length ?? 0) + (key?.length ?? 0) > tuning.batchBytes;

  function wakeIn(ms: number): void {
    if (waking) return;
    waking = true;
    setTimeout(() => {
      waking = false;
      pump();
    }, ms);
  }

  /** Sends what is due to every leader that has nothing under way. */
  function pump(): void {
    if (signal.aborted) giveUp();
    else if (stale && unsettled() > 0) void refresh();
    else if (unsettled() > 0) sendDue();
  }

  function sendDue(): void {
    const now = performance.now();
    const ready: Partition[] = [];
    for (const partition of partitions.values()) {
      const [head] = partition.queue;
      if (head === undefined || partition.underWay || busy.has(partition.leader)) continue;
      if (!isDue(head, now) && partition.queue.length === 1) wakeIn(tuning.lingerMs);
      else ready.push(partition);
    }
    for (const [leader, due] of Map.groupBy(ready, (partition) => partition.leader)) {
      if (leader >= 0) void send(leader, due);
      else {
        for (const partition of due) failed(partition, leaderless(partition));
        stale = true;
      }
    }
    if (stale) void refresh();
  }

  async function send(leader: number, due: readonly Partition[]): Promise<void> {
    busy.add(leader);
    for (const partition of due) partition.underWay = true;
    try {
      await options.prepare();
      const batches: SentBatch[] = [];
      for (const partition of due) batches.push(await encoded(partition));
      const answers = await cluster.send(
        leader,
        (connection) => produceOnce(connection, batches, transactionalId, tuning.requestTimeoutMs),
        {
          operation: "Write",
          ...(transactionalId ? { resource: `TransactionalId ${transactionalId}` } : {}),
        },
      );
      for (const answer of answers) take(answer);
    } catch (error) {
      if (!(error instanceof LoanstreamError)) throw error;
      for (const partition of due) failed(partition, error);
    }
    for (const partition of due) partition.underWay = false;
    busy.delete(leader);
    pump();
  }

  async function encoded(partition: Partition): Promise<SentBatch> {
    const { topic, partition: number, queue } = partition;
    const head = queue[0]!;
    head.sealed = true;
    if (partition.writer === null) {
      partition.writer = await options.writer(partition.forgotten);
      partition.sequence = 0;
    }
    const { compression } = tuning;
    head.encoded ??= encode(
      head.records,
      pack(head.records, compression),
      partition.writer,
      partition.sequence,
    );
    return { topic, partition: number, bytes: head.encoded };
  }

  function take(answer: BatchAnswer): void {
    const partition = partitions.get(keyOf(answer.topic, answer.partition))!;
    const about = { topic: partition.topic, partition: partition.partition, operation: "Write" };
    if (ARRIVED.has(answer.error)) arrived(partition, answer.baseOffset);
    else if (FORGOTTEN.has(answer.error) && transactionalId === null) forgotten(partition);
    else if (answer.error === "MESSAGE_TOO_LARGE" && partition.queue[0]!.records.count > 1) halve(partition);
    else {
      const patienceMs = NOT_YET.has(answer.error) ? TOPIC_PATIENCE_MS : 0;
      failed(partition, brokerError(answer.error, answer.detail, about), patienceMs);
    }
  }

  /** The broker kept nothing of the batch, and would of none that follows: it lost what the writer wrote before. */
  function forgotten(partition: Partition): void {
    partition.writer = null;
    partition.forgotten = true;
    partition.queue[0]!.encoded = null;
  }

  function arrived(partition: Partition, baseOffset: number): void {
    const batch = partition.queue.shift()!;
    partition.sequence = nextSequence(partition.sequence, batch.records.count);
    counts.acknowledged += batch.records.count;
    settle(batch, null, baseOffset);
  }

  /** The topic takes less at once than our batches; the broker kept nothing of this one. */
  function halve(partition: Partition): void {
    const batch = partition.queue.shift()!;
    const first = batch.records.count >> 1;
    const [one, two] = splitBatch(batch.records, first).map(newBatch);
    one!.settled.push(...batch.settled.slice(0, first));
    two!.settled.push(...batch.settled.slice(first));
    one!.sealed = two!.sealed = true;
    partition.queue.unshift(one!, two!);
  }

  /** Tries the batch again if that can help, or else gives it up. */
  function failed(partition: Partition, error: LoanstreamError, patienceMs = 0): void {
    const batch = partition.queue[0];
    if (batch === undefined) return;
    batch.troubledSinceMs ??= performance.now();
    const allowedMs = error.retryable ? options.patienceMs : patienceMs;
    if (performance.now() - batch.troubledSinceMs < allowedMs && !signal.aborted) {
      options.onTrouble?.(error);
      lastTrouble = error;
      stale = true;
      return;
    }
    partition.queue.shift();
    counts.failed += batch.records.count;
    settle(batch, error, -1);
  }

  function settle(batch: Batch, error: LoanstreamError | null, baseOffset: number): void {
    bytesUnderWay -= batch.records.length;
    for (const [row, settled] of batch.settled.entries()) {
      settled?.(error, baseOffset < 0 ? -1 : baseOffset + row);
    }
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  function giveUp(): void {
    const error = lastTrouble ?? brokerError("NETWORK_EXCEPTION", null, {});
    for (const partition of partitions.values()) {
      while (!partition.underWay && partition.queue.length > 0) failed(partition, error);
    }
  }

  function refresh(): Promise<void> {
    refreshing ??= (async () => {
      await pause(PAUSE_MS, signal);
      const topics = Map.groupBy(partitions.values(), ({ topic }) => topic);
      stale = false;
      for (const [topic, ofTopic] of topics) await refreshTopic(topic, ofTopic);
      refreshing = null;
      pump();
    })();
    return refreshing;
  }

  async function refreshTopic(topic: string, ofTopic: readonly Partition[]): Promise<void> {
    try {
      await learn([topic]);
    } catch (error) {
      if (!(error instanceof LoanstreamError)) throw error;
      stale = true;
      for (const partition of ofTopic) if (!partition.underWay) failed(partition, error, TOPIC_PATIENCE_MS);
    }
  }

  async function learn(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const topics = await cluster.topics(names);
    for (const { name, partitions: found } of topics) {
      for (const { partition, leader } of found) {
        const key = keyOf(name, partition);
        const known = partitions.get(key);
        if (known) known.leader = leader;
        else partitions.set(key, newPartition(name, partition, leader));
      }
    }
    return new Map(topics.map(({ name, partitions: found }) => [name, found.length]));
  }

  async function until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => waiting.push(resolve));
  }

  signal.addEventListener("abort", pump, { once: true });
  return {
    add,
    open: learn,
    counts,
    get hasRoom() {
      return bytesUnderWay < tuning.bufferBytes;
    },
    room: () => until(() => bytesUnderWay < tuning.bufferBytes),
    async flush() {
      flushing++;
      pump();
      await until(() => unsettled() === 0);
      flushing--;
    },
  };
}

const leaderless = ({ topic, partition }: Partition): LoanstreamError =>
  brokerError("LEADER_NOT_AVAILABLE", null, { topic, partition });

const keyOf = (topic: string, partition: number): string => `${partition}:${topic}`;

const newBatch = (records: OpenBatch): Batch => ({
  records,
  settled: [],
  openedAtMs: performance.now(),
  sealed: false,
  encoded: null,
  troubledSinceMs: null,
});

const newPartition = (topic: string, partition: number, leader: number): Partition => ({
  topic,
  partition,
  leader,
  queue: [],
  underWay: false,
  writer: null,
  forgotten: false,
  sequence: 0,
});

/** After 2^31-1 comes 0. */
const nextSequence = (sequence: number, count: number): number => (sequence + count) % 2 ** 31;
