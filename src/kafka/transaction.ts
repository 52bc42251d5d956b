/** Records and offsets that become visible together or not at all, under a fixed transactional id. */
import { fail, type LoanstreamError } from "../errors.ts";
import { type Cluster, openCluster } from "./cluster.ts";
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
  /** After so long without its end the broker aborts a transaction; what fails in passing is tried again for half of it. */
  readonly timeoutMs: number;
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
  partitions(topic: string): number;
  close(): Promise<void>;
}

export interface Transaction {
  /** To the partition of its key, as Java's client decides; false: wait for `room()`. Errors come from `commit`. */
  send(topic: string, record: OutgoingRecord & { readonly key: Uint8Array }): boolean;
  sendTo(topic: string, partition: number, record: OutgoingRecord): boolean;
  room(): Promise<void>;
  /** Resolves once what was sent is at the broker, or failed; not needed before `commit`. */
  flush(): Promise<void>;
  /** What a group has read, for Kafka's tools to show its lag; the group needs no members. */
  offsets(group: string, offsets: readonly GroupOffset[]): void;
  /** Throws `kafka.fenced` when another took the id over, and what else keeps it from coming about. */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

const PAUSE = { delayMs: 2, mostDelayMs: 200 };
const NEW = { id: -1n, epoch: -1 };
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
  const tuning = { ...producerTuning(settings.producer), requestTimeoutMs: options.timeoutMs };
  const cluster = await openCluster(settings, options.timeoutMs);
  const stop = new AbortController();
  try {
    const patience = { ...PAUSE, withinMs: options.timeoutMs / 2, signal: stop.signal };
    const writer = await takeOver(cluster, options, { ...patience, withinMs: options.timeoutMs });
    const registered = new Set<string>();
    const broker = coordinated(cluster, options.transactionalId, writer, patience);
    const sender = createSender({
      cluster,
      tuning,
      transactionalId: options.transactionalId,
      writer: async () => writer,
      async prepare(partitions) {
        const added = partitions.filter((one) => !registered.has(`${one.partition}:${one.topic}`));
        if (added.length > 0) await broker.register(added);
        for (const one of added) registered.add(`${one.partition}:${one.topic}`);
      },
      patienceMs: patience.withinMs,
      signal: stop.signal,
    });
    const counts = await sender.open(options.topics);
    return oneByOne(sender, counts, broker, registered, async () => {
      stop.abort();
      await cluster.close();
    });
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function oneByOne(
  sender: Sender,
  counts: ReadonlyMap<string, number>,
  broker: Coordinated,
  registered: Set<string>,
  close: () => Promise<void>,
): Transactions {
  let state: "ready" | "open" | "broken" = "ready";
  const partitions = (topic: string): number => counts.get(topic) ?? 0;

  /** Ends the transaction if there is anything in it; one that is empty is unknown to the broker. */
  async function end(work: () => Promise<boolean>): Promise<void> {
    if (state !== "open") throw misuse("there is no open transaction");
    state = "broken";
    await work();
    registered.clear();
    state = "ready";
  }

  function begin(): Transaction {
    if (state !== "ready") throw misuse(state === "open" ? "one is open already" : "one failed");
    state = "open";
    let failure: LoanstreamError | null = null;
    const groups: [string, readonly GroupOffset[]][] = [];
    const settled = (error: LoanstreamError | null) => {
      failure ??= error;
    };
    const sendTo: Transaction["sendTo"] = (topic, partition, record) => {
      sender.add(topic, partition, record, settled);
      return sender.hasRoom;
    };
    const finish = async (commit: boolean) => {
      await sender.flush();
      if (commit && failure) throw failure;
      if (commit) for (const [group, offsets] of groups) await broker.addOffsets(group, offsets);
      const empty = registered.size === 0 && (groups.length === 0 || !commit);
      if (!empty) await broker.end(commit);
      return !empty;
    };
    return {
      sendTo,
      send: (topic, record) => sendTo(topic, partitionOf(record.key, partitions(topic)), record),
      room: sender.room,
      flush: sender.flush,
      offsets: (group, offsets) => void groups.push([group, offsets]),
      commit: () => end(() => finish(true)),
      abort: () => end(() => finish(false)),
    };
  }

  return { begin, partitions, close };
}

const misuse = (what: string): LoanstreamError =>
  fail("internal.unexpected", `a Kafka transaction was used wrongly: ${what}`, "Report it.");

async function takeOver(
  cluster: Cluster,
  { transactionalId, timeoutMs }: TransactionOptions,
  patience: Patience,
): Promise<Writer> {
  const answer = await retrying(
    () =>
      cluster.ask({ transactionalId }, apis.initProducerId, [transactionalId, timeoutMs, NEW.id, NEW.epoch], {
        operation: "Write",
        resource: `TransactionalId ${transactionalId}`,
      }),
    patience,
  );
  return { producerId: Number(answer.producerId), epoch: answer.producerEpoch, transactional: true };
}

/** What the coordinators of the transaction and of groups are asked. */
interface Coordinated {
  register(partitions: readonly { topic: string; partition: number }[]): Promise<void>;
  addOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void>;
  end(commit: boolean): Promise<void>;
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
