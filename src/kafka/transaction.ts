/** Records and offsets that become visible together or not at all, under a fixed transactional id. */
import { fail, type LoanstreamError } from "../errors.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { brokerError } from "./errors.ts";
import type { Writer } from "./records/encode.ts";
import { partitionOf } from "./records/partition-of.ts";
import type { OutgoingRecord } from "./records/record.ts";
import { type Patience, retrying } from "./retry.ts";
import { createSender, type Sender } from "./sender.ts";
import type { KafkaSettings } from "./settings.ts";
import { producerTuning } from "./tuning.ts";
import { apis } from "./versions.ts";

export interface TransactionOptions {
  /** The same after every restart: who opens it last shuts the others out. */
  readonly transactionalId: string;
  readonly topics: readonly string[];
  /**
   * Whose place to take where the broker gave it up for its silence: throws `kafka.fenced` when another took the id over
   * since, and leaves that one alone unless it has a transaction open.
   */
  readonly before?: Pick<Writer, "producerId" | "epoch">;
  /** After so long without its end the broker aborts a transaction, and shuts its writer out. */
  readonly timeoutMs: number;
  /** How long what fails in passing is tried again: half of `timeoutMs` unless told otherwise, or until the signal. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  /** Told of what passes by itself, such as a broker that restarts. */
  readonly onTrouble?: (trouble: LoanstreamError) => void;
}

export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  /** Of the next record to read. */
  readonly offset: number;
}

/**
 * One transaction after the other. After any error nothing but `close` may be called: open another one, which aborts
 * what was under way.
 */
export interface Transactions {
  begin(): Transaction;
  /** Asks the broker once, and changes nothing. Throws `kafka.fenced` when another took the id over. */
  look(): Promise<void>;
  readonly writer: Writer;
  partitions(topic: string): number;
  close(): Promise<void>;
}

export interface Transaction {
  /**
   * Begins at the broker at once, with a partition that will be sent to: throws `kafka.fenced` when another took the id
   * over, before anything is sent.
   */
  open(topic: string, partition: number): Promise<void>;
  /**
   * To the partition of its key, as Java's client decides; false: wait for `room()`. Errors come from `commit`; but
   * where `onTooLarge` is given, it is called for a record larger than the topic takes, and the rest goes on without.
   */
  send(
    topic: string,
    record: OutgoingRecord & { readonly key: Uint8Array },
    onTooLarge?: () => void,
  ): boolean;
  sendTo(topic: string, partition: number, record: OutgoingRecord, onTooLarge?: () => void): boolean;
  room(): Promise<void>;
  /** Resolves once what was sent is at the broker, or failed; not needed before `commit`. */
  flush(): Promise<void>;
  /** What a group has read, for Kafka's tools to show its lag; the group needs no members. */
  offsets(group: string, offsets: readonly GroupOffset[]): void;
  /** Throws `kafka.fenced` when another took the id over, and what else keeps it from coming about. */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

const PAUSE = { delayMs: 1, mostDelayMs: 200 };
const NEW = { producerId: -1, epoch: -1 };
/** Of a group whose offsets somebody without a membership writes. */
const NO_MEMBER = { generation: -1, id: "", instance: null, leaderEpoch: -1 };

/**
 * Takes the id over: what others had under way under it is aborted, and they are fenced. Throws what keeps the first
 * connection from coming about, `kafka.authorisation-refused` and `kafka.topic-missing`.
 */
export async function openTransactions(
  settings: KafkaSettings,
  options: TransactionOptions,
): Promise<Transactions> {
  const tuning = producerTuning(settings.producer);
  const cluster = await openCluster(settings, tuning.requestTimeoutMs);
  const stop = new AbortController();
  try {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const { timeoutMs, patienceMs = timeoutMs / 2 } = options;
    const onTrouble = (trouble: LoanstreamError) => {
      if (!isUsual(trouble)) options.onTrouble?.(trouble);
    };
    const patience = { ...PAUSE, withinMs: patienceMs, signal, onTrouble };
    const opening = { ...patience, withinMs: options.patienceMs ?? timeoutMs };
    const writer = await takeOver(cluster, options, opening);
    const broker = coordinated(cluster, options.transactionalId, writer, patience);
    const members = membership(broker);
    const sender = createSender({
      cluster,
      tuning,
      transactionalId: options.transactionalId,
      writer: async () => writer,
      prepare: members.register,
      patienceMs,
      signal,
      onTrouble,
    });
    const counts = await retrying(() => sender.open(options.topics), opening);
    return oneByOne({ sender, counts, broker, members, writer }, async () => {
      stop.abort();
      await cluster.close();
    });
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** For a moment after each transaction the coordinator takes no other. */
const isUsual = ({ diagnostics: [{ message }] }: LoanstreamError) =>
  message.includes("CONCURRENT_TRANSACTIONS");

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The partitions of the transaction that is open. */
interface Membership {
  readonly isEmpty: boolean;
  add(topic: string, partition: number): void;
  /** Makes all that were added known to the coordinator, in one request. */
  register(): Promise<void>;
  clear(): void;
}

function membership(broker: Coordinated): Membership {
  const known = new Map<string, TopicPartition>();
  const registered = new Set<string>();
  let last: Promise<void> = Promise.resolve();

  async function registerNew(): Promise<void> {
    const added = [...known].filter(([key]) => !registered.has(key));
    if (added.length > 0) await broker.register(added.map(([, one]) => one));
    for (const [key] of added) registered.add(key);
  }

  return {
    get isEmpty() {
      return known.size === 0;
    },
    add(topic, partition) {
      const key = `${partition}:${topic}`;
      if (!known.has(key)) known.set(key, { topic, partition });
    },
    register() {
      last = last.catch(() => {}).then(registerNew);
      return last;
    },
    clear() {
      known.clear();
      registered.clear();
    },
  };
}

interface Parts {
  readonly sender: Sender;
  /** Of partitions, by topic. */
  readonly counts: ReadonlyMap<string, number>;
  readonly broker: Coordinated;
  readonly members: Membership;
  readonly writer: Writer;
}

function oneByOne(
  { sender, counts, broker, members, writer }: Parts,
  close: () => Promise<void>,
): Transactions {
  let state: "ready" | "open" | "broken" = "ready";
  const partitions = (topic: string): number => counts.get(topic) ?? 0;

  /** Ends the transaction if there is anything in it; one that is empty is unknown to the broker. */
  async function end(work: () => Promise<void>): Promise<void> {
    if (state !== "open") throw misuse("there is no open transaction");
    state = "broken";
    await work();
    members.clear();
    state = "ready";
  }

  function begin(): Transaction {
    if (state !== "ready") throw misuse(state === "open" ? "one is open already" : "one failed");
    state = "open";
    let failure: LoanstreamError | null = null;
    const groups: [string, readonly GroupOffset[]][] = [];
    const settled = (error: LoanstreamError | null, onTooLarge?: () => void) => {
      if (error !== null && isTooLarge(error) && onTooLarge !== undefined) onTooLarge();
      else failure ??= error;
    };
    const sendTo: Transaction["sendTo"] = (topic, partition, record, onTooLarge) => {
      members.add(topic, partition);
      sender.add(topic, partition, record, (error) => settled(error, onTooLarge));
      return sender.hasRoom;
    };
    const finish = async (commit: boolean) => {
      await sender.flush();
      if (commit && failure) throw failure;
      if (commit) for (const [group, offsets] of groups) await broker.addOffsets(group, offsets);
      if (!members.isEmpty || (groups.length > 0 && commit)) await broker.end(commit);
    };
    return {
      async open(topic, partition) {
        members.add(topic, partition);
        await members.register().catch((error) => {
          state = "broken";
          throw error;
        });
      },
      sendTo,
      send: (topic, record, onTooLarge) =>
        sendTo(topic, partitionOf(record.key, partitions(topic)), record, onTooLarge),
      room: sender.room,
      flush: sender.flush,
      offsets: (group, offsets) => void groups.push([group, offsets]),
      commit: () => end(() => finish(true)),
      abort: () => end(() => finish(false)),
    };
  }

  return { begin, look: broker.look, writer, partitions, close };
}

const isTooLarge = ({ diagnostics: [{ code }] }: LoanstreamError): boolean =>
  code === "kafka.message-too-large";

const misuse = (what: string): LoanstreamError =>
  fail("internal.unexpected", `a Kafka transaction was used wrongly: ${what}`, "Report it.");

async function takeOver(
  cluster: Cluster,
  { transactionalId, timeoutMs, before = NEW }: TransactionOptions,
  patience: Patience,
): Promise<Writer> {
  const about = { operation: "Write", resource: `TransactionalId ${transactionalId}` };
  const request: [string, number, bigint, number] = [
    transactionalId,
    timeoutMs,
    BigInt(before.producerId),
    before.epoch,
  ];
  const answer = await retrying(
    () => cluster.ask({ transactionalId }, apis.initProducerId, request, about),
    patience,
  );
  return { producerId: Number(answer.producerId), epoch: answer.producerEpoch, transactional: true };
}

/** What the coordinators of the transaction and of groups are asked. */
interface Coordinated {
  register(partitions: readonly TopicPartition[]): Promise<void>;
  addOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void>;
  end(commit: boolean): Promise<void>;
  /** Throws `kafka.fenced`. */
  look(): Promise<void>;
}

function coordinated(
  cluster: Cluster,
  transactionalId: string,
  { producerId, epoch }: Writer,
  patience: Patience,
): Coordinated {
  const id = BigInt(producerId);
  const about = { operation: "Write", resource: `TransactionalId ${transactionalId}` };
  const end = (committed: boolean) =>
    cluster.ask({ transactionalId }, apis.endTxn, [transactionalId, id, epoch, committed], about);
  return {
    async register(partitions) {
      const topics = byTopic(partitions).map(([name, ones]) => ({
        name,
        partitions: ones.map(({ partition }) => partition),
      }));
      const transaction = {
        transactionalId,
        producerId: id,
        producerEpoch: epoch,
        verifyOnly: false,
        topics,
      };
      const [first] = partitions;
      const where = { ...about, ...(first ? { topic: first.topic } : {}) };
      await retrying(
        () => cluster.ask({ transactionalId }, apis.addPartitionsToTxn, [[transaction]], where),
        patience,
      );
    },
    async addOffsets(group, offsets) {
      const request: [string, bigint, number, string] = [transactionalId, id, epoch, group];
      await retrying(() => cluster.ask({ transactionalId }, apis.addOffsetsToTxn, request, about), patience);
      const topics = byTopic(offsets).map(([name, ones]) => ({
        name,
        partitions: ones.map(committedOffset),
      }));
      const { generation, id: member, instance } = NO_MEMBER;
      await retrying(
        () =>
          cluster.ask(
            { group },
            apis.txnOffsetCommit,
            [transactionalId, group, id, epoch, generation, member, instance, topics],
            { operation: "Read", resource: `Group ${group}` },
          ),
        patience,
      );
    },
    async end(commit) {
      await retrying(() => end(commit), patience);
    },
    async look() {
      const asked = { ...about, operation: "Describe" };
      const answer = await cluster.ask(
        { transactionalId },
        apis.describeTransactions,
        [[transactionalId]],
        asked,
      );
      const [found] = answer.transactionStates;
      if (found?.producerId !== id || found.producerEpoch !== epoch)
        throw brokerError("PRODUCER_FENCED", null, about);
    },
  };
}

const byTopic = <One extends { readonly topic: string }>(ones: readonly One[]): [string, One[]][] => [
  ...Map.groupBy(ones, ({ topic }) => topic),
];

const committedOffset = ({ partition, offset }: GroupOffset) => ({
  partitionIndex: partition,
  committedOffset: BigInt(offset),
  committedLeaderEpoch: NO_MEMBER.leaderEpoch,
  committedMetadata: null,
});
