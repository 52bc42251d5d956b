/** Types an expression over a scope: names to columns, operators and functions to rows of the catalogue. */

import { suggest } from "../../suggest.ts";
import type {
  BinarySyntax,
  CallSyntax,
  CaseSyntax,
  LambdaSyntax,
  LiteralSyntax,
  NameSyntax,
  Span,
  Syntax,
} from "../ast.ts";
import { bigint, boolean, double, nullOf, text, timestamp } from "../build.ts";
import { callableNames, find, tryCall } from "../catalogue/catalogue.ts";
import type { Expr, LambdaVariable } from "../plan.ts";
import { STRING } from "../types.ts";
import { type Reporter, reportRefusal } from "./reporter.ts";

/** What names and calls mean at some place in a query. */
export interface Scope {
  readonly reporter: Reporter;
  /**
   * Asked first of every node: grouped expressions and aggregates above a GROUP BY. `parent` is the name of the
   * function whose argument the node is. Undefined: nothing special; null: reported.
   */
  special?(syntax: Syntax, parent: string | null): Expr | null | undefined;
  name(syntax: NameSyntax): Expr | null;
}

const AGGREGATES: readonly string[] = [
  "count",
  "count_if",
  "sum",
  "sum_fixed",
  "avg",
  "min",
  "max",
  "histogram",
  "collect_set",
];

export function isAggregateName(name: string): boolean {
  return AGGREGATES.includes(name);
}

/** Null where something was reported. */
export function typeExpression(syntax: Syntax, scope: Scope, parent: string | null = null): Expr | null {
  const special = scope.special?.(syntax, parent);
  if (special !== undefined) return special;
  switch (syntax.kind) {
    case "name":
      return scope.name(syntax);
    case "literal":
      return typeLiteral(syntax, scope);
    case "interval":
      return scope.reporter.report(
        "sql.type-mismatch",
        syntax.span,
        "an INTERVAL stands alone",
        "Add it to a TIMESTAMP, or subtract it from one",
      );
    case "unary":
      return syntax.operator === "NOT"
        ? typeCall("not", [syntax.operand], syntax.span, scope)
        : negate(syntax.operand, syntax.span, scope);
    case "binary":
      return typeBinary(syntax, scope);
    case "isNull":
      return typeCall(syntax.negated ? "is_not_null" : "is_null", [syntax.operand], syntax.span, scope);
    case "in":
      return inverted(typeCall("in", [syntax.operand, ...syntax.list], syntax.span, scope), syntax, scope);
    case "between":
      return inverted(
        typeBetween(syntax.operand, syntax.low, syntax.high, syntax.span, scope),
        syntax,
        scope,
      );
    case "like":
      return inverted(typeCall("like", [syntax.operand, syntax.pattern], syntax.span, scope), syntax, scope);
    case "case":
      return typeCase(syntax, scope);
    case "cast":
      return typeCall(`cast_${syntax.type.toLowerCase()}`, [syntax.operand], syntax.span, scope);
    case "call":
      return typeNamedCall(syntax, scope);
    case "lambda":
      return scope.reporter.report(
        "sql.type-mismatch",
        syntax.span,
        "a lambda stands alone",
        "Use it in filter(a, x -> …)",
      );
  }
}

function typeLiteral({ type, value, span }: LiteralSyntax, scope: Scope): Expr | null {
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return boolean(value);
  if (value === null) return nullOf();
  if (type === "timestamp") return timestamp(value);
  if (type === "double") return double(value + 0);
  if (Number.isSafeInteger(value)) return bigint(value);
  return scope.reporter.report(
    "sql.out-of-range",
    span,
    "the number is beyond ±(2^53-1)",
    "Write a smaller one, or a DOUBLE such as 1e16",
  );
}

function negate(operand: Syntax, span: Span, scope: Scope): Expr | null {
  if (operand.kind !== "literal" || typeof operand.value !== "number")
    return typeCall("negate", [operand], span, scope);
  return typeLiteral({ ...operand, value: 0 - operand.value }, scope);
}

/** Types the arguments, then the call. */
function typeCall(name: string, operands: readonly Syntax[], span: Span, scope: Scope): Expr | null {
  return callOf(
    name,
    operands.map((operand) => typeExpression(operand, scope, name)),
    span,
    scope,
  );
}

function callOf(name: string, args: readonly (Expr | null)[], span: Span, scope: Scope): Expr | null {
  const known = args.filter((arg) => arg !== null);
  if (known.length < args.length) return null;
  const result = tryCall(name, known);
  if ("refused" in result) return reportRefusal(scope.reporter, span, result);
  const { size, depth } = extentOf(result);
  if (size <= LARGEST && depth <= DEEPEST) return result;
  return scope.reporter.report(
    "sql.unsupported",
    span,
    "the expression is too large, counting what BETWEEN and CASE repeat, or too deep",
    "Give its parts names in a model of their own",
  );
}

/** Of calls: Spark plans 5000 in ten seconds, and its stack holds some 150 within each other. */
const LARGEST = 5000;
const DEEPEST = 100;

interface Extent {
  /** The calls, each as often as it stands there: `a BETWEEN b AND c` has `a` twice. */
  readonly size: number;
  readonly depth: number;
}

const NOTHING: Extent = { size: 0, depth: 0 };
const extents = new WeakMap<Expr, Extent>();

function extentOf(expression: Expr): Extent {
  if (expression.kind === "lambda") return extentOf(expression.body);
  if (expression.kind !== "call") return NOTHING;
  const known = extents.get(expression);
  if (known) return known;
  const parts = expression.args.map(extentOf);
  const extent = {
    size: parts.reduce((sum, { size }) => sum + size, 1),
    depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)),
  };
  extents.set(expression, extent);
  return extent;
}

function inverted(
  expression: Expr | null,
  syntax: { readonly negated: boolean; readonly span: Span },
  scope: Scope,
): Expr | null {
  return syntax.negated ? callOf("not", [expression], syntax.span, scope) : expression;
}

function typeBetween(operand: Syntax, low: Syntax, high: Syntax, span: Span, scope: Scope): Expr | null {
  const [value, least, most] = [operand, low, high].map((part) => typeExpression(part, scope));
  const bounds = [
    callOf(">=", [value ?? null, least ?? null], span, scope),
    callOf("<=", [value ?? null, most ?? null], span, scope),
  ];
  return callOf("and", bounds, span, scope);
}

function typeBinary(syntax: BinarySyntax, scope: Scope): Expr | null {
  const { operator, left, right, span } = syntax;
  if (right.kind === "interval" && (operator === "+" || operator === "-"))
    return callOf(
      "shift_time",
      [typeExpression(left, scope), bigint(operator === "+" ? right.ms : 0 - right.ms)],
      span,
      scope,
    );
  if (operator === "||") return typeCall("concat", [left, right], span, scope);
  const args = [typeExpression(left, scope), typeExpression(right, scope)];
  if (operator === "-" && args.every((arg) => arg?.type.kind === "timestamp"))
    return scope.reporter.report(
      "sql.type-mismatch",
      span,
      "a time minus a time is not a number",
      "Write unix_millis(a) - unix_millis(b)",
    );
  return callOf(operator.toLowerCase(), args, span, scope);
}

function typeCase(syntax: CaseSyntax, scope: Scope): Expr | null {
  const operand = syntax.operand && typeExpression(syntax.operand, scope);
  const args = syntax.branches.flatMap(({ when, then }) => {
    const typed = typeExpression(when, scope);
    return [
      syntax.operand ? callOf("=", [operand, typed], when.span, scope) : typed,
      typeExpression(then, scope),
    ];
  });
  const otherwise = syntax.otherwise ? typeExpression(syntax.otherwise, scope) : nullOf();
  return callOf("case", [...args, otherwise], syntax.span, scope);
}

function typeNamedCall(syntax: CallSyntax, scope: Scope): Expr | null {
  const { name, span } = syntax;
  const { reporter } = scope;
  if (isAggregateName(name))
    return reporter.report(
      "sql.misplaced-aggregate",
      span,
      `${name} can't stand here`,
      "Aggregate in SELECT or HAVING of a query with GROUP BY window(…)",
    );
  if (name === "window")
    return reporter.report(
      "sql.misplaced-window",
      span,
      "window(…) can't stand here",
      "Put window(…) into GROUP BY, and use window.start and window.end",
    );
  if (name === "explode" || name === "named_struct")
    return reporter.report(
      "sql.explode",
      span,
      `${name} can't stand here`,
      "Write LATERAL VIEW explode(array(named_struct('name', value, …), …)) t AS k after FROM",
    );
  if (!callableNames.includes(name) || !find(name))
    return reporter.report(
      "sql.unknown-function",
      span,
      `there is no function ${name}`,
      suggest(name, [...callableNames, ...AGGREGATES]),
    );
  if (syntax.filter)
    return reporter.report(
      "sql.misplaced-aggregate",
      span,
      `FILTER belongs to an aggregate, and ${name} is none`,
      "Use a CASE inside the argument",
    );
  return name === "filter" ? typeFilter(syntax, scope) : typeCall(name, syntax.arguments, span, scope);
}

function typeFilter({ arguments: args, span }: CallSyntax, scope: Scope): Expr | null {
  const [array, keep] = args;
  const values = array ? typeExpression(array, scope) : null;
  if (!array || keep?.kind !== "lambda")
    return scope.reporter.report(
      "sql.type-mismatch",
      span,
      "filter needs an array and a condition",
      "Write filter(a, x -> x > 0)",
    );
  if (!values) return null;
  return callOf("filter", [values, typeLambda(keep, values, scope)], span, scope);
}

function typeLambda(syntax: LambdaSyntax, values: Expr, scope: Scope): Expr | null {
  const element = values.type.kind === "array" ? values.type.element : STRING;
  const { range, lineage } = values;
  const variable: LambdaVariable = {
    kind: "variable",
    name: syntax.parameter,
    type: element,
    range,
    nullable: true,
    lineage,
  };
  // To Spark upper and lower case of a lambda's parameter are one, and it hides a column.
  const parameter = syntax.parameter.toLowerCase();
  const isVariable = ({ parts }: NameSyntax) => parts.length === 1 && parts[0]?.toLowerCase() === parameter;
  const inner: Scope = {
    ...scope,
    special: (part, parent) => (mentions(part, isVariable) ? undefined : scope.special?.(part, parent)),
    name: (name) => (isVariable(name) ? variable : scope.name(name)),
  };
  const body = typeExpression(syntax.body, inner);
  if (!body) return null;
  const { type, nullable } = body;
  return {
    kind: "lambda",
    parameter: syntax.parameter,
    body,
    type,
    range: null,
    nullable,
    lineage: body.lineage,
  };
}

/** Whether such a name stands anywhere in the expression. */
function mentions(syntax: Syntax, isWanted: (name: NameSyntax) => boolean): boolean {
  let found = false;
  JSON.stringify(syntax, (_, value: unknown) => {
    found ||= isName(value) && isWanted(value);
    return value;
  });
  return found;
}

function isName(value: unknown): value is NameSyntax {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "name";
}

/** A string literal's value, or null. */
export function literalText(syntax: Syntax | undefined): string | null {
  return syntax?.kind === "literal" && typeof syntax.value === "string" ? syntax.value : null;
}

/** The form of a syntax tree without its places: equal for expressions that mean the same by their text. */
export function shapeOf(syntax: Syntax): string {
  return JSON.stringify(syntax, (key, value: unknown) => (key === "span" ? undefined : value));
}
