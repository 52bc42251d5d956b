/**
 * Window tables that are computed together. Each event gives a row for each aggregation, with its id, the end of the window
 * and the aggregation's keys and values in common slots; the rows are grouped once; what was grouped is told apart again by
 * the id, and everything above the aggregations stands over that.
 *
 * Windows are times here, not `window(…)`, which makes all of one size and slide. So that Spark closes them still, the column
 * of their ends is marked as `withWatermark` marks a column.
 */
import type { SparkStep } from "../../../pipeline/spark-source.ts";
import { typeName } from "../../../sql/build.ts";
import type { AggregateRelation, Relation } from "../../../sql/plan.ts";
import { aggregateBelow } from "../../../sql/trace.ts";
import type { Branch, BranchReader } from "./branches.ts";
import { branchReader } from "./branches.ts";
import { byId, END, havingsOf, ID, type Planned } from "./planned.ts";
import { createSlots, type Slot } from "./slots.ts";
import { groupedSpans, inSpans } from "./spans.ts";
import { createWideTable, defineExpression, type WideTable } from "./wide-table.ts";

export interface Grouped {
  readonly steps: readonly SparkStep[];
  /** Branches of relations above the aggregations, over `table`. */
  readonly read: BranchReader;
  readonly table: WideTable;
  /** Gives the rows that `table` is made from. */
  readonly from: string;
}

/** The events: their view, the wide table made from it, and the branches of what stands below the aggregations. */
export interface EventTable {
  readonly view: string;
  readonly table: WideTable;
  readonly read: BranchReader;
}

export interface GroupedInput {
  /** Begins the views' names. */
  readonly name: string;
  /** Each above an aggregation. */
  readonly relations: readonly Relation[];
  readonly events: EventTable;
  readonly delayMs: number;
  readonly by: Grouping;
}

/**
 * windows: an event is in the groups of all of its windows. slides: events are grouped by slides first, and these by windows,
 * so that an event is in one group; Spark does so only where rows leave once. spans: see `spans.ts`.
 */
export type Grouping = "windows" | "slides" | "spans";

export function group({ name, relations, events, delayMs, by }: GroupedInput): Grouped {
  const slots = createSlots(events.table);
  const planned = [...Map.groupBy(relations, aggregateBelow)].flatMap(([aggregation, above], id) => {
    if (aggregation === null) return [];
    return [
      { id, aggregation, filling: slots.fill(aggregation, id), havings: havingsOf(aggregation, above) },
    ];
  });
  const all = slots.slots();
  const rows = eventRows(planned, all, events);
  const table = createWideTable();
  return {
    ...groupedBy(by, { name, planned, slots: all, rows, delayMs }),
    table,
    read: branchReader(table, (relation) => {
      const found = planned.find(({ aggregation }) => aggregation === relation);
      return found ? [groupBranch(found, table)] : null;
    }),
  };
}

interface Ungrouped {
  readonly name: string;
  readonly planned: readonly Planned[];
  readonly slots: readonly Slot[];
  /** A SELECT. */
  readonly rows: string;
  readonly delayMs: number;
}

function groupedBy(
  by: Grouping,
  { name, planned, slots, rows, delayMs }: Ungrouped,
): Pick<Grouped, "steps" | "from"> {
  const [slides, windows, spans] = [`${name}_slides`, `${name}_windows`, `${name}_spans`];
  switch (by) {
    case "windows": {
      const steps = marked(windows, inWindows(planned, slots, rows), delayMs);
      return { steps, from: `(${grouping(windows, slots, false)})` };
    }
    case "slides": {
      const regrouped = inWindows(planned, slots, grouping(slides, slots, false));
      const steps = [...marked(slides, rows, delayMs), ...marked(windows, regrouped, delayMs)];
      return { steps, from: `(${grouping(windows, slots, true)})` };
    }
    case "spans": {
      const steps = marked(spans, inSpans(planned, slots, rows), delayMs);
      return { steps, from: `(${groupedSpans(planned, slots, spans)})` };
    }
  }
}

/** For each event and aggregation: its id, the end of the slide, keys and values. */
function eventRows(planned: readonly Planned[], slots: readonly Slot[], events: EventTable): string {
  const { table, read, view } = events;
  const structs = planned.flatMap(({ id, aggregation, filling }) =>
    read(aggregation.input).map((branch) => {
      const values = filling.values(branch);
      const filled = slots.map(({ name, type }) => values.get(name) ?? `CAST(NULL AS ${typeName(type)})`);
      const fields = [String(id), slideEnd(aggregation, branch, table), ...filled];
      const named = [ID, END, ...slots.map(({ name }) => name)].map((name, i) => `'${name}', ${fields[i]}`);
      return `CASE WHEN ${branch.holds()} THEN named_struct(${named.join(", ")}) END`;
    }),
  );
  const exploded = `SELECT explode(array(${structs.join(",\n")})) AS _row\nFROM ${table.select(view)}`;
  return `SELECT _row.*\nFROM (${exploded})\nWHERE _row IS NOT NULL`;
}

function slideEnd(
  { time, window: { slideMs } }: AggregateRelation,
  branch: Branch,
  table: WideTable,
): string {
  const column = defineExpression(table, time, branch.column);
  const ms = table.define(`unix_millis(${column})`, [column]);
  return table.define(`timestamp_millis(${ms} - pmod(${ms}, ${slideMs}L) + ${slideMs}L)`, [ms]);
}

/** Of a slide's row one for each window that it is in. */
function inWindows(planned: readonly Planned[], slots: readonly Slot[], slides: string): string {
  if (planned.every(({ aggregation: { window } }) => window.sizeMs === window.slideMs)) return slides;
  const slideOf = byId(planned, ({ slideMs }) => `${slideMs}L`);
  const windowsOf = byId(planned, ({ sizeMs, slideMs }) => `${sizeMs / slideMs}`);
  const items = [
    ID,
    `timestamp_millis(unix_millis(${END}) + _nth * ${slideOf}) AS ${END}`,
    ...slots.map(({ name, windows }) =>
      windows === null ? name : `CASE WHEN _nth < ${windows} THEN ${name} END AS ${name}`,
    ),
  ];
  const exploded = `SELECT *, explode(sequence(0, ${windowsOf} - 1)) AS _nth\nFROM (${slides})`;
  return `SELECT ${items.join(", ")}\nFROM (${exploded})`;
}

/** @param again whether what is grouped was grouped before */
function grouping(view: string, slots: readonly Slot[], again: boolean): string {
  const keys = [ID, END, ...slots.filter(({ fn }) => fn === null).map(({ name }) => name)];
  const values = slots.flatMap(({ name, fn }) => {
    if (fn === null) return [];
    const text =
      fn === "collect_set" && again ? `array_distinct(flatten(collect_list(${name})))` : `${fn}(${name})`;
    return [`${text} AS ${name}`];
  });
  return `SELECT ${[...keys, ...values].join(", ")}\nFROM ${view}\nGROUP BY ${keys.join(", ")}`;
}

/** A view with the ends of windows marked. */
function marked(view: string, sql: string, delayMs: number): readonly SparkStep[] {
  const unmarked = `${view}_unmarked`;
  const mark = {
    table: unmarked,
    watermark: null,
    distinctWithinWatermark: [],
    marked: { column: END, delayMs },
  };
  return [
    { name: unmarked, sql, dataFrame: null },
    { name: view, sql: "", dataFrame: mark },
  ];
}

function groupBranch({ id, aggregation, filling }: Planned, table: WideTable): Branch {
  const start = `timestamp_millis(unix_millis(${END}) - ${aggregation.window.sizeMs}L)`;
  const columns = [start, END, ...filling.columns];
  return {
    column: (index) => table.source(columns[index]!),
    holds: () => table.source(`${ID} = ${id}`),
  };
}
