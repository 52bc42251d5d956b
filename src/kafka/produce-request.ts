/** One produce request: batches of our own making, one a partition, and what the broker says to each. */
import { type Connection, produceV9, ResponseError, Writer } from "@platformatic/kafka";
import { brokerErrorOf } from "./errors.ts";
import { PRODUCE } from "./versions.ts";

export interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

export interface BatchAnswer {
  readonly topic: string;
  readonly partition: number;
  /** `NONE`, or the broker's error by its name. */
  readonly error: string;
  readonly detail: string | null;
  /** Of the first record; -1 where the broker doesn't know it any more. */
  readonly baseOffset: number;
}

const ALL_REPLICAS = -1;

export function produceOnce(
  connection: Connection,
  batches: readonly SentBatch[],
  transactionalId: string | null,
  timeoutMs: number,
): Promise<readonly BatchAnswer[]> {
  const request = () =>
    Writer.create()
      .appendString(transactionalId)
      .appendInt16(ALL_REPLICAS)
      .appendInt32(timeoutMs)
      .appendArray([...Map.groupBy(batches, ({ topic }) => topic)], (topics, [topic, partitions]) =>
        topics
          .appendString(topic)
          .appendArray(partitions, (one, { partition, bytes }) =>
            one.appendInt32(partition).appendBytes(bytes),
          ),
      )
      .appendTaggedFields();
  return new Promise((resolve, reject) =>
    connection.send(
      PRODUCE.key,
      PRODUCE.version,
      request,
      produceV9.parseResponse,
      true,
      true,
      (error, answer) => {
        try {
          resolve(answersOf(answer ?? answerWithin(error)));
        } catch (failure) {
          reject(failure);
        }
      },
    ),
  );
}

type Answer = ReturnType<typeof produceV9.parseResponse>;

/** The client throws the whole answer where one partition has an error. */
function answerWithin(error: unknown): Answer {
  if (error instanceof ResponseError) return Reflect.get(error, "response");
  throw error;
}

const answersOf = ({ responses }: Answer): readonly BatchAnswer[] =>
  responses.flatMap(({ name, partitionResponses }) =>
    partitionResponses.map(({ index, errorCode, errorMessage, baseOffset }) => ({
      topic: name,
      partition: index,
      error: brokerErrorOf(errorCode),
      detail: errorMessage ?? null,
      baseOffset: Number(baseOffset),
    })),
  );
