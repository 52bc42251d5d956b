/** Every scalar function of the SQL subset, one row each. */
import { mergeLineage } from "../build.ts";
import type { Call, Expr } from "../plan.ts";
import { arithmeticFunctions } from "./arithmetic.ts";
import { arrayFunctions } from "./arrays.ts";
import { choiceFunctions } from "./choices.ts";
import { conditionFunctions } from "./conditions.ts";
import type { Refusal, ScalarFunction } from "./function.ts";
import { isRefusal } from "./signature.ts";
import { textFunctions } from "./text.ts";
import { timeFunctions } from "./time.ts";

const rows = new Map<string, ScalarFunction>(
  [
    ...arithmeticFunctions,
    ...conditionFunctions,
    ...choiceFunctions,
    ...textFunctions,
    ...arrayFunctions,
    ...timeFunctions,
  ].map((row) => [row.name, row]),
);

/** Functions that a user writes by name; operators, casts and what only scorecards need are not among them. */
export const callableNames: readonly string[] = [
  "abs",
  "array",
  "array_sort",
  "coalesce",
  "concat",
  "concat_ws",
  "date_trunc",
  "element_at",
  "exp",
  "filter",
  "floor",
  "greatest",
  "least",
  "ln",
  "mask",
  "nullif",
  "psi",
  "quantile",
  "round",
  "sha2",
  "size",
  "slice",
  "substr",
  "timestamp_millis",
  "unix_millis",
];

export const functionNames: readonly string[] = [...rows.keys()];

export function find(name: string): ScalarFunction | undefined {
  return rows.get(name);
}

/** The row of a function that a checked plan names. */
export function lookup(name: string): ScalarFunction {
  const row = rows.get(name);
  if (!row) throw new RangeError(`no function ${name} in the catalogue`);
  return row;
}

/** A checked call, or why these arguments won't do. */
export function tryCall(name: string, args: readonly Expr[]): Call | Refusal {
  const row = lookup(name);
  const signature = row.resolve(args);
  if (isRefusal(signature)) return signature;
  const lineage = mergeLineage(
    args.map((arg) => arg.lineage),
    row.carries === "value",
  );
  return { kind: "call", fn: name, lineage, ...signature };
}

/** A call whose arguments the caller knows to fit; throws where they don't. */
export function call(name: string, args: readonly Expr[]): Call {
  const result = tryCall(name, args);
  if ("refused" in result) throw new TypeError(`${result.message}. ${result.remedy}`);
  return result;
}
