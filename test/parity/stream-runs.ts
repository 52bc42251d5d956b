/** Both engines over one Kafka topic, and what each sends: on Spark into memory, in the order in which it leaves. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { TableRows } from "../../src/engine/engine.ts";
import { relationOf } from "../../src/engine/spark/app/submit.ts";
import type { QueryProgress } from "../../src/engine/spark/connect/progress.ts";
import { sqlText, streamOf } from "../../src/engine/spark/connect/relation.ts";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import { KAFKA_VIEW, type StreamQuery } from "../../src/engine/spark/stream/query.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { publicationRecords } from "../../src/publish/records.ts";
import { textReader } from "../../src/topics/event-record.ts";
import { uniqueName } from "../kafka/broker.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";
import type { Streams } from "../spark/kafka-streams.ts";

export interface Sent {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** By partition, as Kafka holds them. */
export type Partitions = readonly (readonly LogRecord[])[];

/** The events of one application stay in one partition. */
export function spread(log: readonly LogRecord[], count: number): Partitions {
  const keyOf = textReader("application_id");
  const partitions = Array.from({ length: count }, (): LogRecord[] => []);
  for (const record of log) {
    const key = keyOf(Buffer.from(record.text)) ?? record.text;
    const sum = [...Buffer.from(key)].reduce((total, byte) => total + byte, 0);
    partitions[sum % count]!.push(record);
  }
  return partitions;
}

/** Records without an ingest time get `otherwiseMs`. */
export async function produce(
  { kafka }: Pick<Streams, "kafka">,
  partitions: Partitions,
  otherwiseMs: number,
): Promise<string> {
  // The records are as old as they say, and a broker deletes what is older than its topic keeps.
  const topic = await kafka.topic(partitions.length, { "retention.ms": "-1" });
  await produceTo(kafka.settings, topic, partitions, otherwiseMs);
  return topic;
}

export async function produceTo(
  settings: KafkaSettings,
  topic: string,
  partitions: Partitions,
  otherwiseMs: number,
): Promise<void> {
  const producer = await openProducer(settings, { topics: [topic] });
  for (const [partition, records] of partitions.entries())
    for (const { text, ingestTimeMs } of records) {
      const record = {
        key: null,
        value: Buffer.from(text),
        headers: [],
        timestampMs: ingestTimeMs ?? otherwiseMs,
      };
      if (!producer.sendTo(topic, partition, record)) await producer.room();
    }
  await producer.flush();
  await producer.close();
}

const RUN_WITHIN_MS = 180_000;

export interface SparkRun {
  readonly topic: string;
  /** Of a batch; the more batches, the more often the watermark moves. */
  readonly records: number;
}

/** What the queries send of a topic that has no more records. */
export async function sentBySpark(on: Streams, pipeline: Pipeline, run: SparkRun): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (const query of streamQueries(pipeline)) sent.push(...(await runToEnd(on, query, run)).sent);
  return sent;
}

export interface QueryRun {
  readonly sent: readonly Sent[];
  /** Those that Spark remembers: a hundred, unless the session says otherwise. */
  readonly batches: readonly QueryProgress[];
}

/** Runs a query over a topic from its beginning until there are no more records. */
export async function runToEnd(on: Streams, query: StreamQuery, run: SparkRun): Promise<QueryRun> {
  const view = `_sent_${query.name}`;
  const sink = { name: view, format: "memory", options: {}, checkpoint: uniqueName(query.name) };
  const batches = await runInto(on, query, run, sink);
  return { sent: await sentTo(on.spark, view), batches };
}

export interface Sink {
  readonly name: string;
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
  /** A folder in the one of `Streams`. Where it is there, the query goes on from it. */
  readonly checkpoint: string;
}

export async function runInto(
  { spark, bootstrap, directory }: Streams,
  { name, steps, sql, outputMode }: StreamQuery,
  { topic, records }: SparkRun,
  sink: Sink,
): Promise<QueryRun["batches"]> {
  const source = {
    "kafka.bootstrap.servers": bootstrap,
    subscribe: topic,
    startingOffsets: "earliest",
    maxOffsetsPerTrigger: String(records),
  };
  await spark.define(KAFKA_VIEW, streamOf("kafka", source));
  for (const step of steps) await spark.define(step.name, relationOf(step));
  const checkpoint = join(directory, sink.checkpoint);
  const started = { ...sink, input: sqlText(sql), outputMode, checkpoint, triggerMs: null };
  const query = await spark.streaming.start(started);
  if (!(await query.awaitTermination(RUN_WITHIN_MS))) throw new Error(`${name} goes on`);
  return query.recentProgress();
}

async function sentTo(spark: Streams["spark"], view: string): Promise<readonly Sent[]> {
  const headers = "transform(headers, h -> array(h.key, CAST(h.value AS STRING)))";
  const { rows } = await spark.sql(`SELECT topic, key, value, ${headers} FROM ${view}`);
  return rows.map(([topic, key, value, pairs]) => ({
    topic: String(topic),
    key: key === null ? null : String(key),
    value: String(value),
    headers: Object.fromEntries(Array.isArray(pairs) ? pairs : []),
  }));
}

/** What the embedded engine publishes of the same records; it closes no window by itself. */
export function sentByEmbedded(pipeline: Pipeline, partitions: Partitions, records: number): readonly Sent[] {
  const session = openSession(pipeline);
  const publish = publicationRecords(pipeline);
  const sent: Sent[] = [];
  const taken = partitions.map(() => 0);
  const add = (tables: readonly TableRows[], dead: readonly { partition: number; position: number }[]) => {
    const letters = dead.map((place) => ({
      ...{ ...place, path: "$", reason: "" },
      record: Buffer.from(partitions[place.partition]![place.position]!.text),
    }));
    for (const { topic, key, value, headers } of publish({ tables, late: [], dead: letters }))
      sent.push({
        ...{
          topic,
          key: key === null ? null : Buffer.from(key).toString(),
          value: Buffer.from(value).toString(),
        },
        headers: Object.fromEntries(
          headers.map((header) => [header.key, Buffer.from(header.value).toString()]),
        ),
      });
  };
  const unread = () => [...partitions.keys()].filter((each) => taken[each]! < partitions[each]!.length);
  while (unread().length > 0) {
    for (const partition of unread()) {
      const batch = batchAt(partitions, partition, taken[partition]!, records);
      taken[partition]! += batch.count;
      const { rows, dead } = session.step(
        batch,
        unread().filter((other) => other !== partition),
      );
      add(rows, dead);
    }
    add(session.trigger(unread()), []);
  }
  return sent;
}

function batchAt(partitions: Partitions, partition: number, from: number, records: number): RecordBatch {
  return { ...batchOf(partitions[partition]!.slice(from, from + records), from), partition };
}
