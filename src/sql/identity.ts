/**
 * What a relation computes, as hashes. They depend on nothing else: not on layout, on names of columns between, on
 * columns that nobody reads, on ranges, on what else the event has.
 */
import { createHash } from "node:crypto";
import { isNarrow } from "./build.ts";
import type { Aggregate, AggregateRelation, Expr, Relation } from "./plan.ts";

export interface RelationIdentity {
  /** Which rows there are. */
  readonly rows: string;
  /** What stands in each column of a row. */
  readonly columns: readonly string[];
}

export function identityOf(relation: Relation): RelationIdentity {
  if (relation.op === "source") {
    return { rows: hash(["source"]), columns: relation.columns.map(({ name, type }) => hash([name, type])) };
  }
  const input = identityOf(relation.input);
  const over = (expr: Expr) => form(expr, input.columns);
  switch (relation.op) {
    case "model":
      return input;
    case "project":
      return {
        rows: input.rows,
        columns: relation.expressions.map((expr) => identityOfExpression(expr, input)),
      };
    case "filter":
      return { rows: hash(["filter", input.rows, over(relation.predicate)]), columns: input.columns };
    case "explode": {
      const elements = relation.elements.map((fields) => fields.map(over));
      const exploded = relation.fields.map((_, place) =>
        hash(["exploded", input.rows, elements.map((fields) => fields[place])]),
      );
      return { rows: hash(["explode", input.rows, elements]), columns: [...input.columns, ...exploded] };
    }
    case "aggregate":
      return ofAggregate(relation, input);
  }
}

/** Equal for two aggregates that keep the same state of each group: what they accumulate, and how it is laid out. */
export function identityOfState(aggregate: AggregateRelation): string {
  const { rows, columns } = identityOf(aggregate);
  const wide = aggregate.aggregates.map(({ fn, range }) => fn === "sum" && !isNarrow(range));
  return hash([rows, columns, wide]);
}

function ofAggregate(relation: AggregateRelation, input: RelationIdentity): RelationIdentity {
  const over = (expr: Expr | null) => expr && form(expr, input.columns);
  const { window, time, keys, aggregates } = relation;
  const ofOne = ({ fn, argument, filter, lastMs, type, histogram }: Aggregate) =>
    hash([fn, over(argument), over(filter), lastMs, type, histogram ?? null]);
  return {
    rows: hash(["groups", input.rows, window.sizeMs, window.slideMs, over(time), keys.map(over)]),
    columns: [
      hash(["window start"]),
      hash(["window end"]),
      ...keys.map((key) => identityOfExpression(key, input)),
      ...aggregates.map(ofOne),
    ],
  };
}

/** A column handed on is the column itself. */
function identityOfExpression(expr: Expr, { columns }: RelationIdentity): string {
  return expr.kind === "column" ? columns[expr.index]! : hash(form(expr, columns));
}

/** An expression as JSON, in which the columns stand by their identity. */
function form(expr: Expr, columns: readonly string[]): unknown {
  const typed = [expr.type, expr.histogram ?? null];
  switch (expr.kind) {
    case "column":
      return columns[expr.index];
    case "literal":
      return ["literal", expr.value, typed];
    case "variable":
      return ["variable", expr.name, typed];
    case "lambda":
      return ["lambda", expr.parameter, form(expr.body, columns)];
    case "call":
      return [expr.fn, expr.args.map((arg) => form(arg, columns)), typed];
  }
}

function hash(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
