/** Which columns a panel shows, and how: when it happened first, begin and end of a window as one. */
import type { TimeFormat } from "../../output/time-text.ts";
import type { Pipeline, Table } from "../../pipeline/pipeline.ts";
import type { WindowSpec } from "../../sql/plan.ts";
import { aggregateBelow, originOf } from "../../sql/trace.ts";
import type { Value } from "../../sql/types.ts";
import type { ServedColumn, ServedTable } from "../served.ts";
import { type Cell, cellOf, isNumeric } from "./cell.ts";
import { heading } from "./words.ts";

export interface ShownColumn {
  readonly label: string;
  /** What it means. */
  readonly title: string;
  readonly numeric: boolean;
  readonly cell: (row: readonly Value[], time: TimeFormat) => Cell;
}

export interface TableWindow extends WindowSpec {
  /** Places of its begin and its end among the columns; null where the table doesn't show it unchanged. */
  readonly start: number | null;
  readonly end: number | null;
}

/** Null for a table of rows. */
export function windowOf({ relation }: Table): TableWindow | null {
  const aggregate = aggregateBelow(relation);
  if (!aggregate) return null;
  const placeOf = (index: number): number | null => {
    const found = relation.columns.findIndex((_, i) => {
      const origin = originOf(relation, i);
      return origin?.relation === aggregate && origin.index === index;
    });
    return found < 0 ? null : found;
  };
  return { ...aggregate.window, start: placeOf(0), end: placeOf(1) };
}

export function shownColumns(
  table: Table,
  { columns }: ServedTable,
  { currency }: Pipeline,
): readonly ShownColumn[] {
  const window = windowOf(table);
  const time = table.relation.columns.findIndex(({ eventTime }) => eventTime);
  const merged = window !== null && window.start !== null && window.end !== null ? window : null;
  const rest = columns.flatMap((column, i) =>
    i === time || i === merged?.start || i === merged?.end ? [] : [plainColumn(column, i, currency)],
  );
  const first = columns[time];
  const leading = merged ? [windowColumn(merged)] : first ? [plainColumn(first, time, currency)] : [];
  return [...leading, ...rest];
}

function plainColumn(column: ServedColumn, place: number, currency: string): ShownColumn {
  const cell = cellOf(column, currency);
  const meaning = [column.name, column.description].filter((text) => text !== "").join(": ");
  return {
    label: heading(column.name),
    title: column.unit === null ? meaning : `${meaning} (${column.unit})`,
    numeric: isNumeric(column.type),
    cell: (row, time) => cell(row[place] ?? null, time),
  };
}

const DAY_MS = 86_400_000;

function windowColumn({ start, end }: TableWindow): ShownColumn {
  return {
    label: "Window",
    title: "Begin and end of the window",
    numeric: false,
    cell: (row, time) => {
      const [from, to] = [row[start ?? 0], row[end ?? 0]].map(Number);
      if (from === undefined || to === undefined) return { content: "", title: null };
      const title = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
      return { content: windowText(from, to, time), title };
    },
  };
}

function windowText(from: number, to: number, time: TimeFormat): string {
  if (to - from === DAY_MS && from % DAY_MS === 0) return new Date(from).toISOString().slice(0, 10);
  // The panel says how long a window is; of one so long its two times would look like a moment.
  return to - from < DAY_MS ? `${minutes(time(from))} – ${minutes(time(to))}` : `to ${minutes(time(to))}`;
}

/** A time without its seconds where they say nothing. */
export function minutes(text: string): string {
  return text.replace(/(\d\d:\d\d):00$/, "$1");
}
