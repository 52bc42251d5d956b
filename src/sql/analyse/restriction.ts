/** What restricts an aggregate: FILTER (WHERE …) and the predicate of `count_if`, the window's end taken out of them. */
import type { Span, Syntax } from "../ast.ts";
import { call } from "../catalogue/catalogue.ts";
import type { Aggregate, Expr, WindowSpec } from "../plan.ts";
import { type Scope, typeExpression } from "./expression.ts";

export interface AggregateContext {
  /** The rows below the GROUP BY. */
  readonly input: Scope;
  readonly window: WindowSpec;
  isEventTime(expression: Expr): boolean;
  /** Takes an aggregate in and gives the column that holds it above. */
  add(aggregate: Aggregate): Expr;
}

/** FILTER (WHERE …), taken apart. */
export interface Restriction {
  readonly filter: Expr | null;
  readonly lastMs: number | null;
}

/** Splits `a AND event_time >= window.end - INTERVAL n` into a filter and the window's last n milliseconds. */
export function restrictionOf(syntax: Syntax | null, context: AggregateContext): Restriction | null {
  if (!syntax) return { filter: null, lastMs: null };
  const { reporter } = context.input;
  const parts = conjuncts(syntax);
  const ends = parts.filter(comparesWindowEnd);
  const rest = parts.filter((part) => !ends.includes(part));
  const [end] = ends;
  const lastMs = end ? lastMsOf(end, context) : null;
  if (end && lastMs === null) return null;
  if (ends.length > 1)
    return reporter.report(
      "sql.window-end",
      syntax.span,
      "the window's end is compared twice",
      "Compare it once",
    );
  const typed = rest.map((part) => typeExpression(part, context.input));
  if (typed.some((part) => part === null)) return null;
  return joined(
    typed.filter((part) => part !== null),
    syntax.span,
    lastMs,
    context,
  );
}

function joined(
  parts: readonly Expr[],
  span: Span,
  lastMs: number | null,
  context: AggregateContext,
): Restriction | null {
  const { reporter } = context.input;
  const [first, ...rest] = parts;
  if (!first) return { filter: null, lastMs };
  if (parts.some((part) => part.type.kind !== "boolean"))
    return reporter.report(
      "sql.type-mismatch",
      span,
      "this is not a condition",
      "Write a condition, such as x > 1",
    );
  return { filter: rest.reduce<Expr>((all, part) => call("and", [all, part]), first), lastMs };
}

function conjuncts(syntax: Syntax): readonly Syntax[] {
  return syntax.kind === "binary" && syntax.operator === "AND"
    ? [...conjuncts(syntax.left), ...conjuncts(syntax.right)]
    : [syntax];
}

function isWindowEnd(syntax: Syntax): boolean {
  return syntax.kind === "name" && syntax.parts.join(".") === "window.end";
}

function comparesWindowEnd(syntax: Syntax): boolean {
  return syntax.kind === "binary" && syntax.right.kind === "binary" && isWindowEnd(syntax.right.left);
}

function lastMsOf(syntax: Syntax, context: AggregateContext): number | null {
  const { reporter } = context.input;
  const { sizeMs, slideMs } = context.window;
  const usage =
    "Write event_time >= window.end - INTERVAL 5 MINUTES, a multiple of the window's slide within its size";
  if (syntax.kind !== "binary" || syntax.operator !== ">=" || syntax.right.kind !== "binary")
    return reporter.report(
      "sql.window-end",
      syntax.span,
      "the window's end is compared in a way that panes can't follow",
      usage,
    );
  const { operator, right } = syntax.right;
  const time = typeExpression(syntax.left, context.input);
  const ms = right.kind === "interval" ? right.ms : 0;
  if (!time) return null;
  const aligned = ms > 0 && ms <= sizeMs && ms % slideMs === 0;
  if (!context.isEventTime(time) || operator !== "-" || !aligned)
    return reporter.report(
      "sql.window-end",
      syntax.span,
      "the window's end is compared in a way that panes can't follow",
      usage,
    );
  return ms;
}
