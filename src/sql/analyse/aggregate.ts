/** Types aggregate calls. `avg` and `sum_fixed` become expressions over `sum` and `count`. */
import type { CallSyntax, Span, Syntax } from "../ast.ts";
import { double, mergeLineage } from "../build.ts";
import { call, tryCall } from "../catalogue/catalogue.ts";
import { rangeOf } from "../catalogue/signature.ts";
import type { Aggregate, AggregateFunction, Expr, HistogramTrace } from "../plan.ts";
import { arrayOf, BIGINT, FINITE, MAX_EVENTS, type Range, SAFE, WIDE } from "../types.ts";
import { type Scope, typeExpression } from "./expression.ts";
import { reportRefusal } from "./reporter.ts";
import { type AggregateContext, type Restriction, restrictionOf } from "./restriction.ts";

const COUNT: Range = { low: 0, high: MAX_EVENTS };

export function typeAggregate(
  syntax: CallSyntax,
  parent: string | null,
  context: AggregateContext,
): Expr | null {
  const { name, span } = syntax;
  const { reporter } = context.input;
  const restriction = restrictionOf(syntax.filter, context);
  if (!restriction) return null;
  if (name === "count" && syntax.star) return context.add(countAll(restriction));
  const [first] = syntax.arguments;
  const wanted = name === "histogram" || name === "sum_fixed" ? 2 : 1;
  if (!first || syntax.arguments.length !== wanted)
    return reporter.report(
      "sql.argument-count",
      span,
      `${name} takes ${wanted} argument${wanted > 1 ? "s" : ""}`,
      `Write ${USAGE[name]}`,
    );
  if (name === "count_if") return countIf(first, restriction, span, context);
  const argument = typeExpression(first, context.input);
  if (!argument) return null;
  switch (name) {
    case "count":
      return context.add(aggregate("count", argument, restriction, BIGINT, COUNT, false));
    case "sum":
      return sum(argument, restriction, span, context);
    case "sum_fixed":
      return sumFixed(argument, syntax.arguments[1], restriction, span, context);
    case "avg":
      return average(argument, restriction, span, context);
    case "histogram":
      return histogram(argument, syntax.arguments[1], restriction, span, context);
    case "collect_set":
      return collectSet(argument, restriction, span, parent, context);
    default:
      return extreme(name === "min" ? "min" : "max", argument, restriction, span, context);
  }
}

const USAGE: Readonly<Record<string, string>> = {
  count: "count(*) or count(x)",
  count_if: "count_if(x > 1)",
  sum: "sum(x)",
  sum_fixed: "sum_fixed(x, 6)",
  avg: "avg(x)",
  min: "min(x)",
  max: "max(x)",
  histogram: "histogram(x, array(1, 10, 100))",
  collect_set: "size(collect_set(x))",
};

function aggregate(
  fn: AggregateFunction,
  argument: Expr | null,
  { filter, lastMs }: Restriction,
  type: Aggregate["type"],
  range: Range | null,
  nullable: boolean,
): Aggregate {
  const shows = fn === "min" || fn === "max" || fn === "collect_set" || fn === "sum";
  const parts = [argument, filter].filter((part) => part !== null).map((part) => part.lineage);
  return { fn, argument, filter, lastMs, type, range, nullable, lineage: mergeLineage(parts, shows) };
}

const countAll = (restriction: Restriction) => aggregate("count", null, restriction, BIGINT, COUNT, false);

function countIf(predicate: Syntax, outer: Restriction, span: Span, context: AggregateContext): Expr | null {
  const inner = restrictionOf(predicate, context);
  if (!inner) return null;
  if (inner.lastMs !== null && outer.lastMs !== null)
    return context.input.reporter.report(
      "sql.window-end",
      span,
      "the window's end is compared twice",
      "Compare it once",
    );
  const lastMs = inner.lastMs ?? outer.lastMs;
  const restriction = { filter: outer.filter, lastMs };
  if (!inner.filter) return context.add(countAll(restriction));
  return context.add(aggregate("count_if", inner.filter, restriction, BIGINT, COUNT, false));
}

/** A null result is possible where nothing reached the aggregate. */
function mayBeEmpty(argument: Expr, { filter, lastMs }: Restriction): boolean {
  return argument.nullable || filter !== null || lastMs !== null;
}

function sum(argument: Expr, restriction: Restriction, span: Span, context: AggregateContext): Expr | null {
  const { reporter } = context.input;
  if (argument.type.kind === "double")
    return reporter.report(
      "sql.sum-of-doubles",
      span,
      "a sum of DOUBLEs depends on their order",
      "Write sum_fixed(x, 6), which sums millionths exactly",
    );
  if (argument.type.kind !== "bigint")
    return reporter.report(
      "sql.type-mismatch",
      span,
      "sum takes a BIGINT",
      "Write count_if(condition) to count, or CAST(x AS BIGINT)",
    );
  const { low, high } = rangeOf(argument);
  const range = {
    low: Math.max(low < 0 ? low * MAX_EVENTS : low, WIDE.low),
    high: Math.min(high > 0 ? high * MAX_EVENTS : high, WIDE.high),
  };
  return context.add(
    aggregate("sum", argument, restriction, BIGINT, range, mayBeEmpty(argument, restriction)),
  );
}

const MOST_DIGITS = 9;

function sumFixed(
  argument: Expr,
  digits: Syntax | undefined,
  restriction: Restriction,
  span: Span,
  context: AggregateContext,
): Expr | null {
  const { reporter } = context.input;
  const places = digits?.kind === "literal" && typeof digits.value === "number" ? digits.value : -1;
  if (!Number.isInteger(places) || places < 0 || places > MOST_DIGITS)
    return reporter.report(
      "sql.literal-required",
      span,
      "sum_fixed takes a literal number of digits",
      `Write sum_fixed(x, 6), with 0 to ${MOST_DIGITS} digits`,
    );
  if (argument.type.kind !== "double")
    return reporter.report(
      "sql.type-mismatch",
      span,
      "sum_fixed takes a DOUBLE",
      "Write sum(x) for a BIGINT",
    );
  const scaled = call("round", [call("*", [argument, double(10 ** places)])]);
  const whole = tryCall("cast_bigint", [scaled]);
  return "refused" in whole ? reportRefusal(reporter, span, whole) : sum(whole, restriction, span, context);
}

function average(
  argument: Expr,
  restriction: Restriction,
  span: Span,
  context: AggregateContext,
): Expr | null {
  if (argument.type.kind === "double")
    return context.input.reporter.report(
      "sql.sum-of-doubles",
      span,
      "an average of DOUBLEs depends on their order",
      "Write sum_fixed(x, 6) / 1e6 / count(x)",
    );
  const total = sum(argument, restriction, span, context);
  const count = context.add(aggregate("count", argument, restriction, BIGINT, COUNT, false));
  return total && call("/", [total, count]);
}

function extreme(
  fn: "min" | "max",
  argument: Expr,
  restriction: Restriction,
  span: Span,
  context: AggregateContext,
): Expr | null {
  if (!["bigint", "double", "timestamp", "string"].includes(argument.type.kind))
    return context.input.reporter.report(
      "sql.type-mismatch",
      span,
      `${fn} takes a number, a time or text`,
      "Write count_if(condition) > 0 for a condition",
    );
  const { type, range } = argument;
  return context.add(aggregate(fn, argument, restriction, type, range, mayBeEmpty(argument, restriction)));
}

function histogram(
  argument: Expr,
  boundsSyntax: Syntax | undefined,
  restriction: Restriction,
  span: Span,
  context: AggregateContext,
): Expr | null {
  const { reporter } = context.input;
  const bounds = boundsSyntax && literalNumbers(boundsSyntax, context.input);
  if (
    !bounds ||
    bounds.length === 0 ||
    bounds.some((bound, i) => i > 0 && bound <= (bounds[i - 1] as number))
  )
    return reporter.report(
      "sql.literal-required",
      span,
      "histogram takes ascending literal bounds",
      "Write histogram(x, array(1, 10, 100))",
    );
  if (argument.type.kind !== "bigint" && argument.type.kind !== "double")
    return reporter.report(
      "sql.type-mismatch",
      span,
      "histogram counts numbers",
      "Give it a BIGINT or a DOUBLE",
    );
  const counted =
    bounds.every(Number.isInteger) || argument.type.kind === "double"
      ? argument
      : call("cast_double", [argument]);
  const trace: HistogramTrace = { bounds, minimum: leastOf(argument) };
  const base = aggregate("histogram", counted, restriction, arrayOf(BIGINT), COUNT, false);
  return context.add({ ...base, histogram: trace });
}

function leastOf(argument: Expr): number | null {
  const { low } = rangeOf(argument);
  return low === (argument.type.kind === "double" ? FINITE.low : SAFE.low) ? null : low;
}

function literalNumbers(syntax: Syntax, scope: Scope): readonly number[] | null {
  const array = typeExpression(syntax, scope);
  if (array?.kind !== "call" || array.fn !== "array") return null;
  const values = array.args.map((arg) =>
    arg.kind === "literal" && typeof arg.value === "number" ? arg.value : Number.NaN,
  );
  return values.some(Number.isNaN) ? null : values;
}

function collectSet(
  argument: Expr,
  restriction: Restriction,
  span: Span,
  parent: string | null,
  context: AggregateContext,
): Expr | null {
  const { reporter } = context.input;
  if (parent !== "size" && parent !== "array_sort")
    return reporter.report(
      "sql.misplaced-aggregate",
      span,
      "collect_set has no order of its own",
      "Write size(collect_set(x)) or array_sort(collect_set(x))",
    );
  if (argument.type.kind !== "bigint" && argument.type.kind !== "string")
    return reporter.report(
      "sql.type-mismatch",
      span,
      "collect_set takes BIGINT or STRING",
      "Collect a key, not a measure",
    );
  const type = arrayOf(argument.type);
  return context.add(aggregate("collect_set", argument, restriction, type, argument.range, false));
}
