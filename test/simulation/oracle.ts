/**
 * A naive oracle: arrays, no state, everything from scratch and by definition, whatever it costs. It says what batch
 * Spark can't: which events of a log in any order are late or duplicate, and so what every table holds.
 */
import { computedTables, type Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Aggregate, AggregateRelation, Expr, Relation } from "../../src/sql/plan.ts";
import { evaluate, nullOf, type Row } from "./interpret.ts";

/** A record after scanning, in the order of the log. */
export interface Scanned {
  readonly position: number;
  readonly dead: boolean;
  readonly eventTime: number;
  readonly eventId: string | null;
  /** When the log took it in; null where that is unknown. */
  readonly ingestTime: number | null;
  /** A value a column of the source. */
  readonly values: Row;
}

export type Verdict = "accepted" | "late" | "duplicate" | "dead";

const FAR_FUTURE_MS = 3_600_000;

/** The greatest time of the live events before a place in the log, less the delay. */
export function watermarkBefore(records: readonly Scanned[], index: number, delayMs: number): number {
  const times = records.slice(0, index).filter((record) => !isDead(record));
  return Math.max(...times.map((record) => record.eventTime)) - delayMs;
}

const isDead = ({ dead, eventTime, ingestTime }: Scanned) =>
  dead || (ingestTime !== null && eventTime > ingestTime + FAR_FUTURE_MS);

export function verdicts(records: readonly Scanned[], delayMs: number): readonly Verdict[] {
  const found: Verdict[] = [];
  for (const [index, record] of records.entries()) {
    const watermark = watermarkBefore(records, index, delayMs);
    const isRemembered = (earlier: Scanned, at: number) =>
      found[at] === "accepted" &&
      earlier.eventId === record.eventId &&
      watermark < earlier.eventTime + delayMs;
    if (isDead(record)) found.push("dead");
    else if (record.eventTime <= watermark) found.push("late");
    else if (records.slice(0, index).some(isRemembered)) found.push("duplicate");
    else found.push("accepted");
  }
  return found;
}

export interface OracleTable {
  /** Values as they leave an engine. */
  readonly rows: readonly Row[];
  /** Accepted events that contributed. */
  readonly used: number;
}

/** Every table, and every alert, over the accepted events: all groups, whether their window has closed or not. */
export function oracle(records: readonly Scanned[], pipeline: Pipeline): ReadonlyMap<string, OracleTable> {
  const verdict = verdicts(records, pipeline.delayMs);
  const accepted = records.filter((_, index) => verdict[index] === "accepted");
  return new Map(
    computedTables(pipeline).map(({ name, relation }) => {
      const { rows, used } = evaluateRelation(relation, accepted);
      return [name, { rows: rows.map(({ values }) => values.map(leaving)), used: used.size }];
    }),
  );
}

/** A row, and the places of the events that it stands for. */
interface Derived {
  readonly values: Row;
  readonly event: number;
}

interface Result {
  readonly rows: readonly Derived[];
  readonly used: ReadonlySet<number>;
}

const resultOf = (rows: readonly Derived[]): Result => ({
  rows,
  used: new Set(rows.map(({ event }) => event)),
});

function evaluateRelation(relation: Relation, accepted: readonly Scanned[]): Result {
  if (relation.op === "source")
    return resultOf(accepted.map(({ values, position }) => ({ values, event: position })));
  const input = evaluateRelation(relation.input, accepted);
  const mapped = (rows: readonly Derived[]): Result =>
    isGrouped(relation.input) ? { rows, used: input.used } : resultOf(rows);
  switch (relation.op) {
    case "model":
      return input;
    case "filter":
      return mapped(input.rows.filter(({ values }) => evaluate(relation.predicate, values) === true));
    case "project":
      return mapped(
        input.rows.map(({ values, event }) => ({ values: all(relation.expressions, values), event })),
      );
    case "explode":
      return mapped(
        input.rows.flatMap(({ values, event }) =>
          relation.elements.map((fields) => ({ values: [...values, ...all(fields, values)], event })),
        ),
      );
    case "aggregate":
      return aggregateOf(relation, input.rows);
  }
}

const all = (expressions: readonly Expr[], row: Row): Row => expressions.map((one) => evaluate(one, row));

const isGrouped = (relation: Relation): boolean =>
  relation.op === "aggregate" || (relation.op !== "source" && isGrouped(relation.input));

/** Every window that could hold an event, each by testing every row. */
function aggregateOf(relation: AggregateRelation, input: readonly Derived[]): Result {
  const { sizeMs, slideMs } = relation.window;
  const timed = input
    .map((row) => ({ ...row, time: Number(evaluate(relation.time, row.values)) }))
    .filter(({ time }) => !Number.isNaN(time));
  if (timed.length === 0) return resultOf([]);
  const first = Math.floor((Math.min(...timed.map(({ time }) => time)) - sizeMs) / slideMs);
  const last = Math.ceil(Math.max(...timed.map(({ time }) => time)) / slideMs);
  const rows: Derived[] = [];
  for (let start = first * slideMs; start <= last * slideMs; start += slideMs) {
    const end = start + sizeMs;
    const inside = timed.filter(({ time }) => time >= start && time < end);
    const groups = Map.groupBy(inside, ({ values }) =>
      JSON.stringify(all(relation.keys, values).map(leaving)),
    );
    for (const members of groups.values()) {
      const aggregates = relation.aggregates.map((aggregate) => {
        const counted = members.filter(
          ({ time }) => aggregate.lastMs === null || time >= end - aggregate.lastMs,
        );
        return aggregateValue(
          aggregate,
          counted.map(({ values }) => values),
        );
      });
      rows.push({
        values: [start, end, ...all(relation.keys, members[0]?.values ?? []), ...aggregates],
        event: -1,
      });
    }
  }
  return { rows, used: new Set(timed.map(({ event }) => event)) };
}

function aggregateValue(aggregate: Aggregate, members: readonly Row[]): unknown {
  const { fn, argument, filter } = aggregate;
  const rows = members.filter((row) => filter === null || evaluate(filter, row) === true);
  if (argument === null) return rows.length;
  const values = rows.map((row) => evaluate(argument, row)).filter((value) => leaving(value) !== null);
  if (fn === "count") return values.length;
  if (fn === "count_if") return values.filter((value) => value === true).length;
  if (fn === "collect_set") return [...new Set(values)];
  if (fn === "histogram") return histogramOf(values.map(Number), aggregate.histogram?.bounds ?? []);
  if (values.length === 0) return nullOf(aggregate);
  if (fn === "sum") return narrow(values.reduce((total: bigint, value) => total + BigInt(Number(value)), 0n));
  const sorted = values.toSorted(compare);
  return fn === "min" ? sorted[0] : sorted.at(-1);
}

const histogramOf = (values: readonly number[], bounds: readonly number[]) =>
  [-Infinity, ...bounds].map(
    (low, bin) => values.filter((value) => value >= low && value < (bounds[bin] ?? Infinity)).length,
  );

const narrow = (sum: bigint) => (BigInt.asIntN(54, sum) === sum ? Number(sum) : sum);

/** Strings by their UTF-8 bytes. */
const compare = (a: unknown, b: unknown) =>
  typeof a === "string" && typeof b === "string"
    ? Buffer.compare(Buffer.from(a), Buffer.from(b))
    : Number(a) - Number(b);

/** A value as it leaves an engine: no NaN. */
export const leaving = (value: unknown): unknown =>
  typeof value === "number" && Number.isNaN(value) ? null : Array.isArray(value) ? value.map(leaving) : value;
