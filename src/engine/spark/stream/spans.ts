/**
 * Aggregations of sets over sliding windows. A set of one event in each of its many windows is dear to keep, so the events
 * themselves are kept, twice: a span is two windows long and begins where the one before has its middle, so that each window
 * lies within one of them. Its windows are worked out when it changes.
 */
import type { WindowSpec } from "../../../sql/plan.ts";
import { byId, END, ID, type Planned, WINDOW_COLUMNS } from "./planned.ts";
import type { Slot } from "./slots.ts";
import { createWideTable, defineExpression } from "./wide-table.ts";

const EVENT = "_event";
const EVENTS = "_events";

/** Of rows with the end of their slide: one for each span, with its end and the event as a struct. */
export function inSpans(planned: readonly Planned[], slots: readonly Slot[], rows: string): string {
  const size = byId(planned, ({ sizeMs }) => `${sizeMs}L`);
  const slide = byId(planned, ({ slideMs }) => `${slideMs}L`);
  const length = byId(planned, (window) => `${lengthOf(window)}L`);
  const count = byId(planned, (window) => `${lengthOf(window) / window.sizeMs}`);
  const start = `_slide_end - ${slide} - pmod(_slide_end - ${slide}, ${size}) - _nth * ${size}`;
  const keys = slots.filter(({ fn }) => fn === null).map(({ name }) => name);
  const kept = slots.flatMap(({ name, fn }) => (fn === null ? [] : [name]));
  const event = `named_struct(${["_slide_end", ...kept].map((name) => `'${name}', ${name}`).join(", ")})`;
  const timed = `SELECT *, unix_millis(${END}) AS _slide_end FROM (${rows})`;
  const exploded = `SELECT *, explode(sequence(0, ${count} - 1)) AS _nth\nFROM (${timed})`;
  const end = `timestamp_millis(${start} + ${length}) AS ${END}`;
  return `SELECT ${[ID, end, ...keys, `${event} AS ${EVENT}`].join(", ")}\nFROM (${exploded})`;
}

/** Of the view of `inSpans`: each window that holds an event, as if its events had been grouped. */
export function groupedSpans(planned: readonly Planned[], slots: readonly Slot[], view: string): string {
  const keys = slots.filter(({ fn }) => fn === null).map(({ name }) => name);
  const grouped = [ID, END, ...keys];
  const all = `SELECT ${[...grouped, `collect_list(${EVENT}) AS ${EVENTS}`].join(", ")}\nFROM ${view}\nGROUP BY ${grouped.join(", ")}`;
  const spans = withRows(planned, slots, all, [...grouped, EVENTS]);
  const size = byId(planned, ({ sizeMs }) => `${sizeMs}L`);
  const slide = byId(planned, ({ slideMs }) => `${slideMs}L`);
  const first = byId(planned, (window) => `${lengthOf(window) - window.sizeMs}L`);
  const count = byId(planned, (window) => `${(lengthOf(window) - window.sizeMs) / window.slideMs || 1}`);
  const close = `unix_millis(${END}) - ${first} + _n * ${slide}`;
  const inWindow = `filter(${EVENTS}, _x -> _x._slide_end > ${close} - ${size} AND _x._slide_end <= ${close})`;
  const windows = `transform(sequence(0, ${count} - 1), _n -> named_struct('close', ${close}, 'events', ${inWindow}))`;
  const exploded = `SELECT ${[ID, ...keys].join(", ")}, explode(filter(${windows}, _w -> size(_w.events) > 0)) AS _window\nFROM (${spans})`;
  const values = slots.flatMap((slot) =>
    slot.fn === null ? [] : [`${slotValue(slot, "_window.events", within(slot, slide))} AS ${slot.name}`],
  );
  const end = `timestamp_millis(_window.close) AS ${END}`;
  return `SELECT ${[ID, end, ...keys, ...values].join(", ")}\nFROM (${exploded})`;
}

const lengthOf = ({ sizeMs, slideMs }: WindowSpec): number => (sizeMs === slideMs ? sizeMs : 2 * sizeMs);

/**
 * The spans that may have a row. A HAVING that holds of a window's events holds of more of them too, as it has to where
 * rows are never taken back; of most spans it doesn't hold, and their windows need not be worked out.
 */
function withRows(
  planned: readonly Planned[],
  slots: readonly Slot[],
  spans: string,
  columns: readonly string[],
): string {
  const table = createWideTable();
  const conditions = planned.flatMap(({ id, havings, filling }) => {
    if (havings.length === 0) return [];
    const columnAt = (index: number) => table.source(filling.columns[index - WINDOW_COLUMNS]!);
    const holds = havings.map((having) => defineExpression(table, having, columnAt));
    return [`WHEN ${id} THEN ${holds.join(" OR ")}`];
  });
  if (conditions.length === 0) return spans;
  const whole = slots.flatMap((slot) =>
    slot.fn === null ? [] : [`${slotValue(slot, EVENTS, "true")} AS ${slot.name}`],
  );
  const kept = columns.map((name) => `${table.source(name)} AS ${name}`);
  const measured = table.select(`(SELECT ${["*", ...whole].join(", ")}\nFROM (${spans}))`);
  return `SELECT ${kept.join(", ")}\nFROM ${measured}\nWHERE CASE ${table.source(ID)} ${conditions.join(" ")} ELSE true END`;
}

const within = ({ windows }: Slot, slide: string): string =>
  windows === null ? "true" : `_x._slide_end > _window.close - ${windows} * ${slide}`;

/** Over an array of events. */
function slotValue({ name, fn }: Slot, events: string, condition: string): string {
  const present = `filter(${events}, _x -> _x.${name} IS NOT NULL AND ${condition})`;
  const values = `transform(${present}, _x -> _x.${name})`;
  switch (fn) {
    case "min":
      return `array_min(${values})`;
    case "max":
      return `array_max(${values})`;
    case "collect_set":
      return `array_distinct(${values})`;
    default:
      return `CASE WHEN size(${values}) > 0 THEN aggregate(${values}, 0L, (_sum, _x) -> _sum + _x) END`;
  }
}
