/** A table of the pipeline with what the engine works out of it before any text is written. */
import type { Table } from "../../pipeline/pipeline.ts";
import { fieldsOf } from "./accumulators.ts";
import { createGroupState, type GroupState } from "./group-state.ts";
import type { KeyPlan, KeyPlanner } from "./key-plan.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** `index`: its place among the tables. `keys` and `groups` are there if it has windows. */
export interface PlannedTable {
  readonly index: number;
  readonly table: Table;
  readonly shape: Shape;
  readonly keys: KeyPlan | null;
  readonly groups: GroupState | null;
}

export function planTable(table: Table, index: number, planner: KeyPlanner): PlannedTable {
  const shape = shapeOf(table.relation);
  if (!shape.aggregate) return { index, table, shape, keys: null, groups: null };
  const keys = planner.plan(shape, shape.aggregate);
  const fields = shape.aggregate.aggregates.flatMap(fieldsOf);
  return { index, table, shape, keys, groups: createGroupState(keys.dictionary, fields) };
}
