/** Small plans and batches, built by hand. */
import { loadEventSchema } from "../../src/contract/load.ts";
import type { RecordBatch } from "../../src/engine/batch.ts";
import type { Emit, Pipeline, Table } from "../../src/pipeline/pipeline.ts";
import { bigint, column, columnOf, NO_LINEAGE } from "../../src/sql/build.ts";
import { call } from "../../src/sql/catalogue/catalogue.ts";
import type {
  Aggregate,
  AggregateRelation,
  Alias,
  Column,
  ColumnRef,
  Explode,
  Expr,
  Filter,
  Project,
  Relation,
  Source,
} from "../../src/sql/plan.ts";
import { arrayOf, BIGINT, MAX_EVENTS, type SqlType, TIMES, TIMESTAMP, WIDE } from "../../src/sql/types.ts";
import { TOPICS } from "../pipeline/topic-settings.ts";

const SCHEMA = `
type: object
required: [id, at]
properties:
  id: { type: string }
  at: { type: string, format: date-time }
  kind: { type: string, enum: [a, b, c] }
  key: { type: string }
  n: { type: integer, minimum: -9007199254740991, maximum: 9007199254740991 }
  small: { type: integer, minimum: 0, maximum: 100 }
  x: { type: number }
  flag: { type: boolean }
  tags: { type: array, items: { type: string } }
`;

export const schema = loadEventSchema(SCHEMA, "schema.yaml").schema!;

export interface Event {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind?: "a" | "b" | "c";
  readonly key?: string;
  readonly n?: number;
  readonly small?: number;
  readonly x?: number;
  readonly flag?: boolean;
  readonly tags?: readonly string[];
}

const leafColumns = schema.leaves.map(
  (leaf): Column => ({
    name: leaf.path,
    type: leaf.type,
    range:
      leaf.type.kind === "timestamp"
        ? TIMES
        : leaf.minimum !== null && leaf.maximum !== null
          ? { low: leaf.minimum, high: leaf.maximum }
          : null,
    nullable: leaf.path !== "id" && leaf.path !== "at",
    lineage: NO_LINEAGE,
    eventTime: leaf.path === "at",
  }),
);

const place = (name: string): Column => ({
  name,
  type: BIGINT,
  range: { low: 0, high: Number.MAX_SAFE_INTEGER },
  nullable: false,
  lineage: NO_LINEAGE,
  eventTime: false,
});

export const events: Source = {
  op: "source",
  columns: [...leafColumns, place("_partition"), place("_position")],
};

/** The column of a relation by its name. */
export function col(relation: Relation, name: string): ColumnRef {
  return column(
    relation.columns,
    relation.columns.findIndex((candidate) => candidate.name === name),
  );
}

export function project(input: Relation, expressions: Readonly<Record<string, Expr>>): Project {
  const columns = Object.entries(expressions).map(([name, expr]) => columnOf(name, expr, input.columns));
  return { op: "project", input, columns, expressions: Object.values(expressions) };
}

export function where(input: Relation, predicate: Expr, having = false): Filter {
  return { op: "filter", input, columns: input.columns, predicate, having, place: { line: 1, column: 1 } };
}

/** One element a row of `elements`, whose values stand under `fields`. */
export function explode(
  input: Relation,
  fields: readonly string[],
  elements: readonly (readonly Expr[])[],
): Explode {
  const added = fields.map((name, index) => {
    const field = columnOf(name, elements[0]![index]!, input.columns);
    return { ...field, nullable: true, range: null };
  });
  return { op: "explode", input, columns: [...input.columns, ...added], alias: "e", fields, elements };
}

export interface GroupBy {
  readonly sizeMs: number;
  readonly slideMs?: number;
  readonly keys: Readonly<Record<string, Expr>>;
  readonly aggregates: Readonly<Record<string, Aggregate>>;
}

export function groupBy(input: Relation, { sizeMs, slideMs, keys, aggregates }: GroupBy): AggregateRelation {
  const bound = (name: string): Column => ({
    ...{ name, type: TIMESTAMP, range: TIMES, nullable: false, lineage: NO_LINEAGE, eventTime: false },
  });
  const columns = [
    ...[bound("window_start"), bound("window_end")],
    ...Object.entries(keys).map(([name, key]) => columnOf(name, key, input.columns)),
    ...Object.entries(aggregates).map(([name, { type, range, nullable, lineage, histogram }]) => {
      const base = { name, type, range, nullable, lineage, eventTime: false };
      return histogram ? { ...base, histogram } : base;
    }),
  ];
  return {
    op: "aggregate",
    input,
    columns,
    window: { sizeMs, slideMs: slideMs ?? sizeMs },
    time: col(input, "at"),
    keys: Object.values(keys),
    aggregates: Object.values(aggregates),
  };
}

interface AggregateOptions {
  readonly filter?: Expr;
  readonly lastMs?: number;
}

function aggregate(
  fn: Aggregate["fn"],
  argument: Expr | null,
  type: SqlType,
  { filter, lastMs }: AggregateOptions,
): Omit<Aggregate, "range"> {
  const nullable = fn === "sum" || fn === "min" || fn === "max";
  return {
    fn,
    argument,
    filter: filter ?? null,
    lastMs: lastMs ?? null,
    type,
    nullable,
    lineage: NO_LINEAGE,
  };
}

const COUNTS = { low: 0, high: MAX_EVENTS };

export const count = (argument: Expr | null = null, options: AggregateOptions = {}): Aggregate => ({
  ...aggregate("count", argument, BIGINT, options),
  range: COUNTS,
});
export const countIf = (argument: Expr, options: AggregateOptions = {}): Aggregate => ({
  ...aggregate("count_if", argument, BIGINT, options),
  range: COUNTS,
});
export const sum = (argument: Expr, options: AggregateOptions = {}): Aggregate => {
  const { low, high } = argument.range!;
  const range = { low: Math.max(WIDE.low, low * MAX_EVENTS), high: Math.min(WIDE.high, high * MAX_EVENTS) };
  return { ...aggregate("sum", argument, BIGINT, options), range };
};
export const least = (argument: Expr, options: AggregateOptions = {}): Aggregate => ({
  ...aggregate("min", argument, argument.type, options),
  range: argument.range,
});
export const greatest = (argument: Expr, options: AggregateOptions = {}): Aggregate => ({
  ...aggregate("max", argument, argument.type, options),
  range: argument.range,
});
export const distinct = (argument: Expr, options: AggregateOptions = {}): Aggregate => ({
  ...aggregate("collect_set", argument, arrayOf(argument.type), options),
  range: argument.range,
});
export const histogram = (
  argument: Expr,
  bounds: readonly number[],
  options: AggregateOptions = {},
): Aggregate => ({
  ...aggregate("histogram", argument, arrayOf(BIGINT), options),
  range: COUNTS,
  histogram: { bounds, minimum: argument.range?.low ?? null },
});

export const is = (left: Expr, right: Expr): Expr => call("=", [left, right]);
export const atLeast = (left: Expr, right: number): Expr => call(">=", [left, bigint(right)]);

export function table(name: string, emit: Emit, input: Relation): Table {
  const relation: Alias = { op: "model", input, columns: input.columns, name };
  return { name, output: "out", topic: "out", emit, relation, key: [] };
}

export interface PipelineOptions {
  readonly delayMs?: number;
  readonly eventTime?: string | null;
  readonly eventId?: string | null;
}

export function pipeline(tables: readonly Table[], options: PipelineOptions = {}): Pipeline {
  const { delayMs = 60_000, eventTime = "at", eventId = "id" } = options;
  return {
    directory: ".",
    source: { eventTime, eventId, key: null, topic: "loan.applications", format: "json" },
    delayMs,
    triggerMs: 1000,
    log: { retentionMs: 7 * 86_400_000, maxBytes: null },
    topics: TOPICS,
    currency: "USD",
    timeZone: "UTC",
    schema,
    events,
    alerts: [],
    scorecards: [],
    descriptions: new Map(),
    models: new Map(tables.map(({ name, relation }) => [name, relation])),
    tables,
  };
}

/** The names of the keys of every column that a window table keeps from `grouped`. */
export const allOf = (relation: Relation): Record<string, Expr> =>
  Object.fromEntries(relation.columns.map(({ name }) => [name, col(relation, name)]));

const encoder = new TextEncoder();

/** A line of a record: an event, or any text. */
export function lineOf(event: Event | string): string {
  return typeof event === "string"
    ? event
    : JSON.stringify({ ...event, at: new Date(event.at).toISOString() });
}

export interface BatchPlace {
  readonly partition?: number;
  readonly basePosition?: number;
  readonly ingestTimesMs?: readonly number[];
}

export function batchOf(records: readonly (Event | string)[], place: BatchPlace = {}): RecordBatch {
  const lines = records.map((record) => encoder.encode(lineOf(record)));
  const offsets = new Uint32Array(lines.length + 1);
  for (const [index, line] of lines.entries()) offsets[index + 1] = offsets[index]! + line.length;
  const bytes = new Uint8Array(offsets.at(-1)!);
  for (const [index, line] of lines.entries()) bytes.set(line, offsets[index]!);
  const { partition = 0, basePosition = 0, ingestTimesMs } = place;
  return {
    ...{ partition, basePosition, count: records.length, bytes, offsets },
    ingestTimesMs: ingestTimesMs ? Float64Array.from(ingestTimesMs) : null,
  };
}
