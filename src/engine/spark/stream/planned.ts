/** Aggregations that are computed together, told apart by an id. */
import type { AggregateRelation, Expr, Relation, WindowSpec } from "../../../sql/plan.ts";
import { chain } from "../../../sql/trace.ts";
import type { Filling } from "./slots.ts";

export interface Planned {
  readonly id: number;
  readonly aggregation: AggregateRelation;
  readonly filling: Filling;
  /** Over its columns: one of them holds wherever a row leaves. None where that isn't known of every group. */
  readonly havings: readonly Expr[];
}

/** Before the keys: start and end. */
export const WINDOW_COLUMNS = 2;

/** What the relations above an aggregation ask of its groups, if each of them asks, and not of the window. */
export function havingsOf(aggregation: AggregateRelation, relations: readonly Relation[]): readonly Expr[] {
  const havings = relations.map((relation) => {
    for (const at of chain(relation))
      if (at.op === "filter" && at.input === aggregation)
        return readsWindow(at.predicate) ? null : at.predicate;
    return null;
  });
  const asked = [...new Set(havings)].filter((having) => having !== null);
  return havings.includes(null) ? [] : asked;
}

function readsWindow(expression: Expr): boolean {
  switch (expression.kind) {
    case "column":
      return expression.index < WINDOW_COLUMNS;
    case "call":
      return expression.args.some(readsWindow);
    case "lambda":
      return readsWindow(expression.body);
    default:
      return false;
  }
}

/** Columns of their common rows, beside the slots. */
export const ID = "_id";
export const END = "_end";

/** What depends on a row's aggregation. */
export function byId(planned: readonly Planned[], value: (window: WindowSpec) => string): string {
  const cases = planned.map(({ id, aggregation }) => `WHEN ${id} THEN ${value(aggregation.window)}`);
  return `CASE ${ID} ${cases.join(" ")} END`;
}
