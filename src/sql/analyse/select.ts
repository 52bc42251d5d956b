/** A SELECT to a relation: FROM, LATERAL VIEW, WHERE, then a projection, or an aggregate with HAVING and a projection. */

import { suggest } from "../../suggest.ts";
import type { CallSyntax, From, NameSyntax, Select, SelectItem, Span, Syntax } from "../ast.ts";
import { column, columnOf } from "../build.ts";
import type { Column, Expr, Project, Relation } from "../plan.ts";
import { analyseExplode } from "./explode.ts";
import { isAggregateName, type Scope, typeExpression } from "./expression.ts";
import { analyseGroups } from "./group.ts";
import type { Reporter } from "./reporter.ts";

export interface SelectContext {
  readonly reporter: Reporter;
  /** The relation under a name; null where it was reported. */
  relation(name: string, span: Span): Relation | null;
}

/** Null where something was reported. */
export function analyseSelect(select: Select, context: SelectContext): Relation | null {
  const input = analyseFrom(select.from, context);
  if (!input) return null;
  const exploded = select.lateralView
    ? analyseExplode(select.lateralView, input, scopeOver(input.columns, context))
    : input;
  if (!exploded) return null;
  const filtered = select.where
    ? filterBy(select.where, exploded, scopeOver(exploded.columns, context), context, false)
    : exploded;
  if (!filtered) return null;
  return isAggregation(select)
    ? analyseAggregate(select, filtered, context)
    : analyseProject(select, filtered, context);
}

function analyseFrom(from: From, context: SelectContext): Relation | null {
  return from.kind === "subquery"
    ? analyseSelect(from.select, context)
    : context.relation(from.name, from.span);
}

export function scopeOver(columns: readonly Column[], context: Pick<SelectContext, "reporter">): Scope {
  return { reporter: context.reporter, name: (syntax) => resolveColumn(syntax, columns, context.reporter) };
}

function resolveColumn(syntax: NameSyntax, columns: readonly Column[], reporter: Reporter): Expr | null {
  const name = syntax.parts.join(".");
  const index = columns.findIndex((candidate) => candidate.name === name);
  if (index >= 0) return column(columns, index);
  return reporter.report(
    "sql.unknown-column",
    syntax.span,
    `there is no column ${name}`,
    suggest(
      name,
      columns.map((candidate) => candidate.name),
    ),
  );
}

function filterBy(
  syntax: Syntax,
  input: Relation,
  scope: Scope,
  { reporter }: SelectContext,
  having: boolean,
): Relation | null {
  const predicate = typeExpression(syntax, scope);
  if (!predicate) return null;
  if (predicate.type.kind !== "boolean")
    return reporter.report(
      "sql.type-mismatch",
      syntax.span,
      `${having ? "HAVING" : "WHERE"} needs a condition`,
      "Write one, such as x > 1",
    );
  return { op: "filter", input, predicate, having, columns: input.columns, place: placeOf(syntax.span) };
}

function analyseAggregate(select: Select, input: Relation, context: SelectContext): Relation | null {
  const grouped = analyseGroups(select, input, scopeOver(input.columns, context));
  if (!grouped) return null;
  const { relation, scope } = grouped;
  const kept = select.having ? filterBy(select.having, relation, scope, context, true) : relation;
  return kept && project(select.items, kept, scope, context);
}

function analyseProject(select: Select, input: Relation, context: SelectContext): Relation | null {
  if (select.having)
    return context.reporter.report(
      "sql.no-window",
      select.having.span,
      "HAVING needs a GROUP BY",
      "Write WHERE instead",
    );
  return project(select.items, input, scopeOver(input.columns, context), context);
}

function project(
  items: readonly SelectItem[],
  input: Relation,
  scope: Scope,
  context: SelectContext,
): Project | null {
  const parts = items.map((item) => projectItem(item, input, scope, context));
  if (parts.some((part) => part === null)) return null;
  const columns = parts.flatMap((part) => part ?? []);
  const names = columns.map(({ column: { name } }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    return context.reporter.report(
      "sql.duplicate-column",
      (items[0] as SelectItem).span,
      `two columns are called ${twice}`,
      "Rename one with AS; upper and lower case are one to Spark",
    );
  return {
    op: "project",
    input,
    expressions: columns.map(({ expression }) => expression),
    columns: columns.map((part) => part.column),
  };
}

interface ProjectedColumn {
  readonly expression: Expr;
  readonly column: Column;
}

function projectItem(
  item: SelectItem,
  input: Relation,
  scope: Scope,
  context: SelectContext,
): readonly ProjectedColumn[] | null {
  const { reporter } = context;
  if (item.kind === "star") {
    if (input.op === "source" || input.op === "aggregate")
      return reporter.report("sql.star", item.span, "* can't stand for these columns", "Name the columns");
    return input.columns.map((found, index) => ({
      expression: column(input.columns, index),
      column: { ...found, place: placeOf(item.span) },
    }));
  }
  const expression = typeExpression(item.expression, scope);
  if (!expression) return null;
  const name = item.alias ?? (item.expression.kind === "name" ? item.expression.parts.at(-1) : undefined);
  if (name === undefined)
    return reporter.report("sql.unnamed-column", item.span, "the column has no name", "Give it one with AS");
  if (expression.type.kind === "null" || expression.type.kind === "struct")
    return reporter.report(
      "sql.type-mismatch",
      item.span,
      `the column ${name} has no type of its own`,
      "Write CAST(NULL AS BIGINT), or another type",
    );
  return [
    { expression, column: { ...columnOf(name, expression, input.columns), place: placeOf(item.span) } },
  ];
}

const placeOf = ({ line, column: at }: Span) => ({ line, column: at });

function isAggregation(select: Select): boolean {
  return (
    select.groupBy.length > 0 ||
    select.items.some((item) => item.kind === "expression" && holdsAggregate(item.expression))
  );
}

function holdsAggregate(syntax: Syntax): boolean {
  let found = false;
  JSON.stringify(syntax, (_, value: unknown) => {
    found ||= isCall(value) && isAggregateName(value.name);
    return value;
  });
  return found;
}

function isCall(value: unknown): value is CallSyntax {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "call";
}
