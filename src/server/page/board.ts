/** The parts of the page that change, drawn at most once a second, once for all who look. */

import type { ServerParts } from "../parts.ts";
import { servedTables } from "../served.ts";
import { createTick } from "../tick.ts";
import { alertsPanel } from "./alerts-panel.ts";
import { healthStrip } from "./health-strip.ts";
import type { Markup } from "./markup.ts";
import { createPanel, type Panel, panelTotals } from "./panel.ts";

export interface BoardPart {
  /** Of the element that holds it: `health`, `alerts`, or `table-` and a table's name. */
  readonly id: string;
  readonly content: Markup;
  /** Which drawing changed it last. */
  readonly version: number;
}

export interface Board {
  readonly panels: readonly Panel[];
  /** At most a second old. */
  now(): readonly BoardPart[];
  /** A second later. */
  next(): Promise<readonly BoardPart[]>;
}

const REFRESH_MS = 1000;
const ROWS = 8;
const ALERTS = 8;

export function createBoard(parts: ServerParts): Board {
  const served = servedTables(parts.pipeline);
  const panels = parts.pipeline.tables.flatMap((table) => {
    const description = served.get(table.name);
    return description ? [createPanel(table, description, parts.pipeline)] : [];
  });
  let drawn: readonly BoardPart[] = [];
  let drawnMs = Number.NEGATIVE_INFINITY;
  let version = 0;

  function draw(): readonly BoardPart[] {
    version++;
    const before = new Map(drawn.map((part) => [part.id, part]));
    drawn = drawParts(parts, panels).map(({ id, content }) => {
      const known = before.get(id);
      return known?.content.html === content.html ? known : { id, content, version };
    });
    drawnMs = parts.nowMs();
    return drawn;
  }

  return {
    panels,
    now: () => (parts.nowMs() - drawnMs < REFRESH_MS ? drawn : draw()),
    next: createTick(REFRESH_MS, draw),
  };
}

function drawParts(
  { pipeline, reader, status, nowMs }: ServerParts,
  panels: readonly Panel[],
): readonly Omit<BoardPart, "version">[] {
  const now = nowMs();
  const store = reader();
  const view = store?.newest(Math.max(ROWS, ALERTS)) ?? null;
  const seen = status();
  const unread = seen.state === "recovering" ? "restoring…" : "not open to read";
  const strip = healthStrip({
    status: seen,
    progress: view?.progress ?? null,
    alerts: view?.alerts.count ?? null,
    unread,
    timeZone: pipeline.timeZone,
    nowMs: now,
  });
  const newest = new Map(view?.tables.map(({ table, rows }) => [table.name, rows]));
  const noAlerts = view === null ? unread : "None raised yet.";
  return [
    { id: "health", content: strip },
    { id: "alerts", content: alertsPanel(view?.alerts.newest ?? [], noAlerts, pipeline.timeZone, now) },
    ...panels.map((panel) => {
      const { name } = panel.table;
      const totals = store === null ? [] : panelTotals(panel, store);
      const nothing = store === null ? unread : "No rows yet.";
      return {
        id: `table-${name}`,
        content: panel.draw({ rows: newest.get(name) ?? [], totals, nothing }, now),
      };
    }),
  ];
}
