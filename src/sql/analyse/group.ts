/** GROUP BY window(…): the aggregate relation, and what names and calls mean above it. */
import type { NameSyntax, Select, Syntax } from "../ast.ts";
import { column, columnOf, NO_LINEAGE } from "../build.ts";
import { rangeOf } from "../catalogue/signature.ts";
import type { Aggregate, AggregateRelation, Column, Expr, Relation } from "../plan.ts";
import { chain } from "../trace.ts";
import { type Range, TIMESTAMP } from "../types.ts";
import { typeAggregate } from "./aggregate.ts";
import { isAggregateName, type Scope, shapeOf, typeExpression } from "./expression.ts";
import { type Grouping, readGrouping } from "./window.ts";

export interface Grouped {
  readonly relation: AggregateRelation;
  /** Above the aggregate: window edges, group expressions, aggregates. */
  readonly scope: Scope;
}

/** The groups that a SELECT makes of its rows. The relation's aggregates fill up as expressions are typed in the scope. */
export function analyseGroups(select: Select, input: Relation, inputScope: Scope): Grouped | null {
  const { reporter } = inputScope;
  if ([...chain(input)].some(({ op }) => op === "aggregate"))
    return reporter.report(
      "sql.nested-aggregate",
      select.span,
      "an aggregate of an aggregate can't stay right as late events come",
      "Aggregate once, over the rows",
    );
  const isEventTime = (expression: Expr) =>
    expression.kind === "column" && input.columns[expression.index]?.eventTime === true;
  const grouping = readGrouping(withAliases(select, input), select.span, inputScope, isEventTime);
  const keys = grouping?.keys.map((key) => groupKey(key, inputScope));
  if (!grouping || !keys || keys.some((key) => key === null)) return null;
  const typedKeys = keys.filter((key) => key !== null);
  const aggregates: Aggregate[] = [];
  const columns = groupColumns(grouping, typedKeys);
  const scope = groupScope(grouping, columns, aggregates, inputScope, isEventTime);
  const relation = { op: "aggregate", input, ...grouping, keys: typedKeys, aggregates, columns } as const;
  return { relation, scope };
}

/** GROUP BY may name a column of the SELECT, as in Spark. */
function withAliases(select: Select, input: Relation): readonly Syntax[] {
  return select.groupBy.map((syntax) => {
    if (syntax.kind !== "name" || input.columns.some(({ name }) => name === syntax.parts.join(".")))
      return syntax;
    const item = select.items.find(
      (candidate) => candidate.kind === "expression" && candidate.alias === syntax.parts.join("."),
    );
    return item?.kind === "expression" ? item.expression : syntax;
  });
}

function groupKey(syntax: Syntax, scope: Scope): Expr | null {
  const key = typeExpression(syntax, scope);
  if (!key) return null;
  if (key.type.kind === "double")
    return scope.reporter.report(
      "sql.group-key",
      syntax.span,
      "a DOUBLE can't be a group's key",
      "Group by a band of it: CASE WHEN x < 0.5 THEN 'low' ELSE 'high' END",
    );
  if (key.type.kind === "array" || key.type.kind === "null")
    return scope.reporter.report(
      "sql.group-key",
      syntax.span,
      "this can't be a group's key",
      "Group by text, BIGINT, BOOLEAN or TIMESTAMP",
    );
  return key;
}

function groupColumns({ time, window }: Grouping, keys: readonly Expr[]): Column[] {
  const { low, high } = rangeOf(time);
  const edge = (name: string, range: Range): Column => ({
    name,
    type: TIMESTAMP,
    range,
    nullable: false,
    lineage: NO_LINEAGE,
    eventTime: false,
  });
  return [
    edge("window_start", { low: low - window.sizeMs, high }),
    edge("window_end", { low, high: high + window.sizeMs }),
    ...keys.map((key, index) => columnOf(`key_${index + 1}`, key, [])),
  ];
}

const WINDOW_EDGES = ["window.start", "window.end"];

function groupScope(
  grouping: Grouping,
  columns: Column[],
  aggregates: Aggregate[],
  input: Scope,
  isEventTime: (expression: Expr) => boolean,
): Scope {
  const keyShapes = grouping.keys.map(shapeOf);
  const known = new Map<string, Expr | null>();
  const add = (aggregate: Aggregate): Expr => {
    const same = aggregates.findIndex((other) => JSON.stringify(other) === JSON.stringify(aggregate));
    if (same >= 0) return column(columns, 2 + grouping.keys.length + same);
    aggregates.push(aggregate);
    columns.push({ ...aggregateColumn(aggregate, aggregates.length) });
    return column(columns, columns.length - 1);
  };
  const context = { input, window: grouping.window, isEventTime, add };
  return {
    reporter: input.reporter,
    special: (syntax, parent) => {
      const edge = syntax.kind === "name" ? WINDOW_EDGES.indexOf(syntax.parts.join(".")) : -1;
      if (edge >= 0) return column(columns, edge);
      const key = keyShapes.indexOf(shapeOf(syntax));
      if (key >= 0) return column(columns, 2 + key);
      if (syntax.kind !== "call" || !isAggregateName(syntax.name)) return undefined;
      const shape = `${parent ?? ""} ${shapeOf(syntax)}`;
      if (!known.has(shape)) known.set(shape, typeAggregate(syntax, parent, context));
      return known.get(shape);
    },
    name: (syntax) => notGrouped(syntax, input),
  };
}

function aggregateColumn({ type, range, nullable, lineage, histogram }: Aggregate, ordinal: number): Column {
  const base = { name: `aggregate_${ordinal}`, type, range, nullable, lineage, eventTime: false };
  return histogram ? { ...base, histogram } : base;
}

function notGrouped(syntax: NameSyntax, input: Scope): null {
  const name = syntax.parts.join(".");
  if (name !== "window" && input.name(syntax) === null) return null;
  const message =
    name === "window" ? "the window itself is no column" : `${name} is neither grouped nor aggregated`;
  const remedy =
    name === "window"
      ? "Write window.start or window.end"
      : "Add it to GROUP BY, or put it into an aggregate";
  return input.reporter.report("sql.not-grouped", syntax.span, message, remedy);
}
