/** Runs of streaming queries over a topic that ends, with what they cost and what they send. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { sinkOptions, sourceOptions } from "../../src/engine/spark/app/kafka-options.ts";
import { relationOf } from "../../src/engine/spark/app/submit.ts";
import { sqlText, streamOf } from "../../src/engine/spark/connect/relation.ts";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import { KAFKA_VIEW, type StreamQuery } from "../../src/engine/spark/stream/query.ts";
import { DEDUPED } from "../../src/pipeline/spark-source.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { readAll } from "../../test/kafka/read-all.ts";
import type { Sent } from "../../test/parity/stream-runs.ts";
import { between, clockOf, type Spent } from "./cpu.ts";
import { type Place, pipeline } from "./place.ts";

/** What is measured: a query of the pipeline, or the source up to a view, sent nowhere. */
export interface Work {
  readonly name: string;
  readonly sql: string;
  readonly outputMode: StreamQuery["outputMode"];
  readonly isQuery: boolean;
}

export interface Run {
  readonly spent: Spent;
  readonly wallMs: number;
  readonly batches: number;
  readonly stateRows: number;
  readonly stateBytes: number;
}

const queries = streamQueries(pipeline);

const SOURCE: readonly Work[] = [
  { name: "read", view: KAFKA_VIEW },
  { name: "parsed", view: "_parsed" },
  { name: "checked", view: "_checked" },
  { name: "deduped", view: DEDUPED },
].map(({ name, view }) => ({
  ...{ name, sql: `SELECT * FROM ${view}`, outputMode: "append" as const, isQuery: false },
}));

export const everyWork: readonly Work[] = [
  ...SOURCE,
  ...queries.map(({ name, sql, outputMode }) => ({ name, sql, outputMode, isQuery: true })),
];

export interface ReadOptions {
  /** Of a batch. */
  readonly records: number;
  /** Of Spark's source, above the application's. */
  readonly source: Readonly<Record<string, string>>;
}

export async function defineViews({ spark, settings }: Place, options: ReadOptions): Promise<void> {
  const source = sourceOptions(settings, pipeline.source.topic, options.records);
  await spark.define(KAFKA_VIEW, streamOf("kafka", { ...source, ...options.source }));
  for (const { steps } of queries) for (const step of steps) await spark.define(step.name, relationOf(step));
}

const WITHIN_MS = 1_200_000;

/** From the topic's beginning to its end, in a new checkpoint. */
export async function run(
  place: Place,
  { name, sql, outputMode, isQuery }: Work,
  round: number,
): Promise<Run> {
  const { spark, pid, directory, settings, partitions } = place;
  const [before, fromMs] = [clockOf(pid), performance.now()];
  const query = await spark.streaming.start({
    ...{ name: `${name}_${round}`, input: sqlText(sql), outputMode, triggerMs: null },
    ...(isQuery ? { format: "kafka", options: sinkOptions(settings) } : { format: "noop", options: {} }),
    checkpoint: join(directory, "checkpoints", String(round), name),
  });
  if (!(await query.awaitTermination(WITHIN_MS))) throw new Error(`${name} goes on`);
  const [wallMs, after] = [performance.now() - fromMs, clockOf(pid)];
  const last = (await query.recentProgress()).filter(({ ran }) => ran).at(-1);
  const end = [...(last?.endOffsets.get(pipeline.source.topic)?.values() ?? [])];
  const read = end.reduce((sum, offset) => sum + offset, 0);
  if (read !== partitions.flat().length) throw new Error(`${name} ended after ${read} records`);
  const { batchId = 0, stateRows = 0, stateBytes = 0 } = last ?? {};
  return { spent: between(before, after), wallMs, batches: batchId + 1, stateRows, stateBytes };
}

const outputs = wantedTopics(pipeline).flatMap(({ name, kind }) =>
  ["output", "alerts", "dlq"].includes(kind) ? [name] : [],
);

/** By topic, how many records each partition of the outputs has had so far. */
export type Ends = ReadonlyMap<string, readonly number[]>;

export async function endsOfOutputs({ admin }: Place): Promise<Ends> {
  const ends = new Map<string, readonly number[]>();
  for (const topic of outputs) ends.set(topic, await admin.offsets(topic, "end"));
  return ends;
}

/** What the outputs hold behind these ends. */
export async function sentBehind(place: Place, ends: Ends): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (const [topic, from] of ends)
    for (const { partition, offset, key, value, headers } of await readAll(place, topic))
      if (offset >= (from[partition] ?? 0))
        sent.push({
          ...{ topic, key: key && Buffer.from(key).toString(), value: value.toString() },
          headers: Object.fromEntries(headers.map((header) => [header.key, String(header.value)])),
        });
  return sent;
}
