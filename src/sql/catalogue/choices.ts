/** CASE, coalesce and their kin: functions that hand on one of their arguments; and casts. */
import { isNumeric, isWide, sameType, typeName } from "../build.ts";
import type { Call, Expr } from "../plan.ts";
import { BIGINT, BOOLEAN, DOUBLE, type Range, SAFE, type SqlType, STRING } from "../types.ts";
import { areConditions } from "./conditions.ts";
import type { EmbeddedCode, Operands, ScalarFunction, Signature } from "./function.ts";
import {
  allValues,
  anyNullable,
  convert,
  hull,
  rangeOf,
  refuse,
  unify,
  wrongCount,
  wrongTypes,
} from "./signature.ts";

const ALIKE = "Give every branch the same type";

/** Arguments: condition, value, condition, value, …, otherwise. */
function resolveCase(args: readonly Expr[]): Signature {
  const conditions = args.filter((_, index) => index % 2 === 0 && index < args.length - 1);
  if (args.length < 3 || args.length % 2 === 0)
    return wrongCount("CASE", "CASE WHEN a > 1 THEN 'x' ELSE 'y' END");
  if (!areConditions(conditions)) return wrongTypes("CASE WHEN", conditions, "Write a condition after WHEN");
  const common = unify(args.filter((arg) => !conditions.includes(arg)));
  if (!common)
    return wrongTypes(
      "CASE",
      args.filter((arg) => !conditions.includes(arg)),
      ALIKE,
    );
  const values = [...common.args];
  const ordered = args.map((arg) => (conditions.includes(arg) ? arg : (values.shift() as Expr)));
  return { type: common.type, range: hull(common.args), nullable: anyNullable(common.args), args: ordered };
}

function caseCode(operands: Operands): string {
  let code = operands.value(operands.count - 1);
  for (let index = operands.count - 3; index >= 0; index -= 2)
    code = `(${operands.isTrue(index)} ? ${operands.value(index + 1)} : ${code})`;
  return code;
}

function caseSpark(args: readonly string[]): string {
  let branches = "";
  for (let index = 0; index + 1 < args.length; index += 2)
    branches += ` WHEN ${args[index]} THEN ${args[index + 1]}`;
  return `CASE${branches} ELSE ${args.at(-1)} END`;
}

function resolveCoalesce(args: readonly Expr[]): Signature {
  const common = unify(args);
  if (args.length < 1) return wrongCount("coalesce", "coalesce(a, b)");
  if (!common) return wrongTypes("coalesce", args, ALIKE);
  return {
    type: common.type,
    range: hull(common.args),
    nullable: args.every((arg) => arg.nullable),
    args: common.args,
  };
}

function coalesceCode(operands: Operands, call: Call): string {
  const values = allValues(operands);
  return isNumeric(call.type)
    ? values.reduceRight((rest, value) => `rt.orElse(${value}, ${rest})`)
    : `(${values.join(" ?? ")})`;
}

function resolveNullIf(args: readonly Expr[]): Signature {
  const [a] = args;
  const common = unify(args);
  if (!a || args.length !== 2) return wrongCount("nullif", "nullif(a, b)");
  if (!common || !["bigint", "double", "timestamp", "string", "boolean"].includes(common.type.kind))
    return wrongTypes("nullif", args, ALIKE);
  if (!sameType(a.type, common.type)) return wrongTypes("nullif", args, "Cast the first argument to DOUBLE");
  return { type: common.type, range: a.range, nullable: true, args: common.args };
}

/** Only an argument that is never null bounds the result for certain; any of them may be the one that is left. */
function greatestRange(args: readonly Expr[]): Range {
  const ranges = args.map(rangeOf);
  const certain = args.filter((arg) => !arg.nullable).map((arg) => rangeOf(arg).low);
  return {
    low: certain.length > 0 ? Math.max(...certain) : Math.min(...ranges.map((range) => range.low)),
    high: Math.max(...ranges.map((range) => range.high)),
  };
}

function leastRange(args: readonly Expr[]): Range {
  const ranges = args.map(rangeOf);
  const certain = args.filter((arg) => !arg.nullable).map((arg) => rangeOf(arg).high);
  return {
    low: Math.min(...ranges.map((range) => range.low)),
    high: certain.length > 0 ? Math.min(...certain) : Math.max(...ranges.map((range) => range.high)),
  };
}

function extreme(name: "greatest" | "least", rangeAfter: (args: readonly Expr[]) => Range): ScalarFunction {
  return {
    name,
    carries: "value",
    resolve: (args) => {
      const common = unify(args);
      if (args.length < 2) return wrongCount(name, `${name}(a, b)`);
      if (!common || !(isNumeric(common.type) || common.type.kind === "string"))
        return wrongTypes(name, args, ALIKE);
      const range = isNumeric(common.type) ? rangeAfter(common.args) : null;
      return { type: common.type, range, nullable: args.every((arg) => arg.nullable), args: common.args };
    },
    embedded: {
      kind: "value",
      code: (operands, call) => {
        const code = `rt.${name}${isNumeric(call.type) ? "Number" : "Text"}(${allValues(operands).join(", ")})`;
        return call.args.some(isWide) && !isWide(call) ? `Number(${code})` : code;
      },
    },
    spark: (args) => `${name}(${args.join(", ")})`,
  };
}

function cast(
  to: SqlType,
  from: readonly SqlType["kind"][],
  rangeAfter: (range: Range | null) => Range | null,
) {
  return (args: readonly Expr[]): Signature => {
    const [x] = args;
    if (!x || args.length !== 1) return wrongCount("CAST", `CAST(x AS ${typeName(to)})`);
    if (x.type.kind === "null") {
      const typed = convert(x, to);
      return typed
        ? { type: to, range: typed.range, nullable: true, args: [typed] }
        : wrongTypes("CAST", args, ALIKE);
    }
    if (x.type.kind === to.kind) return { type: to, range: x.range, nullable: x.nullable, args };
    if (!from.includes(x.type.kind)) return wrongCast(x, to);
    const range = rangeAfter(x.range);
    if (to.kind === "bigint" && range && (range.low < SAFE.low || range.high > SAFE.high))
      return refuse(
        "range",
        "the DOUBLE can leave ±(2^53-1)",
        "Clamp it with least/greatest before the cast",
      );
    return { type: to, range, nullable: x.nullable, args };
  };
}

function wrongCast(x: Expr, to: SqlType): Signature {
  const remedies: Readonly<Record<string, string>> = {
    "timestamp-bigint": "Use unix_millis(t)",
    "bigint-timestamp": "Use timestamp_millis(n)",
    "bigint-boolean": "Write x <> 0",
    "double-string": "A DOUBLE prints differently on every engine; put out the number itself",
  };
  const remedy = remedies[`${x.type.kind}-${to.kind}`] ?? "Declare the field with that type in the schema";
  return wrongTypes(`CAST to ${typeName(to)}`, [x], remedy);
}

const passes = (operands: Operands) => operands.value(0);
const keep = (range: Range | null) => range;
const truncated = (range: Range | null) =>
  range && { low: Math.trunc(range.low), high: Math.trunc(range.high) };

function castFunction(
  to: SqlType,
  from: readonly SqlType["kind"][],
  rangeAfter: (range: Range | null) => Range | null,
  code: (operands: Operands, call: Call) => string,
): ScalarFunction {
  const embedded: EmbeddedCode = {
    kind: "value",
    code: (operands, call) => (call.args[0]?.type.kind === to.kind ? passes(operands) : code(operands, call)),
  };
  return {
    name: `cast_${to.kind}`,
    carries: "value",
    resolve: cast(to, from, rangeAfter),
    embedded,
    spark: ([a]) => `CAST(${a} AS ${typeName(to)})`,
  };
}

export const choiceFunctions: readonly ScalarFunction[] = [
  {
    name: "case",
    carries: "value",
    resolve: resolveCase,
    embedded: { kind: "value", code: caseCode },
    spark: caseSpark,
  },
  {
    name: "coalesce",
    carries: "value",
    resolve: resolveCoalesce,
    embedded: { kind: "value", code: coalesceCode },
    spark: (args) => `coalesce(${args.join(", ")})`,
  },
  {
    name: "nullif",
    carries: "value",
    resolve: resolveNullIf,
    embedded: {
      kind: "value",
      code: (operands, call) =>
        `rt.${isNumeric(call.type) ? "nullIfNumber" : "nullIfValue"}(${allValues(operands).join(", ")})`,
    },
    spark: ([a, b]) => `nullif(${a}, ${b})`,
  },
  extreme("greatest", greatestRange),
  extreme("least", leastRange),
  castFunction(DOUBLE, ["bigint"], keep, (operands, call) =>
    call.args.some(isWide) ? `Number(${operands.value(0)})` : operands.value(0),
  ),
  castFunction(
    BIGINT,
    ["double", "boolean"],
    (range) => truncated(range) ?? { low: 0, high: 1 },
    (operands, call) =>
      call.args[0]?.type.kind === "boolean"
        ? `rt.numberOfBoolean(${operands.value(0)})`
        : `(Math.trunc(${operands.value(0)}) + 0)`,
  ),
  castFunction(
    STRING,
    ["bigint", "boolean"],
    () => null,
    (operands, call) =>
      call.args[0]?.type.kind === "boolean"
        ? `rt.textOfBoolean(${operands.value(0)})`
        : `rt.textOfNumber(${operands.value(0)})`,
  ),
  castFunction(BOOLEAN, [], () => null, passes),
  castFunction({ kind: "timestamp" }, [], keep, passes),
];
