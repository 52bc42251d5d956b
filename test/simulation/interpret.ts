/** A direct interpreter of expressions: every call evaluates its arguments, then its catalogue row's code over them. */
import { lookup } from "../../src/sql/catalogue/catalogue.ts";
import type { Operands } from "../../src/sql/catalogue/function.ts";
import type { Call, Expr } from "../../src/sql/plan.ts";
import * as runtime from "../../src/sql/runtime.ts";

/** Values as `src/sql/types.ts` says; a null number is NaN. */
export type Row = readonly unknown[];
type Scope = ReadonlyMap<string, unknown>;

export function evaluate(expression: Expr, row: Row, scope: Scope = new Map()): unknown {
  switch (expression.kind) {
    case "column":
      return row[expression.index];
    case "literal":
      return expression.value ?? nullOf(expression);
    case "variable":
      return scope.get(expression.name);
    case "lambda":
      return (value: unknown) =>
        evaluate(expression.body, row, new Map([...scope, [expression.parameter, value]]));
    case "call":
      return compiled(expression)(
        runtime,
        expression.args.map((arg) => evaluate(arg, row, scope)),
      );
  }
}

const numeric = new Set(["bigint", "double", "timestamp"]);
export const nullOf = ({ type }: Pick<Expr, "type">): unknown => (numeric.has(type.kind) ? Number.NaN : null);

type Compiled = (rt: typeof runtime, values: readonly unknown[]) => unknown;
const cache = new WeakMap<Call, Compiled>();

function compiled(call: Call): Compiled {
  const found = cache.get(call);
  if (found) return found;
  const operands: Operands = {
    count: call.args.length,
    value: (index) => `v[${index}]`,
    isTrue: (index) => `(v[${index}] === true)`,
    isFalse: (index) => `(v[${index}] === false)`,
    predicate: (index) => `((x) => v[${index}](x) === true)`,
  };
  const { embedded } = lookup(call.fn);
  const code =
    embedded.kind === "value"
      ? embedded.code(operands, call)
      : `(${embedded.isTrue(operands, call)}) ? true : (${embedded.isFalse(operands, call)}) ? false : null`;
  const result: Compiled = new Function("rt", "v", `return ${code};`) as Compiled;
  cache.set(call, result);
  return result;
}
