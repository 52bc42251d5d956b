/** The tables of the pipeline with what the engine works out of them before any text is written. */
import type { Table } from "../../pipeline/pipeline.ts";
import type { AggregateRelation } from "../../sql/plan.ts";
import { fieldsOf } from "./accumulators.ts";
import { createGroupState, type GroupState } from "./group-state.ts";
import type { KeyPlan, KeyPlanner } from "./key-plan.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** `index`: its place among the tables. */
export interface PlannedTable {
  readonly index: number;
  readonly table: Table;
  readonly shape: Shape;
}

/** The groups of one aggregate, which the tables over it share. `index`: its place among the aggregates. */
export interface PlannedWindows {
  readonly index: number;
  readonly aggregate: AggregateRelation;
  readonly keys: KeyPlan;
  readonly groups: GroupState;
  /** At least one. */
  readonly tables: readonly PlannedTable[];
}

export interface Plan {
  readonly tables: readonly PlannedTable[];
  /** Those without windows. */
  readonly rowTables: readonly PlannedTable[];
  readonly windows: readonly PlannedWindows[];
}

/** Tables over one and the same aggregate relation share its groups. */
export function planTables(tables: readonly Table[], planner: KeyPlanner): Plan {
  const planned = tables.map((table, index) => ({ index, table, shape: shapeOf(table.relation) }));
  const byAggregate = Map.groupBy(planned, ({ shape }) => shape.aggregate);
  const rowTables = byAggregate.get(null) ?? [];
  byAggregate.delete(null);
  const windows = [...byAggregate].flatMap(([aggregate, its], index) =>
    aggregate ? [planWindows(index, aggregate, its, planner)] : [],
  );
  return { tables: planned, rowTables, windows };
}

function planWindows(
  index: number,
  aggregate: AggregateRelation,
  tables: readonly PlannedTable[],
  planner: KeyPlanner,
): PlannedWindows {
  const keys = planner.plan(shapeOf(aggregate), aggregate);
  const groups = createGroupState(keys.dictionary, aggregate.aggregates.flatMap(fieldsOf));
  return { index, aggregate, keys, groups, tables };
}

/** Whether its rows leave before their windows have closed. */
export function leavesOpen({ table }: PlannedTable): boolean {
  return table.emit === "update" || table.emit === "once";
}
