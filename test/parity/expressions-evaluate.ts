/** Expressions over the rows of the random table, as the embedded engine and as Spark compute them. */

import type { ColumnBatch, ColumnVector, RecordBatch } from "../../src/engine/batch.ts";
import { compile } from "../../src/engine/embedded/compile.ts";
import { localTable } from "../../src/engine/spark/connect/local-data.ts";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import type { Emit, Pipeline } from "../../src/pipeline/pipeline.ts";
import { columnOf } from "../../src/sql/build.ts";
import { lookup } from "../../src/sql/catalogue/catalogue.ts";
import type { Expr, Project, Relation } from "../../src/sql/plan.ts";
import { renderExpression } from "../../src/sql/render/spark.ts";
import type { SqlType, Value } from "../../src/sql/types.ts";
import { TOPICS } from "../pipeline/topic-settings.ts";
import { leaves, type Row, source, table } from "./expressions-table.ts";

/** By row, a value an expression. */
export type Values = readonly (readonly Value[])[];

const COLUMN = "e";

function projectionOf(expressions: readonly Expr[]): Project {
  const columns = expressions.map((expression, i) => columnOf(`${COLUMN}${i}`, expression, table.columns));
  return { op: "project", input: table, expressions, columns };
}

/** Of one table. */
export function pipelineOf(relation: Relation, emit: Emit): Pipeline {
  const model = { op: "model", input: relation, columns: relation.columns, name: "m" } as const;
  return {
    ...{ directory: ".", delayMs: 0, triggerMs: 0, currency: "USD", timeZone: "UTC" },
    log: { retentionMs: 7 * 86_400_000, maxBytes: null },
    topics: TOPICS,
    source: { eventTime: null, eventId: null, key: null, topic: "loan.applications", format: "json" },
    schema: { file: "schema.yaml", fields: leaves, leaves, requirements: [] },
    events: source,
    models: new Map(),
    tables: [{ name: "m", output: "o", topic: "o", emit, relation: model, key: [] }],
    alerts: [],
    scorecards: [],
    descriptions: new Map(),
  };
}

function vectorOf(type: SqlType, values: readonly Value[]): ColumnVector {
  switch (type.kind) {
    case "string":
      return { kind: "text", values: values.map((value) => (typeof value === "string" ? value : null)) };
    case "boolean":
      return {
        kind: "boolean",
        values: Uint8Array.from(values, (value) => (value === null ? 2 : Number(value))),
      };
    case "array":
      return {
        kind: "list",
        values: values.map((value) => (Array.isArray(value) ? value.map(String) : null)),
      };
    default:
      return {
        kind: "number",
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      };
  }
}

/** The rows as a scanner would hand them on. */
export function batchOf(rows: readonly Row[]): {
  readonly batch: RecordBatch;
  readonly columns: ColumnBatch;
  readonly all: Uint32Array;
} {
  const count = rows.length;
  const columns = source.columns.map(({ type }, i) =>
    vectorOf(
      type,
      rows.map((row) => row[i] ?? null),
    ),
  );
  const nothing = { bytes: new Uint8Array(), offsets: new Uint32Array(count + 1), ingestTimesMs: null };
  return {
    batch: { partition: 0, basePosition: 0, count, ...nothing },
    columns: { rows: count, columns, dead: new Uint8Array(count), faults: [] },
    all: Uint32Array.from({ length: count }, (_, i) => i),
  };
}

export function embeddedValues(expressions: readonly Expr[], rows: readonly Row[]): Values {
  const program = compile(pipelineOf(projectionOf(expressions), "append"), lookup);
  const { batch, columns, all } = batchOf(rows);
  const out: (readonly Value[])[][] = [[]];
  program.run(batch, columns, all, rows.length, out);
  return out[0] ?? [];
}

const RAW = "expression_rows";
const ROW = "_row";

/** Puts the rows where `sparkValues` reads them. */
export async function giveRows(spark: SparkSession, rows: readonly Row[], view = RAW): Promise<void> {
  const columns = [...source.columns, { name: ROW, type: { kind: "bigint" } as const }];
  await spark.createView(
    view,
    localTable(
      columns,
      rows.map((row, i) => [...row, i]),
    ),
  );
}

/** The rows as a relation with the histograms beside. */
function wideTable(view: string): string {
  const histograms = table.expressions
    .slice(source.columns.length)
    .map(
      (histogram, i) =>
        `${renderExpression(histogram, source.columns)} AS ${table.columns[source.columns.length + i]?.name}`,
    );
  return `(SELECT *, ${histograms.join(", ")} FROM ${view})`;
}

export function sparkQuery(expressions: readonly Expr[], view = RAW): string {
  const items = expressions.map(
    (expression, i) => `${renderExpression(expression, table.columns)} AS ${COLUMN}${i}`,
  );
  return `SELECT ${ROW}, ${items.join(",\n")} FROM ${wideTable(view)}`;
}

export async function sparkValues(
  spark: SparkSession,
  expressions: readonly Expr[],
  view = RAW,
): Promise<Values> {
  const { rows } = await spark.sql(sparkQuery(expressions, view));
  const ordered = rows.toSorted((a, b) => Number(a[0]) - Number(b[0]));
  return ordered.map(([, ...values]) => values);
}

const INTERPRETED = {
  "spark.sql.codegen.wholeStage": "false",
  "spark.sql.codegen.factoryMode": "NO_CODEGEN",
};
const COMPILED = { "spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK" };

export const SPARK_MODES = { compiled: COMPILED, interpreted: INTERPRETED } as const;
export type SparkMode = keyof typeof SPARK_MODES;

/** Bit for bit, except that one NaN is as good as another. */
export function isSame(a: Value, b: Value): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, i) => isSame(value, b[i] ?? null));
  return Object.is(a, b);
}
