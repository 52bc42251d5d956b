/**
 * Whether a condition over an aggregate, once true in a group, stays true as more events come. An `update` table
 * retracts nothing, so its HAVING must be of this kind.
 */
import { rangeOf } from "./catalogue/signature.ts";
import type { AggregateRelation, Expr } from "./plan.ts";

export function isMonotone(condition: Expr, aggregate: AggregateRelation): boolean {
  if (isFixed(condition, aggregate)) return true;
  if (condition.kind !== "call") return false;
  const [left, right] = condition.args;
  if (!left || !right) return false;
  switch (condition.fn) {
    case "and":
    case "or":
      return isMonotone(left, aggregate) && isMonotone(right, aggregate);
    case ">":
    case ">=":
      return grows(left, aggregate) && isFixed(right, aggregate);
    case "<":
    case "<=":
      return isFixed(left, aggregate) && grows(right, aggregate);
    default:
      return false;
  }
}

/** Depends on literals, the window and group expressions alone. */
function isFixed(expression: Expr, aggregate: AggregateRelation): boolean {
  if (expression.kind === "column") return expression.index < 2 + aggregate.keys.length;
  if (expression.kind === "call") return expression.args.every((arg) => isFixed(arg, aggregate));
  return expression.kind === "literal";
}

/** A count, the size of a set, or a sum of what is never negative. */
function grows(expression: Expr, aggregate: AggregateRelation): boolean {
  if (expression.kind === "call")
    return (
      (expression.fn === "size" || expression.fn === "cast_double") &&
      expression.args.every((arg) => grows(arg, aggregate))
    );
  if (expression.kind !== "column") return false;
  const found = aggregate.aggregates[expression.index - 2 - aggregate.keys.length];
  if (found?.fn === "sum") return found.argument !== null && rangeOf(found.argument).low >= 0;
  return found?.fn === "count" || found?.fn === "count_if" || found?.fn === "collect_set";
}
