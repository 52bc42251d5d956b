/**
 * Several aggregations as one: each key and each aggregate of each of them takes a slot, a column of the common rows. An
 * aggregation uses as many slots of a kind as it needs, from the first on, so that the rows are as wide as the widest alone.
 */
import { typeName } from "../../../sql/build.ts";
import type { Aggregate, AggregateRelation } from "../../../sql/plan.ts";
import { BIGINT, type SqlType } from "../../../sql/types.ts";
import type { Branch } from "./branches.ts";
import { defineExpression, type WideTable } from "./wide-table.ts";

export type SlotFunction = "sum" | "min" | "max" | "collect_set";

export interface Slot {
  readonly name: string;
  readonly type: SqlType;
  /** Null of a key. */
  readonly fn: SlotFunction | null;
  /** In how many of an event's windows it counts, of those that close first; null: in all. */
  readonly windows: number | null;
}

/** Which slots an aggregation fills, and with what. */
export interface Filling {
  /** SQL by the slot's name, over a branch of the aggregation's input. */
  values(branch: Branch): ReadonlyMap<string, string>;
  /** Of each key and each aggregate, SQL over slots. */
  readonly columns: readonly string[];
}

export interface SlotPlan {
  fill(aggregation: AggregateRelation, id: number): Filling;
  /** All that were taken. */
  slots(): readonly Slot[];
}

type Write = (branch: Branch) => string;

interface Part {
  readonly fn: SlotFunction | null;
  readonly type: SqlType;
  readonly write: Write;
}

export function createSlots(table: WideTable): SlotPlan {
  const slots = new Map<string, Slot>();

  function fill({ keys, aggregates, window }: AggregateRelation, id: number): Filling {
    const writers = new Map<string, Write>();
    const taken = new Map<string, number>();

    function take({ fn, type, write }: Part, windows: number | null): string {
      const kind = slotKind(fn, type, windows === null ? null : id);
      const number = (taken.get(kind) ?? 0) + 1;
      taken.set(kind, number);
      const name = `${kind}_${number}`;
      slots.set(name, { name, type, fn, windows });
      writers.set(name, write);
      return name;
    }

    const ofKeys = keys.map((key) => {
      const write: Write = (branch) => defineExpression(table, key, branch.column);
      return take({ fn: null, type: key.type, write }, null);
    });
    const ofAggregates = aggregates.map((aggregate) => {
      const windows = aggregate.lastMs === null ? null : aggregate.lastMs / window.slideMs;
      const names = partsOf(table, aggregate).map((part) => take(part, windows));
      return readSlots(aggregate, names);
    });
    return {
      columns: [...ofKeys, ...ofAggregates],
      values: (branch) => new Map([...writers].map(([name, write]) => [name, write(branch)])),
    };
  }

  return { fill, slots: () => [...slots.values()] };
}

/** Slots of windows' last parts are an aggregation's own. */
function slotKind(fn: SlotFunction | null, type: SqlType, owner: number | null): string {
  const name = typeName(type).toLowerCase().replaceAll(/\W+/g, "_");
  return `_${fn ?? "key"}_${name}${owner === null ? "" : `_of_${owner}`}`;
}

/** Counts are sums of 0 and 1; a histogram is a count for each bin. */
function partsOf(table: WideTable, aggregate: Aggregate): readonly Part[] {
  const { fn, argument, filter } = aggregate;
  const term: Write = (branch) => (argument ? defineExpression(table, argument, branch.column) : "");
  const condition = (branch: Branch) => (filter ? [defineExpression(table, filter, branch.column)] : []);
  const counted = (holds: (branch: Branch) => readonly string[]): Part => ({
    fn: "sum",
    type: BIGINT,
    write: (branch) => {
      const all = [...condition(branch), ...holds(branch)];
      return all.length === 0 ? "1L" : `CASE WHEN ${all.join(" AND ")} THEN 1L ELSE 0L END`;
    },
  });
  if (fn === "count_if") return [counted((branch) => [term(branch)])];
  if (fn === "count") return [counted((branch) => (argument ? [`${term(branch)} IS NOT NULL`] : []))];
  if (fn === "histogram")
    return binsOf(aggregate).map((bin) => counted((branch) => bin.map((bound) => term(branch) + bound)));
  const type = argument?.type ?? BIGINT;
  const write: Write = (branch) => {
    const [holds] = condition(branch);
    return holds === undefined ? term(branch) : `CASE WHEN ${holds} THEN ${term(branch)} END`;
  };
  return [{ fn, type, write }];
}

/** What a value is compared with, for each bin. */
function binsOf({ histogram, argument }: Aggregate): readonly (readonly string[])[] {
  const bounds = histogram?.bounds ?? [];
  const suffix = argument?.type.kind === "double" ? "D" : "L";
  return Array.from({ length: bounds.length + 1 }, (_, bin) => [
    ...(bin > 0 ? [` >= ${bounds[bin - 1]}${suffix}`] : []),
    ...(bin < bounds.length ? [` < ${bounds[bin]}${suffix}`] : []),
  ]);
}

/** In none of whose windows anything counts, a count is null. */
function readSlots({ fn, lastMs }: Aggregate, names: readonly string[]): string {
  const isCount = fn === "count" || fn === "count_if" || fn === "histogram";
  const read = isCount && lastMs !== null ? names.map((name) => `coalesce(${name}, 0L)`) : names;
  return fn === "histogram" ? `array(${read.join(", ")})` : read.join("");
}
