/** The tables of the pipeline with what the engine works out of them before any text is written. */
import type { Table } from "../../pipeline/pipeline.ts";
import { identityOfState } from "../../sql/identity.ts";
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
  /** What it computes: see `identityOfState`. */
  readonly identity: string;
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

/** Tables over aggregates that compute the same share their groups. */
export function planTables(tables: readonly Table[], planner: KeyPlanner): Plan {
  const planned = tables.map((table, index) => ({ index, table, shape: shapeOf(table.relation) }));
  const byState = Map.groupBy(planned, ({ shape }) => shape.aggregate && identityOfState(shape.aggregate));
  const rowTables = byState.get(null) ?? [];
  byState.delete(null);
  const windows = [...byState].flatMap(([identity, its], index) => {
    const aggregate = its[0]?.shape.aggregate;
    return identity !== null && aggregate
      ? [planWindows({ index, identity, aggregate, tables: its }, planner)]
      : [];
  });
  return { tables: planned, rowTables, windows };
}

/** What the state of the table's groups is known by, from one pipeline to another; null without groups. */
export function stateOf(table: Table): string | null {
  const { aggregate } = shapeOf(table.relation);
  return aggregate && identityOfState(aggregate);
}

function planWindows(
  windows: Pick<PlannedWindows, "index" | "identity" | "aggregate" | "tables">,
  planner: KeyPlanner,
): PlannedWindows {
  const { aggregate } = windows;
  const keys = planner.plan(shapeOf(aggregate), aggregate);
  const groups = createGroupState(keys.dictionary, aggregate.aggregates.flatMap(fieldsOf));
  return { ...windows, keys, groups };
}

/** Whether its rows leave before their windows have closed. */
export function leavesOpen({ table }: PlannedTable): boolean {
  return table.emit === "update" || table.emit === "once";
}
