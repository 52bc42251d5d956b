/** One fetch: the request is the client's, the answer is read here, since the client makes objects of every record. */
import { type Connection, fetchV13, type Reader } from "@platformatic/kafka";
import { brokerError, brokerErrorOf } from "./errors.ts";
import type { AbortedTransaction } from "./read-committed.ts";
import type { ConsumerTuning } from "./tuning.ts";
import { FETCH } from "./versions.ts";

export interface WantedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
}

export interface PartitionAnswer {
  readonly topicId: string;
  readonly partition: number;
  /** `NONE`, or the broker's error by its name. */
  readonly error: string;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Batches one behind the other, the last perhaps cut off. */
  readonly bytes: Buffer;
}

const COMMITTED = 1;
const NO_SESSION = { id: 0, epoch: -1 };
const NOTHING = Buffer.alloc(0);

export function fetchOnce(
  connection: Connection,
  wanted: readonly WantedPartition[],
  committedOnly: boolean,
  tuning: ConsumerTuning,
): Promise<readonly PartitionAnswer[]> {
  const request = () =>
    fetchV13.createRequest(
      tuning.maxWaitMs,
      tuning.minBytes,
      tuning.maxBytes,
      committedOnly ? COMMITTED : 0,
      NO_SESSION.id,
      NO_SESSION.epoch,
      byTopic(wanted, tuning.maxPartitionBytes),
      [],
      "",
    );
  return new Promise((resolve, reject) =>
    connection.send(FETCH.key, FETCH.version, request, parse, true, true, (error, answer) =>
      error || !answer ? reject(error) : resolve(answer),
    ),
  );
}

function byTopic(wanted: readonly WantedPartition[], partitionMaxBytes: number) {
  const topics = Map.groupBy(wanted, ({ topicId }) => topicId);
  return [...topics].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ partition, offset }) => ({
      partition,
      fetchOffset: BigInt(offset),
      partitionMaxBytes,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    })),
  }));
}

function parse(_id: number, _key: number, _version: number, reader: Reader): readonly PartitionAnswer[] {
  reader.readInt32();
  const error = reader.readInt16();
  if (error !== 0) throw brokerError(brokerErrorOf(error), null, { operation: "Read" });
  reader.readInt32();
  return reader
    .readArray((topic) => {
      const topicId = topic.readUUID();
      return topic.readArray((partition) => parsePartition(partition, topicId));
    })
    .flat();
}

function parsePartition(reader: Reader, topicId: string): PartitionAnswer {
  const partition = reader.readInt32();
  const code = reader.readInt16();
  const highWatermark = Number(reader.readInt64());
  const lastStableOffset = Number(reader.readInt64());
  const logStartOffset = Number(reader.readInt64());
  const aborted = reader.readNullableArray((transaction) => ({
    producerId: Number(transaction.readInt64()),
    firstOffset: Number(transaction.readInt64()),
  }));
  reader.readInt32();
  return {
    topicId,
    partition,
    error: brokerErrorOf(code),
    highWatermark,
    lastStableOffset,
    logStartOffset,
    aborted: aborted ?? [],
    bytes: reader.readNullableBytes() ?? NOTHING,
  };
}
