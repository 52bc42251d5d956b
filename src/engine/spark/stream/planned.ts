/** Aggregations that are computed together, told apart by an id. */
import type { AggregateRelation, WindowSpec } from "../../../sql/plan.ts";
import type { Filling } from "./slots.ts";

export interface Planned {
  readonly id: number;
  readonly aggregation: AggregateRelation;
  readonly filling: Filling;
}

/** Columns of their common rows, beside the slots. */
export const ID = "_id";
export const END = "_end";

/** What depends on a row's aggregation. */
export function byId(planned: readonly Planned[], value: (window: WindowSpec) => string): string {
  const cases = planned.map(({ id, aggregation }) => `WHEN ${id} THEN ${value(aggregation.window)}`);
  return `CASE ${ID} ${cases.join(" ")} END`;
}
