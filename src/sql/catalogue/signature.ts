/** What the rows of the catalogue share: refusals, common types, and the normal form of DOUBLE results. */
import { literal, sameType, typeName } from "../build.ts";
import type { Call, Expr } from "../plan.ts";
import { BOOLEAN, DOUBLE, FINITE, type Range, SAFE, type SqlType } from "../types.ts";
import type { EmbeddedCode, Operands, Refusal, Signature } from "./function.ts";

export type Resolved = Exclude<Signature, Refusal>;

export function refuse(refused: Refusal["refused"], message: string, remedy: string): Refusal {
  return { refused, message, remedy };
}

export function isRefusal(signature: Signature | readonly Expr[]): signature is Refusal {
  return "refused" in signature;
}

export function wrongTypes(name: string, args: readonly Expr[], remedy: string): Refusal {
  const types = args.map((arg) => typeName(arg.type)).join(", ");
  return refuse("argument-types", `${name} can't take (${types})`, remedy);
}

export function wrongCount(name: string, usage: string): Refusal {
  return refuse("argument-count", `${name} has the wrong number of arguments`, `Write ${usage}`);
}

export const anyNullable = (args: readonly Expr[]): boolean => args.some((arg) => arg.nullable);

/** Bounds of a number; every BIGINT, DOUBLE and TIMESTAMP has them. */
export function rangeOf(expression: Expr): Range {
  return expression.range ?? (expression.type.kind === "double" ? FINITE : SAFE);
}

/** The hull of the ranges of the arguments that can be other than null. */
export function hull(args: readonly Expr[]): Range | null {
  const ranges = args.filter((arg) => !isNullLiteral(arg) && arg.range !== null).map(rangeOf);
  if (ranges.length === 0) return args.find((arg) => arg.range !== null)?.range ?? null;
  return {
    low: Math.min(...ranges.map((range) => range.low)),
    high: Math.max(...ranges.map((range) => range.high)),
  };
}

export function isNullLiteral(expression: Expr): boolean {
  return expression.kind === "literal" && expression.value === null;
}

/** The value of a literal of BIGINT, or null: some arguments must be literals, so that no query stops on them. */
export function literalInteger(expression: Expr | undefined): number | null {
  return expression?.kind === "literal" &&
    expression.type.kind === "bigint" &&
    typeof expression.value === "number"
    ? expression.value
    : null;
}

/** BIGINT to DOUBLE, as Spark widens it. A bare NULL takes any type. Null if there is no such conversion. */
export function convert(expression: Expr, type: SqlType): Expr | null {
  if (sameType(expression.type, type)) return expression;
  if (expression.type.kind === "null") return literal(null, type);
  if (type.kind === "double" && expression.type.kind === "bigint") return widen(expression);
  return null;
}

function widen(expression: Expr): Expr {
  if (expression.kind === "literal" && typeof expression.value === "number")
    return literal(expression.value, DOUBLE);
  const { range, nullable, lineage } = expression;
  return { kind: "call", fn: "cast_double", args: [expression], type: DOUBLE, range, nullable, lineage };
}

/** The arguments in the one type that all of them fit; null if there is none. */
export function unify(
  args: readonly Expr[],
): { readonly type: SqlType; readonly args: readonly Expr[] } | null {
  const known = args.filter((arg) => arg.type.kind !== "null").map((arg) => arg.type);
  const type = known.find((candidate) => candidate.kind === "double") ?? known[0];
  if (!type) return null;
  const converted = args.map((arg) => convert(arg, type));
  return converted.every((arg) => arg !== null) ? { type, args: converted } : null;
}

/** The finite numbers between two bounds, either of which may be infinite. */
export function clip(low: number, high: number): Range {
  return { low: intoFinite(low), high: intoFinite(high) };
}

const intoFinite = (bound: number) => Math.min(Math.max(bound, FINITE.low), FINITE.high);

/** Room for the rounding of a last place or two, in which a result may leave its exact bounds. */
export function withSlack(low: number, high: number): Range {
  const { low: least, high: most } = clip(low, high);
  return clip(least - Math.abs(least) * SLACK, most + Math.abs(most) * SLACK);
}

export const SLACK = 1e-15;

/** Whether a DOUBLE result with this range may have left the finite numbers before it was clipped. */
export function mayOverflow(range: Range | null): boolean {
  return range === null || range.low <= FINITE.low || range.high >= FINITE.high;
}

/**
 * Spark text of a DOUBLE result in normal form: finite or null, never -0.0. `text` stands in it once. The remainder
 * by infinity leaves a finite number as it is, and makes NaN of an infinite one.
 */
export function normaliseSpark(text: string, range: Range | null): string {
  if (!mayOverflow(range)) return `(${text} + 0D)`;
  return `(nanvl(${text} % CAST('Infinity' AS DOUBLE), NULL) + 0D)`;
}

export function normaliseEmbedded(code: string, range: Range | null): string {
  return mayOverflow(range) ? `rt.finite(${code})` : `(${code} + 0)`;
}

/** Spark text of a call whose arguments from the second on are literals, as Spark's INT. */
export function withIntegers(name: string) {
  return ([first]: readonly string[], call: Call): string =>
    `${name}(${[first, ...call.args.slice(1).map(literalInteger)].join(", ")})`;
}

/** A call of `rt.name` with every operand's value. */
export function runtimeCall(name: string): EmbeddedCode {
  return { kind: "value", code: (operands) => `rt.${name}(${allValues(operands).join(", ")})` };
}

export function allValues(operands: Operands): string[] {
  return Array.from({ length: operands.count }, (_, index) => operands.value(index));
}

export const condition = (args: readonly Expr[], nullable = anyNullable(args)): Resolved => ({
  type: BOOLEAN,
  range: null,
  nullable,
  args,
});
