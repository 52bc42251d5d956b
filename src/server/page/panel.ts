/** A table as a panel: what it is, its newest rows, and how its windows went. */
import { type TimeFormat, timeOfDay } from "../../output/time-text.ts";
import type { Pipeline, Table } from "../../pipeline/pipeline.ts";
import type { Value } from "../../sql/types.ts";
import type { StoreReader } from "../../store/sqlite-reader.ts";
import type { TotalColumns, WindowTotal } from "../../store/window-totals.ts";
import type { ServedTable } from "../served.ts";
import { windowChart } from "./chart.ts";
import { minutes, type ShownColumn, shownColumns, type TableWindow, windowOf } from "./columns.ts";
import { type Markup, markup } from "./markup.ts";
import { durationText, heading } from "./words.ts";

/** How the inside of a table's panel is drawn. */
export interface Panel {
  readonly table: Table;
  /** Whether it needs the whole width. */
  readonly wide: boolean;
  /** What its chart is of; null for a table that has none. */
  readonly totals: TotalColumns | null;
  draw(shown: PanelRows, nowMs: number): Markup;
}

export interface PanelRows {
  readonly rows: readonly (readonly Value[])[];
  readonly totals: readonly WindowTotal[];
  /** What is said where there is no row. */
  readonly nothing: string;
}

const WIDE_FROM = 8;
/** The last hours, of windows of a minute or more. */
const CHART_WINDOWS = 120;

export function createPanel(table: Table, served: ServedTable, pipeline: Pipeline): Panel {
  const columns = shownColumns(table, served, pipeline);
  const window = windowOf(table);
  const totals = totalColumns(table, window);
  const head = panelHead(table, served, window);
  return {
    table,
    wide: columns.length >= WIDE_FROM,
    totals,
    draw({ rows, totals: windowTotals, nothing }, nowMs) {
      const time = timeOfDay(pipeline.timeZone, nowMs);
      const chart =
        totals && window
          ? windowChart({
              label: heading(totals.value),
              slideMs: window.slideMs,
              totals: windowTotals,
              time: (ms) => minutes(time(ms)),
            })
          : null;
      return markup`${head}${chart}${rows.length === 0 ? markup`<p class="nothing">${nothing}</p>` : rowsTable(table, columns, rows, time)}`;
    },
  };
}

/** The first column that counts: whole, never null, and no part of the key. Closed windows come too seldom to show. */
function totalColumns({ name, emit, relation, key }: Table, window: TableWindow | null): TotalColumns | null {
  if (emit === "final") return null;
  const start = window?.start === null || !window ? undefined : relation.columns[window.start];
  const value = relation.columns.find(
    (column) => column.type.kind === "bigint" && !column.nullable && !key.includes(column.name),
  );
  return start && value ? { table: name, start: start.name, value: value.name } : null;
}

function panelHead({ name, emit }: Table, { description }: ServedTable, window: TableWindow | null): Markup {
  return markup`<header>
<h3 id="title-${name}">${heading(name)}</h3>
<p class="kind"><a href="/v1/tables/${name}">${windowWords(window)}${emit === "final" ? ", once closed" : ""}</a></p>
<p class="about" title="${description}">${description}</p>
</header>`;
}

function windowWords(window: TableWindow | null): string {
  if (!window) return "a row an event";
  const size = durationText(window.sizeMs);
  return window.slideMs === window.sizeMs
    ? `windows of ${size}`
    : `windows of ${size}, every ${durationText(window.slideMs)}`;
}

function rowsTable(
  { name }: Table,
  columns: readonly ShownColumn[],
  rows: readonly (readonly Value[])[],
  time: TimeFormat,
): Markup {
  const heads = columns.map(
    ({ label, title, numeric }) => markup`<th scope="col"${classOf(numeric)} title="${title}">${label}</th>`,
  );
  const lines = rows.map(
    (row) => markup`<tr>${columns.map((column) => cellMarkup(column, row, time))}</tr>\n`,
  );
  return markup`<div class="scroll" role="region" tabindex="0" aria-labelledby="title-${name}">
<table><thead><tr>${heads}</tr></thead><tbody>
${lines}</tbody></table></div>`;
}

function cellMarkup({ cell, numeric }: ShownColumn, row: readonly Value[], time: TimeFormat): Markup {
  const { content, title } = cell(row, time);
  return markup`<td${classOf(numeric)}${title === null ? null : markup` title="${title}"`}>${content}</td>`;
}

function classOf(numeric: boolean): Markup | null {
  return numeric ? markup` class="number"` : null;
}

/** What a panel's chart shows, of a store. */
export function panelTotals({ totals }: Panel, reader: StoreReader): readonly WindowTotal[] {
  return totals ? reader.windowTotals(totals, CHART_WINDOWS) : [];
}
