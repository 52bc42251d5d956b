/**
 * Which of a characteristic's bins no applicant can reach: those before it take all that it matches, or nothing
 * matches it.
 *
 * Conditions are tried on every value at which one of them can change: of each expression that they compare with
 * literals, these literals, what lies between them and beyond, and null. Expressions are taken to vary freely of each
 * other, so that a bin is called unreachable only if it is.
 */
import type { Expr } from "../sql/plan.ts";
import { structureOf } from "./structure.ts";

/** More cases than this are not tried; a card of plain comparisons has some tens a characteristic. */
const MOST_CASES = 20_000;

type Tried = null | number | string | boolean;
/** A value for each expression that the conditions depend on, by its key. */
type Case = ReadonlyMap<string, Tried>;
/** SQL's three values. */
type Test = (one: Case) => boolean | null;

/** @returns the indices of `conditions` that are never the first to be true; a null stands for none */
export function unreachable(conditions: readonly (Expr | null)[]): readonly number[] {
  const subjects = new Map<string, Subject>();
  const tests = conditions.map((condition) => condition && testOf(condition, subjects));
  const tried = [...subjects].map(([key, subject]) => [key, valuesToTry(subject)] as const);
  if (tried.reduce((count, [, values]) => count * values.length, 1) > MOST_CASES) return [];
  const missed = new Set(tests.flatMap((holds, i) => (holds ? [i] : [])));
  for (const one of casesOf(tried)) missed.delete(tests.findIndex((holds) => holds?.(one) === true));
  return [...missed];
}

interface Subject {
  readonly expression: Expr;
  readonly literals: Set<number | string>;
}

const NULL_TESTS = new Set(["is_null", "is_not_null"]);
const EQUALITIES = new Set(["=", "<>", "<=>", "in"]);
const ORDERINGS = new Set(["<", "<=", ">", ">="]);

/** Also notes down what the test depends on. */
function testOf(expression: Expr, subjects: Map<string, Subject>): Test {
  if (expression.kind === "literal") {
    const { value } = expression;
    return () => (typeof value === "boolean" ? value : null);
  }
  if (expression.kind === "call" && ["and", "or", "not"].includes(expression.fn)) {
    const args = expression.args.map((arg) => testOf(arg, subjects));
    return (one) =>
      connected(
        expression.fn,
        args.map((arg) => arg(one)),
      );
  }
  const compared = comparison(expression);
  const key = noted(compared?.subject ?? expression, compared?.literals ?? [], subjects);
  return (one) => holds(compared?.fn ?? "=", one.get(key) ?? null, compared?.literals ?? [true]);
}

function noted(expression: Expr, literals: readonly Tried[], subjects: Map<string, Subject>): string {
  const key = structureOf(expression);
  const found = subjects.get(key) ?? { expression, literals: new Set() };
  for (const value of literals)
    if (typeof value === "number" || typeof value === "string") found.literals.add(value);
  subjects.set(key, found);
  return key;
}

interface Comparison {
  readonly fn: string;
  readonly subject: Expr;
  readonly literals: readonly Tried[];
}

/** A comparison of one expression with literals; null for any other. Text is compared by equality alone. */
function comparison(expression: Expr): Comparison | null {
  if (expression.kind !== "call") return null;
  const { fn } = expression;
  const [subject, ...others] = expression.args.map(unwidened);
  if (!subject || subject.kind === "literal") return null;
  if (NULL_TESTS.has(fn)) return { fn, subject, literals: [] };
  const literals = others.flatMap((other) => (other.kind === "literal" ? [other.value] : []));
  if (literals.length < others.length) return null;
  const isOrdering = ORDERINGS.has(fn) && literals.every((value) => typeof value === "number");
  return isOrdering || EQUALITIES.has(fn) ? { fn, subject, literals } : null;
}

/** A BIGINT that is compared with a DOUBLE is the same number. */
function unwidened(expression: Expr): Expr {
  if (expression.kind !== "call" || expression.fn !== "cast" || expression.type.kind !== "double")
    return expression;
  const [inner] = expression.args;
  return inner?.type.kind === "bigint" ? inner : expression;
}

function valuesToTry({ expression: { type, range }, literals }: Subject): readonly Tried[] {
  if (type.kind === "boolean") return [null, true, false];
  const numbers = [...literals].filter((value) => typeof value === "number");
  if (numbers.length === 0) return [null, "", "\u0000", ...literals];
  const low = range?.low ?? Number.NEGATIVE_INFINITY;
  const high = range?.high ?? Number.POSITIVE_INFINITY;
  const edges = [low, high].filter(Number.isFinite);
  const bounds = [...new Set([...numbers, ...numbers.flatMap((n) => [n - 1, n + 1]), ...edges])].sort(
    (a, b) => a - b,
  );
  const between = bounds.slice(1).map((bound, i) => {
    const middle = (bounds[i]! + bound) / 2;
    return type.kind === "double" ? middle : Math.floor(middle);
  });
  return [null, ...[...bounds, ...between].filter((value) => value >= low && value <= high)];
}

function* casesOf(tried: readonly (readonly [string, readonly Tried[]])[]): Generator<Case> {
  const [first, ...rest] = tried;
  if (!first) {
    yield new Map();
    return;
  }
  const [key, values] = first;
  for (const others of casesOf(rest)) for (const value of values) yield new Map([...others, [key, value]]);
}

function connected(fn: string, args: readonly (boolean | null)[]): boolean | null {
  if (fn === "not") return args[0] == null ? null : !args[0];
  const decisive = fn === "or";
  return args.includes(decisive) ? decisive : args.includes(null) ? null : !decisive;
}

function holds(fn: string, value: Tried, literals: readonly Tried[]): boolean | null {
  const [literal] = literals;
  if (fn === "is_null") return value === null;
  if (fn === "is_not_null") return value !== null;
  if (fn === "<=>") return value === literal;
  if (value === null) return null;
  if (fn === "in") return literals.includes(value) ? true : literals.includes(null) ? null : false;
  if (literal === null || literal === undefined) return null;
  return compare(fn, value, literal);
}

function compare(
  fn: string,
  value: number | string | boolean,
  literal: number | string | boolean,
): boolean | null {
  if (fn === "=") return value === literal;
  if (fn === "<>") return value !== literal;
  if (typeof value !== "number" || typeof literal !== "number") return null;
  if (fn === "<") return value < literal;
  if (fn === "<=") return value <= literal;
  return fn === ">" ? value > literal : value >= literal;
}
