/** Makes a query of the pipeline run on a session. */
import { basename } from "node:path";
import { fail, hasCode, type LoanstreamError } from "../../../errors.ts";
import type { TextFile } from "../../../pipeline/files.ts";
import { DEDUPED, type SparkStep, UNUSABLE, WATERMARK_MARK } from "../../../pipeline/spark-source.ts";
import { quoteName } from "../../../sql/render/spark.ts";
import {
  dropDuplicatesWithinWatermark,
  observed,
  type Relation,
  sqlText,
  streamOf,
  viewNamed,
  withMetadata,
  withWatermark,
} from "../connect/relation.ts";
import type { SparkSession } from "../connect/session.ts";
import type { StreamingQuery } from "../connect/streaming.ts";
import { KAFKA_VIEW, type StreamQuery } from "../stream/query.ts";
import { LEDGER, ledgerAggregates } from "./count.ts";
import type { Options } from "./kafka-options.ts";
import { inModels } from "./place.ts";

export interface Submission {
  readonly source: Options;
  readonly sink: Options;
  readonly triggerMs: number;
  /** The texts of the models, to say where in them something is wrong. */
  readonly models: readonly TextFile[];
}

/** Views of a session, made once. */
export type Views = Map<string, string>;

/** Throws `spark.query-failed` and such, at its place in a model where it has one, and `spark.connector-missing`. */
export async function submit(
  session: SparkSession,
  views: Views,
  query: StreamQuery,
  checkpoint: string,
  { source, sink, triggerMs, models }: Submission,
): Promise<StreamingQuery> {
  await defineSource(session, views, source);
  const its = modelsOf(query, models);
  for (const step of query.steps) {
    const counts = query.deadLetters && step.name === DEDUPED;
    const form = JSON.stringify({ step, counts });
    const relation = counts
      ? observed(relationOf(step), LEDGER, ledgerAggregates(UNUSABLE))
      : relationOf(step);
    await inModels(its, step.sql, () => define(session, views, step.name, form, relation));
  }
  return inModels(its, query.sql, () =>
    session.streaming.start({
      name: query.name,
      input: sqlText(query.sql),
      format: "kafka",
      options: sink,
      outputMode: query.outputMode,
      checkpoint,
      triggerMs,
    }),
  );
}

/** Those that a query computes. */
export const modelsOf = (query: StreamQuery, models: readonly TextFile[]): readonly TextFile[] =>
  models.filter(({ path }) => query.models.includes(basename(path, ".sql")));

async function defineSource(session: SparkSession, views: Views, source: Options): Promise<void> {
  try {
    await define(session, views, KAFKA_VIEW, JSON.stringify(source), streamOf("kafka", source));
  } catch (error) {
    const isMissing = hasCode(error, "spark.connector-missing");
    throw isMissing ? connectorMissing(await session.version()) : error;
  }
}

/** Spark 3.5 comes in two builds, 4 in one. */
function connectorMissing(version: string): LoanstreamError {
  const connector = "org.apache.spark:spark-sql-kafka-0-10";
  const packages = version.startsWith("3.")
    ? `${connector}_2.12:${version} (_2.13 where Spark is built with that)`
    : `${connector}_2.13:${version}`;
  return fail(
    "spark.connector-missing",
    `Spark ${version} runs without its connector to Kafka`,
    `Start the server with --packages ${packages}.`,
  );
}

async function define(
  session: SparkSession,
  views: Views,
  name: string,
  form: string,
  relation: Relation,
): Promise<void> {
  if (views.get(name) === form) return;
  await session.define(quoteName(name), relation);
  views.set(name, form);
}

/** The view of a step, over those before it. */
export function relationOf({ sql, dataFrame }: SparkStep): Relation {
  if (dataFrame === null) return sqlText(sql);
  const { table, watermark, distinctWithinWatermark, marked } = dataFrame;
  const read = viewNamed(quoteName(table));
  const watched = watermark === null ? read : withWatermark(read, watermark.column, watermark.delayMs);
  const distinct =
    distinctWithinWatermark.length === 0
      ? watched
      : dropDuplicatesWithinWatermark(watched, distinctWithinWatermark);
  return marked === null
    ? distinct
    : withMetadata(distinct, marked.column, { [WATERMARK_MARK]: marked.delayMs });
}
