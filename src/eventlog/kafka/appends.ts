/** Appends to partitions of one topic, by one idempotent producer. */
import { rawIdentifierOf } from "../../contract/raw-identifiers.ts";
import type { RecordPlace } from "../../engine/engine.ts";
import type { LoanstreamError } from "../../errors.ts";
import type { KafkaProducer } from "../../kafka/producer.ts";
import type { Append } from "../event-log.ts";
import { refuseLineEnds } from "../line-ends.ts";
import type { KeyReader } from "../record-key.ts";
import { closed, type PlaceInTopic, rawIdentifierGiven } from "./failures.ts";

export interface Appends {
  /**
   * Each record to the partition that is named for it. Resolves with where the records stand once all can be read,
   * unless somebody's open transaction stands before them. Throws `kafka.raw-identifier` where reading would stop at one
   * of them; nothing is appended then.
   */
  append(batch: Append, partitionOf: (record: Uint8Array) => number): Promise<readonly RecordPlace[]>;
  /** Takes nothing more; resolves once nothing is under way. */
  finish(): Promise<void>;
}

export interface AppendsParts {
  readonly topic: string;
  readonly producer: KafkaProducer;
  readonly keyOf: KeyReader;
  /** Paths that no record may carry. */
  readonly forbidden: readonly string[];
  /** Why nothing more may be appended; null while it may. */
  readonly failure: () => LoanstreamError | null;
  /** Resolves once it is known whether records that are there can be read. */
  readonly askEnds: (places: readonly RecordPlace[]) => Promise<void>;
  /** Told of what was acknowledged. */
  readonly onAcknowledged: () => void;
}

const NO_HEADERS = [] as const;

export function createAppends(parts: AppendsParts): Appends {
  const { topic, producer, keyOf } = parts;
  const rawIn = rawIdentifierOf(parts.forbidden);
  const underWay = new Set<Promise<unknown>>();
  let turn: Promise<void> = Promise.resolve();
  let isClosed = false;

  function refuse(place: PlaceInTopic): void {
    const failure = parts.failure();
    if (failure !== null) throw failure;
    if (isClosed) throw closed(place);
  }

  function refuseRaw({ records }: Append, partitionOf: (record: Uint8Array) => number): void {
    for (const record of records) {
      const path = rawIn(record);
      if (path !== null) throw rawIdentifierGiven({ topic, partition: partitionOf(record) }, path);
    }
  }

  /** All records of an append follow one another: none of another append comes between. */
  function send({ records, ingestTimeMs }: Append, partitionOf: (record: Uint8Array) => number) {
    const places: RecordPlace[] = [];
    return new Promise<readonly RecordPlace[]>((resolve, reject) => {
      let left = records.length;
      let failure: LoanstreamError | null = null;
      for (const [row, value] of records.entries()) {
        const record = { key: keyOf(value), value, headers: NO_HEADERS, timestampMs: ingestTimeMs };
        const partition = partitionOf(value);
        producer.sendTo(topic, partition, record, (error, position) => {
          failure ??= error;
          places[row] = { partition, position };
          if (--left > 0) return;
          if (failure === null) resolve(places);
          else reject(failure);
        });
      }
    });
  }

  async function sent(
    batch: Append,
    partitionOf: (record: Uint8Array) => number,
  ): Promise<readonly RecordPlace[]> {
    const mine = turn;
    turn = mine.then(() => producer.room());
    await mine;
    const places = await send(batch, partitionOf);
    parts.onAcknowledged();
    await parts.askEnds(places);
    return places;
  }

  return {
    async append(batch, partitionOf) {
      refuseLineEnds(batch);
      const [first] = batch.records;
      refuse({ topic, partition: first === undefined ? 0 : partitionOf(first) });
      if (first === undefined) return [];
      refuseRaw(batch, partitionOf);
      const work = sent(batch, partitionOf);
      underWay.add(work);
      return work.finally(() => underWay.delete(work));
    },
    async finish() {
      isClosed = true;
      await Promise.allSettled(underWay);
    },
  };
}
