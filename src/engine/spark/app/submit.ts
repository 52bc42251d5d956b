/** Makes a query of the pipeline run on a session. */
import type { TextFile } from "../../../pipeline/files.ts";
import { type SparkStep, WATERMARK_MARK } from "../../../pipeline/spark-source.ts";
import { quoteName } from "../../../sql/render/spark.ts";
import {
  dropDuplicatesWithinWatermark,
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
import type { Options } from "./kafka-options.ts";
import { inModel } from "./place.ts";

export interface Submission {
  readonly source: Options;
  readonly sink: Options;
  readonly triggerMs: number;
  /** The texts of the models, to say where in them something is wrong. */
  readonly models: readonly TextFile[];
}

/** Views of a session, made once. */
export type Views = Map<string, string>;

/** Throws `spark.query-failed` and such, at its place in the model where it has one. */
export async function submit(
  session: SparkSession,
  views: Views,
  query: StreamQuery,
  checkpoint: string,
  { source, sink, triggerMs, models }: Submission,
): Promise<StreamingQuery> {
  await define(session, views, KAFKA_VIEW, JSON.stringify(source), streamOf("kafka", source));
  for (const step of query.steps) {
    const form = JSON.stringify(step);
    await inModel(models, step.name, step.sql, () =>
      define(session, views, step.name, form, relationOf(step)),
    );
  }
  return inModel(models, null, query.sql, () =>
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
