/** A SELECT to a relation: FROM, LATERAL VIEW, WHERE, then a projection, or an aggregate with HAVING and a projection. */
import type { CallSyntax, From, LateralView, NameSyntax, Select, SelectItem, Span, Syntax } from "../ast.ts";
import { column, columnOf, mergeLineage, NO_LINEAGE } from "../build.ts";
import { hull, unify } from "../catalogue/signature.ts";
import type { Aggregate, Column, Explode, Expr, Project, Relation } from "../plan.ts";
import { chain } from "../trace.ts";
import { type SqlType, TIMESTAMP } from "../types.ts";
import { typeAggregate } from "./aggregate.ts";
import { isAggregateName, literalText, type Scope, shapeOf, typeExpression } from "./expression.ts";
import { type Reporter, suggest } from "./reporter.ts";
import { type Grouping, readGrouping } from "./window.ts";

export interface SelectContext {
  readonly reporter: Reporter;
  /** The relation under a name; null where it was reported. */
  relation(name: string, span: Span): Relation | null;
}

/** Null where something was reported. */
export function analyseSelect(select: Select, context: SelectContext): Relation | null {
  const input = analyseFrom(select.from, context);
  if (!input) return null;
  const exploded = select.lateralView ? analyseExplode(select.lateralView, input, context) : input;
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

function analyseAggregate(select: Select, input: Relation, context: SelectContext): Relation | null {
  const { reporter } = context;
  if ([...chain(input)].some(({ op }) => op === "aggregate"))
    return reporter.report(
      "sql.nested-aggregate",
      select.span,
      "an aggregate of an aggregate can't stay right as late events come",
      "Aggregate once, over the rows",
    );
  const inputScope = scopeOver(input.columns, context);
  const isEventTime = (expression: Expr) =>
    expression.kind === "column" && input.columns[expression.index]?.eventTime === true;
  const grouping = readGrouping(withAliases(select, input), select.span, inputScope, isEventTime);
  const keys = grouping?.keys.map((key) => groupKey(key, inputScope));
  if (!grouping || !keys || keys.some((key) => key === null)) return null;
  const typedKeys = keys.filter((key) => key !== null);
  const aggregates: Aggregate[] = [];
  const columns = groupColumns(grouping, typedKeys);
  const scope = groupScope(grouping, columns, aggregates, inputScope, isEventTime);
  // The relation's arrays fill up while the expressions above it are typed.
  const grouped: Relation = { op: "aggregate", input, ...grouping, keys: typedKeys, aggregates, columns };
  const kept = select.having ? filterBy(select.having, grouped, scope, context, true) : grouped;
  return kept && project(select.items, kept, scope, context);
}

/** GROUP BY may name a column of the SELECT, as in Spark. */
function withAliases(select: Select, input: Relation): readonly Syntax[] {
  return select.groupBy.map((syntax) => {
    if (syntax.kind !== "name" || input.columns.some(({ name }) => name === syntax.parts.join(".")))
      return syntax;
    const item = select.items.find(
      (candidate) => candidate.kind === "expression" && candidate.alias === syntax.parts[0],
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

function groupColumns({ time }: Grouping, keys: readonly Expr[]): Column[] {
  const edge = (name: string): Column => ({
    name,
    type: TIMESTAMP,
    range: time.range,
    nullable: false,
    lineage: NO_LINEAGE,
    eventTime: false,
  });
  return [
    edge("window_start"),
    edge("window_end"),
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

function analyseExplode(view: LateralView, input: Relation, context: SelectContext): Relation | null {
  const { reporter } = context;
  const above = [...chain(input)].some(({ op }) => op === "aggregate");
  const twice = [...chain(input)].some(
    (at) => at.op === "explode" && [...chain(at)].some(({ op }) => op === "aggregate") === above,
  );
  if (twice)
    return reporter.report(
      "sql.explode",
      view.span,
      "rows are exploded twice",
      "Explode once below the aggregate and once above it",
    );
  const elements = readElements(view, reporter);
  const scope = scopeOver(input.columns, context);
  const typed = elements?.map(({ values }) => values.map((value) => typeExpression(value, scope)));
  if (!elements || !typed || typed.some((values) => values.some((value) => value === null))) return null;
  const fields = (elements[0] as StructSyntax).fields;
  const known = typed.map((values) => values.filter((value) => value !== null));
  const unified = fields.map((_, place) => unify(known.map((values) => values[place] as Expr)));
  if (unified.some((field) => field === null))
    return reporter.report(
      "sql.type-mismatch",
      view.span,
      "the structs differ in the type of a field",
      "Give each field one type in all of them",
    );
  return explodeOf(
    view.columnAlias,
    fields,
    unified.filter((field) => field !== null),
    input,
  );
}

function explodeOf(
  alias: string,
  fields: readonly string[],
  unified: readonly { readonly type: SqlType; readonly args: readonly Expr[] }[],
  input: Relation,
): Explode {
  const columns = unified.map(
    ({ type, args }, place): Column => ({
      name: `${alias}.${fields[place]}`,
      type,
      range: hull(args),
      nullable: args.some((arg) => arg.nullable),
      lineage: mergeLineage(
        args.map((arg) => arg.lineage),
        true,
      ),
      eventTime: false,
    }),
  );
  const count = unified[0]?.args.length ?? 0;
  const elements = Array.from({ length: count }, (_, row) => unified.map(({ args }) => args[row] as Expr));
  return { op: "explode", input, alias, fields, elements, columns: [...input.columns, ...columns] };
}

interface StructSyntax {
  readonly fields: readonly string[];
  readonly values: readonly Syntax[];
}

function readElements(view: LateralView, reporter: Reporter): readonly StructSyntax[] | null {
  const { argument } = view;
  const usage = "Write LATERAL VIEW explode(array(named_struct('name', value, …), …)) t AS k";
  const structs =
    argument.kind === "call" && argument.name === "array" ? argument.arguments.map(readStruct) : [];
  const [first] = structs;
  if (!first || structs.some((struct) => struct === null))
    return reporter.report("sql.explode", view.span, "explode takes an array of structs", usage);
  const found = structs.filter((struct) => struct !== null);
  if (
    found.some((struct) => struct.fields.join() !== first.fields.join()) ||
    new Set(first.fields).size < first.fields.length
  )
    return reporter.report(
      "sql.explode",
      view.span,
      "the structs differ in their fields",
      "Name the same fields in the same order in each of them",
    );
  return found;
}

function readStruct(syntax: Syntax): StructSyntax | null {
  if (syntax.kind !== "call" || syntax.name !== "named_struct") return null;
  const names = syntax.arguments.filter((_, index) => index % 2 === 0).map(literalText);
  const values = syntax.arguments.filter((_, index) => index % 2 === 1);
  if (names.length === 0 || names.length !== values.length || names.some((name) => name === null))
    return null;
  return { fields: names.filter((name) => name !== null), values };
}
