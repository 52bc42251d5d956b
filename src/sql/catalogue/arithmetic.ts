/** Arithmetic: exact over BIGINT within ±(2^53-1), normalised over DOUBLE. */
import { bigint } from "../build.ts";
import type { Call, Expr } from "../plan.ts";
import { round as roundHalfUp } from "../runtime.ts";
import { BIGINT, DOUBLE, type Range, SAFE, TIMESTAMP } from "../types.ts";
import type { EmbeddedCode, Refusal, ScalarFunction, Signature } from "./function.ts";
import {
  anyNullable,
  clip,
  convert,
  isRefusal,
  literalInteger,
  mayOverflow,
  normaliseEmbedded,
  normaliseSpark,
  rangeOf,
  refuse,
  runtimeCall,
  unify,
  withSlack,
  wrongCount,
  wrongTypes,
} from "./signature.ts";

type RangeOf = (...ranges: Range[]) => Range;

const NUMBERS = "Use BIGINT or DOUBLE on both sides";
const CLAMP = "Clamp an operand with least/greatest, or bound it in the schema";
/** Of the instants that a `Date` can hold. */
const INSTANT_LIMIT_MS = 8.64e15;

function outOfRange(what: string, range: Range): Refusal {
  return refuse(
    "range",
    `${what} can reach ${range.low < SAFE.low ? range.low : range.high}, beyond ±(2^53-1)`,
    CLAMP,
  );
}

function isOutside({ low, high }: Range, limits: Range): boolean {
  return !(low >= limits.low && high <= limits.high);
}

/** Two or one numbers to one number of the same type. */
function arithmetic(name: string, count: number, rangeAfter: RangeOf) {
  return (args: readonly Expr[]): Signature => {
    if (args.length !== count) return wrongCount(name, count === 2 ? `a ${name} b` : `${name}(x)`);
    const common = unify(args);
    if (!common || (common.type.kind !== "bigint" && common.type.kind !== "double"))
      return wrongTypes(name, args, NUMBERS);
    const range = rangeAfter(...common.args.map(rangeOf));
    const nullable = anyNullable(args);
    if (common.type.kind === "double") {
      const finite = clip(range.low, range.high);
      return { type: DOUBLE, range: finite, nullable: nullable || mayOverflow(finite), args: common.args };
    }
    const outside = [range, ...args.map(rangeOf)].find((bounds) => isOutside(bounds, SAFE));
    return outside ? outOfRange(name, outside) : { type: BIGINT, range, nullable, args };
  };
}

function corners(combine: (a: number, b: number) => number): RangeOf {
  return (a = SAFE, b = SAFE) => {
    const values = [
      combine(a.low, b.low),
      combine(a.low, b.high),
      combine(a.high, b.low),
      combine(a.high, b.high),
    ];
    return { low: Math.min(...values), high: Math.max(...values) };
  };
}

function infix(operator: string, signed: boolean): Pick<ScalarFunction, "embedded" | "spark"> {
  const isDouble = (call: Call) => call.type.kind === "double";
  const embedded: EmbeddedCode = {
    kind: "value",
    code: (operands, call) => {
      const code = `${operands.value(0)} ${operator} ${operands.value(1)}`;
      if (isDouble(call)) return normaliseEmbedded(code, call.range);
      return signed ? `(${code} + 0)` : `(${code})`;
    },
  };
  const spark = ([a, b]: readonly string[], call: Call) =>
    isDouble(call) ? normaliseSpark(`(${a} ${operator} ${b})`, call.range) : `(${a} ${operator} ${b})`;
  return { embedded, spark };
}

const addNumbers = arithmetic("+", 2, (a = SAFE, b = SAFE) => ({
  low: a.low + b.low,
  high: a.high + b.high,
}));
const subtractNumbers = arithmetic("-", 2, (a = SAFE, b = SAFE) => ({
  low: a.low - b.high,
  high: a.high - b.low,
}));

/** TIMESTAMP ± INTERVAL: the interval is a literal of milliseconds, typed BIGINT, made by `shift_time`. */
function resolveShift(args: readonly Expr[]): Signature {
  const [time, shift] = args;
  const shiftMs = literalInteger(shift);
  if (args.length !== 2 || time?.type.kind !== "timestamp" || shiftMs === null)
    return wrongTypes("a time shift", args, "Write a TIMESTAMP + INTERVAL n UNIT");
  const { low, high } = rangeOf(time);
  const range = { low: low + shiftMs, high: high + shiftMs };
  if (isOutside(range, { low: -INSTANT_LIMIT_MS, high: INSTANT_LIMIT_MS }))
    return refuse("range", "the time can leave the representable range", CLAMP);
  return { type: TIMESTAMP, range, nullable: time.nullable, args };
}

function resolveDivide(args: readonly Expr[]): Signature {
  const [a, b] = args.map((arg) => convert(arg, DOUBLE));
  if (args.length !== 2) return wrongCount("/", "a / b");
  if (!a || !b) return wrongTypes("/", args, NUMBERS);
  const range = quotientRange(rangeOf(a), rangeOf(b), args[1]?.type.kind === "bigint");
  return { type: DOUBLE, range, nullable: true, args: [a, b] };
}

function quotientRange(a: Range, b: Range, whole: boolean): Range {
  if (b.low > 0 || b.high < 0) {
    const { low, high } = corners((x, y) => x / y)(a, b);
    return clip(low, high);
  }
  const greatest = whole ? magnitudes(a).high : Number.POSITIVE_INFINITY;
  const mayBeNegative = (a.low < 0 && b.high > 0) || (a.high > 0 && b.low < 0);
  const mayBePositive = (a.high > 0 && b.high > 0) || (a.low < 0 && b.low < 0);
  return clip(mayBeNegative ? -greatest : 0, mayBePositive ? greatest : 0);
}

function remainderRange(a: Range = SAFE, b: Range = SAFE): Range {
  const limit = Math.min(magnitudes(a).high, magnitudes(b).high);
  return { low: a.low < 0 ? -limit : 0, high: a.high > 0 ? limit : 0 };
}

function resolveRemainder(args: readonly Expr[]): Signature {
  const signature = arithmetic("%", 2, remainderRange)(args);
  return isRefusal(signature) ? signature : { ...signature, nullable: true };
}

function resolveIntegerDivide(args: readonly Expr[]): Signature {
  if (args.length !== 2) return wrongCount("DIV", "a DIV b");
  if (!args.every((arg) => arg.type.kind === "bigint"))
    return wrongTypes("DIV", args, "Use BIGINT on both sides, or / for a DOUBLE");
  const ranges = args.map(rangeOf);
  const outside = ranges.find((range) => isOutside(range, SAFE));
  if (outside) return outOfRange("DIV", outside);
  const { high } = magnitudes(ranges[0]);
  return { type: BIGINT, range: { low: 0 - high, high }, nullable: true, args };
}

function magnitudes({ low, high }: Range = SAFE): Range {
  const greatest = Math.max(Math.abs(low), Math.abs(high));
  return { low: low > 0 ? low : high < 0 ? -high : 0, high: greatest };
}

const MOST_DIGITS = 9;

function resolveRound(args: readonly Expr[]): Signature {
  const [x, digits] = args;
  const places = args.length === 1 ? 0 : literalInteger(digits);
  if (!x || args.length > 2) return wrongCount("round", "round(x) or round(x, digits)");
  if (places === null || places < 0 || places > MOST_DIGITS)
    return refuse(
      "literal",
      "round needs a literal number of digits",
      `Write a literal from 0 to ${MOST_DIGITS}`,
    );
  if (x.type.kind !== "double") return wrongTypes("round", args, "Round a DOUBLE; a BIGINT is whole already");
  const { low, high } = rangeOf(x);
  const range = { low: roundHalfUp(low, places), high: roundHalfUp(high, places) };
  return { type: DOUBLE, range, nullable: x.nullable, args: [x, bigint(places)] };
}

function resolveFloor(args: readonly Expr[]): Signature {
  const [x] = args;
  if (!x || args.length !== 1) return wrongCount("floor", "floor(x)");
  if (x.type.kind !== "double")
    return wrongTypes("floor", args, "Take the floor of a DOUBLE; a BIGINT is whole already");
  const range = { low: Math.floor(rangeOf(x).low), high: Math.floor(rangeOf(x).high) };
  if (isOutside(range, SAFE)) return outOfRange("floor", range);
  return { type: BIGINT, range, nullable: x.nullable, args };
}

function transcendental(name: string, nullable: boolean, rangeAfter: (range: Range) => Range) {
  return (args: readonly Expr[]): Signature => {
    const x = args[0] && convert(args[0], DOUBLE);
    if (args.length !== 1) return wrongCount(name, `${name}(x)`);
    if (!x) return wrongTypes(name, args, "Give it a number");
    const { low, high } = rangeAfter(rangeOf(x));
    return { type: DOUBLE, range: withSlack(low, high), nullable: nullable || x.nullable, args: [x] };
  };
}

function logarithmRange({ low, high }: Range): Range {
  return { low: low > 0 ? Math.log(low) : Math.log(Number.MIN_VALUE), high: high > 0 ? Math.log(high) : 0 };
}

export const arithmeticFunctions: readonly ScalarFunction[] = [
  { name: "+", carries: "derived", resolve: addNumbers, ...infix("+", false) },
  { name: "-", carries: "derived", resolve: subtractNumbers, ...infix("-", false) },
  {
    name: "*",
    carries: "derived",
    resolve: arithmetic(
      "*",
      2,
      corners((a, b) => a * b),
    ),
    ...infix("*", true),
  },
  {
    name: "/",
    carries: "derived",
    resolve: resolveDivide,
    embedded: runtimeCall("divide"),
    spark: ([a, b], call) => normaliseSpark(`(${a} / ${b})`, call.range),
  },
  {
    name: "%",
    carries: "derived",
    resolve: resolveRemainder,
    embedded: runtimeCall("remainder"),
    spark: ([a, b], call) => (call.type.kind === "double" ? `((${a} % ${b}) + 0D)` : `(${a} % ${b})`),
  },
  {
    name: "div",
    carries: "derived",
    resolve: resolveIntegerDivide,
    embedded: runtimeCall("integerDivide"),
    spark: ([a, b]) => `(${a} DIV ${b})`,
  },
  {
    name: "negate",
    carries: "derived",
    resolve: arithmetic("negation", 1, (a = SAFE) => ({ low: 0 - a.high, high: 0 - a.low })),
    embedded: { kind: "value", code: (operands) => `(0 - ${operands.value(0)})` },
    spark: ([a], call) => (call.type.kind === "double" ? `(0D - ${a})` : `(0L - ${a})`),
  },
  {
    name: "abs",
    carries: "derived",
    resolve: arithmetic("abs", 1, magnitudes),
    embedded: { kind: "value", code: (operands) => `Math.abs(${operands.value(0)})` },
    spark: ([a]) => `abs(${a})`,
  },
  {
    name: "round",
    carries: "derived",
    resolve: resolveRound,
    embedded: runtimeCall("round"),
    spark: ([a], call) => `(round(${a}, ${literalInteger(call.args[1])}) + 0D)`,
  },
  {
    name: "floor",
    carries: "derived",
    resolve: resolveFloor,
    embedded: { kind: "value", code: (operands) => `Math.floor(${operands.value(0)})` },
    spark: ([a]) => `floor(${a})`,
  },
  {
    name: "exp",
    carries: "derived",
    resolve: transcendental("exp", true, ({ low, high }) => ({ low: Math.exp(low), high: Math.exp(high) })),
    embedded: runtimeCall("exponential"),
    spark: ([a], call) => normaliseSpark(`exp(${a})`, call.range),
  },
  {
    name: "ln",
    carries: "derived",
    resolve: transcendental("ln", true, logarithmRange),
    embedded: runtimeCall("naturalLogarithm"),
    spark: ([a]) => `(ln(${a}) + 0D)`,
  },
  {
    name: "shift_time",
    carries: "value",
    resolve: resolveShift,
    embedded: { kind: "value", code: (operands) => `(${operands.value(0)} + ${operands.value(1)})` },
    spark: ([a], call) => `(${a} + INTERVAL '${(literalInteger(call.args[1]) ?? 0) / 1000}' SECOND)`,
  },
];
