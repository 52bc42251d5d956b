/** The rows of a table made those that were computed anew, in one go and only where they differ. */
import type { DatabaseSync } from "node:sqlite";
import type { Table } from "../pipeline/pipeline.ts";
import type { RowOrigin } from "../pipeline/row-origin.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import { quoted } from "./columns.ts";

/** Windows that begin at `fromMs` or later and end at `untilMs` or before; events from `fromMs` on. */
export interface RebuiltSpan {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whether the engine begins with the table, so that the rows of open windows will come anew. */
  readonly begins: boolean;
}

/** Rows, by what became of them; the windows that they are of, and those left alone. */
export interface ReplacedRows {
  readonly table: string;
  readonly same: number;
  readonly changed: number;
  readonly added: number;
  readonly gone: number;
  /** Null of a row table. */
  readonly windows: ReplacedWindows | null;
}

export interface ReplacedWindows {
  readonly rebuilt: number;
  /** In ISO form; null where there is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Left as they are: not all of their events are taken in anew. */
  readonly earlier: number;
  /** Left to the engine: still open. */
  readonly open: number;
}

export interface Replacing {
  readonly table: Table;
  /** The table of the rows computed anew, and the one of the events that they are of, as SQL texts. */
  readonly rebuilt: string;
  readonly events: string;
  readonly origin: RowOrigin;
  readonly span: RebuiltSpan;
}

const SAME = "temp.loanstream_same";

/** Rows that come into the table are numbered after `afterSeq`. To be called in a transaction. */
export function replaceRows(database: DatabaseSync, replacing: Replacing, afterSeq: number): ReplacedRows {
  const { table, rebuilt } = replacing;
  const name = quoted(table.name);
  const count = (sql: string): number =>
    Number(database.prepare(`SELECT count(*) AS count FROM ${sql}`).get()?.count);
  const within = (alias: string) => inRange(replacing, alias);
  database.exec(`DELETE FROM ${rebuilt} AS new WHERE NOT (${within("new")})`);
  const windows = replacedWindows(database, replacing);
  if (replacing.span.begins && replacing.origin.kind === "window")
    database.exec(`DELETE FROM ${name} WHERE ${isOpen(replacing, name)}`);
  const pairs = `${name} AS old CROSS JOIN ${rebuilt} AS new ON ${equal(keyOf(table))} WHERE ${within("old")}`;
  const matched = count(`(SELECT DISTINCT new.rowid FROM ${pairs})`);
  const all = table.relation.columns.map((column) => column.name);
  database.exec(`CREATE TABLE ${SAME} AS SELECT new.rowid AS new_id, min(old.${SEQUENCE_COLUMN}) AS seq
    FROM ${pairs} AND ${equal(all)} GROUP BY new.rowid`);
  const same = count(SAME);
  const removed = database
    .prepare(
      `DELETE FROM ${name} AS old WHERE ${within("old")} AND ${SEQUENCE_COLUMN} NOT IN (SELECT seq FROM ${SAME})`,
    )
    .run().changes;
  const columns = all.map(quoted).join(", ");
  const inserted = database
    .prepare(`INSERT INTO ${name} (${SEQUENCE_COLUMN}, ${columns})
      SELECT ? + row_number() OVER (ORDER BY rowid), ${columns} FROM ${rebuilt}
      WHERE rowid NOT IN (SELECT new_id FROM ${SAME}) ORDER BY rowid`)
    .run(afterSeq).changes;
  database.exec(`DROP TABLE ${SAME}`);
  const changed = matched - same;
  return {
    table: table.name,
    same,
    changed,
    added: Number(inserted) - changed,
    gone: Number(removed) - changed,
    windows,
  };
}

function keyOf({ key, relation }: Table): readonly string[] {
  return key.length > 0 ? key : relation.columns.map(({ name }) => name);
}

/** Null equals null. */
function equal(names: readonly string[]): string {
  return names.map((name) => `new.${quoted(name)} IS old.${quoted(name)}`).join(" AND ");
}

/** Whether a row is of what was taken in anew. */
function inRange({ table, origin, events, span }: Replacing, alias: string): string {
  const column = (place: number) => `${alias}.${quoted(table.relation.columns[place]!.name)}`;
  if (origin.kind === "window")
    return `${column(origin.start)} >= ${timeText(span.fromMs)} AND ${column(origin.end)} <= ${timeText(span.untilMs)}`;
  const since = origin.time === null ? "TRUE" : `${column(origin.time)} >= ${timeText(span.fromMs)}`;
  return `${column(origin.column)} IN (SELECT ${origin.by} FROM ${events}) AND ${since}`;
}

function isOpen({ table, origin, span }: Replacing, alias: string): string {
  if (origin.kind !== "window") return "FALSE";
  return `${alias}.${quoted(table.relation.columns[origin.end]!.name)} > ${timeText(span.untilMs)}`;
}

/** As times are stored; what has no time is before or after all. */
function timeText(ms: number): string {
  if (Number.isFinite(ms)) return `'${new Date(ms).toISOString()}'`;
  return ms < 0 ? "''" : "'~'";
}

function replacedWindows(database: DatabaseSync, replacing: Replacing): ReplacedWindows | null {
  const { table, origin, span, rebuilt } = replacing;
  if (origin.kind !== "window") return null;
  const [start, end] = [origin.start, origin.end].map((place) => quoted(table.relation.columns[place]!.name));
  const windowsOf = (from: string, where: string) =>
    database
      .prepare(
        `SELECT count(*) AS count, min(begun) AS first, max(ended) AS last FROM
           (SELECT DISTINCT ${start} AS begun, ${end} AS ended FROM ${from} WHERE ${where})`,
      )
      .get();
  const found = windowsOf(rebuilt, "TRUE");
  const own = quoted(table.name);
  const open = isOpen(replacing, own);
  return {
    rebuilt: Number(found?.count),
    from: typeof found?.first === "string" ? found.first : null,
    to: typeof found?.last === "string" ? found.last : null,
    earlier: Number(windowsOf(own, `NOT (${open}) AND ${start} < ${timeText(span.fromMs)}`)?.count),
    open: Number(windowsOf(own, open)?.count),
  };
}
