/** Comparisons, three-valued logic, IN, LIKE: compiled as "is true" and "is false". */
import { isNumeric } from "../build.ts";
import type { Call, Expr } from "../plan.ts";
import type { EmbeddedCode, Operands, ScalarFunction, Signature } from "./function.ts";
import { condition, isNullLiteral, refuse, unify, wrongCount, wrongTypes } from "./signature.ts";

const COMPARE = "Compare numbers with numbers, text with text, times with TIMESTAMP '…'";

function comparison(name: string, ordered: boolean) {
  return (args: readonly Expr[]): Signature => {
    if (args.length !== 2) return wrongCount(name, `a ${name} b`);
    const common = unify(args);
    if (!common || common.type.kind === "array" || common.type.kind === "struct")
      return wrongTypes(name, args, COMPARE);
    if (ordered && common.type.kind === "boolean")
      return wrongTypes(name, args, "BOOLEAN has no order here; write the condition itself");
    return condition(common.args, name !== "<=>" && args.some((arg) => arg.nullable));
  };
}

const comparesNumbers = (call: Call) => call.args.some((arg) => isNumeric(arg.type));

function both(operands: Operands): readonly [string, string] {
  return [operands.value(0), operands.value(1)];
}

/** `numeric` is JavaScript's operator, which NaN makes false; `textual` a function of the runtime. */
function compare(
  operands: Operands,
  call: Call,
  numeric: string,
  textual: (a: string, b: string) => string,
): string {
  const [a, b] = both(operands);
  return comparesNumbers(call) ? `(${a} ${numeric} ${b})` : textual(a, b);
}

const less = (a: string, b: string) => `rt.less(${a}, ${b})`;
const atMost = (a: string, b: string) => `rt.atMost(${a}, ${b})`;
const greater = (a: string, b: string) => less(b, a);
const atLeast = (a: string, b: string) => atMost(b, a);

function ordering(
  name: string,
  textual: (a: string, b: string) => string,
  opposite: string,
  oppositeTextual: (a: string, b: string) => string,
): ScalarFunction {
  return {
    name,
    carries: "derived",
    resolve: comparison(name, true),
    embedded: {
      kind: "condition",
      isTrue: (operands, call) => compare(operands, call, name, textual),
      isFalse: (operands, call) => compare(operands, call, opposite, oppositeTextual),
    },
    spark: ([a, b]) => `(${a} ${name} ${b})`,
  };
}

function isEqual(operands: Operands, call: Call): string {
  return compare(operands, call, "==", (a, b) => `rt.same(${a}, ${b})`);
}

function isDifferent(operands: Operands, call: Call): string {
  const [a, b] = both(operands);
  return comparesNumbers(call) ? `rt.differs(${a}, ${b})` : `rt.other(${a}, ${b})`;
}

function isSame(operands: Operands, call: Call): string {
  const [a, b] = both(operands);
  return comparesNumbers(call) ? `rt.sameNumberOrNull(${a}, ${b})` : `(${a} === ${b})`;
}

function logic(name: "and" | "or"): ScalarFunction {
  const [whenTrue, whenFalse] = name === "and" ? ["&&", "||"] : ["||", "&&"];
  return {
    name,
    carries: "derived",
    resolve: (args) =>
      areConditions(args) ? condition(args) : wrongTypes(name.toUpperCase(), args, CONDITIONS),
    embedded: {
      kind: "condition",
      isTrue: (operands) => `(${operands.isTrue(0)} ${whenTrue} ${operands.isTrue(1)})`,
      isFalse: (operands) => `(${operands.isFalse(0)} ${whenFalse} ${operands.isFalse(1)})`,
    },
    spark: ([a, b]) => `(${a} ${name.toUpperCase()} ${b})`,
  };
}

const CONDITIONS = "Join conditions, such as a > 1";

export function areConditions(args: readonly Expr[]): boolean {
  return args.every((arg) => arg.type.kind === "boolean");
}

function resolveIn(args: readonly Expr[]): Signature {
  const [, ...list] = args;
  if (list.length === 0) return wrongCount("IN", "x IN (1, 2)");
  if (!list.every((item) => item.kind === "literal" && !isNullLiteral(item)))
    return refuse(
      "literal",
      "IN takes literals, and no NULL",
      "Write x IN ('a', 'b'), or conditions joined by OR",
    );
  const common = unify(args);
  return common ? condition(common.args) : wrongTypes("IN", args, COMPARE);
}

function literalList(call: Call): string {
  const values = call.args.slice(1).map((arg) => (arg.kind === "literal" ? arg.value : null));
  return JSON.stringify(values);
}

const inList: EmbeddedCode = {
  kind: "condition",
  isTrue: (operands, call) => `rt.isOneOf(${operands.value(0)}, ${literalList(call)})`,
  isFalse: (operands, call) =>
    `rt.${comparesNumbers(call) ? "isNoneOfNumbers" : "isNoneOf"}(${operands.value(0)}, ${literalList(call)})`,
};

function resolveLike(args: readonly Expr[]): Signature {
  const [x, pattern] = args;
  if (x?.type.kind !== "string") return wrongTypes("LIKE", args, "Match text against a pattern");
  if (pattern?.kind !== "literal" || typeof pattern.value !== "string")
    return refuse("literal", "LIKE takes a literal pattern", "Write x LIKE 'a%'");
  if (!/^(?:[^\\]|\\[%_\\])*$/su.test(pattern.value))
    return refuse(
      "literal",
      "a backslash in a pattern must escape %, _ or itself",
      "Write \\\\% in the SQL text for a per cent sign",
    );
  if (/[\u{10000}-\u{10FFFF}]/u.test(pattern.value))
    return refuse(
      "literal",
      "a character beyond U+FFFF in a pattern matches nothing on Spark",
      "Write _ in its place, or compare with substr(x, 1, 1)",
    );
  return condition(args);
}

function likePattern(call: Call): string {
  const pattern = call.args[1];
  return JSON.stringify(pattern?.kind === "literal" ? pattern.value : "");
}

/** `isTrue` with the operand's null, `isFalse` without; never null. */
function nullTest(name: string, isNull: boolean): ScalarFunction {
  const test = (operands: Operands, call: Call, wanted: boolean) => {
    const numeric = call.args.some((arg) => isNumeric(arg.type));
    const code = numeric ? `rt.isNoNumber(${operands.value(0)})` : `(${operands.value(0)} === null)`;
    return wanted ? code : `!${code}`;
  };
  return {
    name,
    carries: "derived",
    resolve: (args) => (args.length === 1 ? condition(args, false) : wrongCount(name, "x IS NULL")),
    embedded: {
      kind: "condition",
      isTrue: (operands, call) => test(operands, call, isNull),
      isFalse: (operands, call) => test(operands, call, !isNull),
    },
    spark: ([a]) => `(${a} IS ${isNull ? "" : "NOT "}NULL)`,
  };
}

export const conditionFunctions: readonly ScalarFunction[] = [
  ordering("<", less, ">=", atLeast),
  ordering("<=", atMost, ">", greater),
  ordering(">", greater, "<=", atMost),
  ordering(">=", atLeast, "<", less),
  {
    name: "=",
    carries: "derived",
    resolve: comparison("=", false),
    embedded: { kind: "condition", isTrue: isEqual, isFalse: isDifferent },
    spark: ([a, b]) => `(${a} = ${b})`,
  },
  {
    name: "<>",
    carries: "derived",
    resolve: comparison("<>", false),
    embedded: { kind: "condition", isTrue: isDifferent, isFalse: isEqual },
    spark: ([a, b]) => `(${a} <> ${b})`,
  },
  {
    name: "<=>",
    carries: "derived",
    resolve: comparison("<=>", false),
    embedded: {
      kind: "condition",
      isTrue: isSame,
      isFalse: (operands, call) => `!${isSame(operands, call)}`,
    },
    spark: ([a, b]) => `(${a} <=> ${b})`,
  },
  logic("and"),
  logic("or"),
  {
    name: "not",
    carries: "derived",
    resolve: (args) => (areConditions(args) ? condition(args) : wrongTypes("NOT", args, CONDITIONS)),
    embedded: {
      kind: "condition",
      isTrue: (operands) => operands.isFalse(0),
      isFalse: (operands) => operands.isTrue(0),
    },
    spark: ([a]) => `(NOT ${a})`,
  },
  nullTest("is_null", true),
  nullTest("is_not_null", false),
  {
    name: "in",
    carries: "derived",
    resolve: resolveIn,
    embedded: inList,
    spark: ([x, ...list]) => `(${x} IN (${list.join(", ")}))`,
  },
  {
    name: "like",
    carries: "derived",
    resolve: resolveLike,
    embedded: {
      kind: "condition",
      isTrue: (operands, call) => `rt.isLike(${operands.value(0)}, ${likePattern(call)})`,
      isFalse: (operands, call) => `rt.isNotLike(${operands.value(0)}, ${likePattern(call)})`,
    },
    spark: ([a, pattern]) => `(${a} LIKE ${pattern})`,
  },
];
