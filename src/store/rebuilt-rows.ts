/**
 * Rows that were computed anew, to be put in place of those that tables hold. They are gathered beside the tables,
 * in SQLite's temporary files, until one transaction changes the tables.
 */
import type { DatabaseSync } from "node:sqlite";
import type { SourceSettings, Table } from "../pipeline/pipeline.ts";
import { rowOrigin } from "../pipeline/row-origin.ts";
import type { Value } from "../sql/types.ts";
import { quoted, sqliteType, toSqlite } from "./columns.ts";
import { newForm } from "./new-form.ts";
import type { PipelineChange } from "./pipeline-change.ts";
import { type RebuiltSpan, type ReplacedRows, replaceRows } from "./replace-rows.ts";

type Row = readonly Value[];

/** An event of which a row table's rows are made anew. */
export interface RebuiltEvent {
  readonly id: string | null;
  readonly position: number;
}

export interface RebuiltRows {
  add(table: string, rows: readonly Row[]): void;
  addEvents(events: readonly RebuiltEvent[]): void;
  /** Numbers rows after `afterSeq`; `seq` is the last number then. To be called in a transaction. */
  replace(
    spanOf: (table: Table) => RebuiltSpan,
    afterSeq: number,
  ): { readonly replaced: readonly ReplacedRows[]; readonly seq: number };
}

export interface Rebuilding {
  /** Those to be rebuilt. */
  readonly tables: readonly Table[];
  readonly change: PipelineChange | null;
  readonly source: SourceSettings;
}

const EVENTS = "temp.loanstream_events";
const rebuiltName = ({ name }: Table): string => quoted(`loanstream_rebuilt_${name}`);

export function rebuiltRows(database: DatabaseSync, { tables, change, source }: Rebuilding): RebuiltRows {
  database.exec(`CREATE TABLE ${EVENTS} (id TEXT, position INTEGER)`);
  const writers = new Map(tables.map((table) => [table.name, rowGatherer(database, table)]));
  const addEvent = database.prepare(`INSERT INTO ${EVENTS} VALUES (?, ?)`);
  const gather = (work: () => void): void => {
    database.exec("BEGIN");
    work();
    database.exec("COMMIT");
  };
  return {
    add: (table, rows) => gather(() => rows.forEach(writers.get(table)!)),
    addEvents: (events) =>
      gather(() => {
        for (const { id, position } of events) addEvent.run(id, position);
      }),
    replace(spanOf, afterSeq) {
      for (const column of ["id", "position"])
        database.exec(`CREATE INDEX temp.loanstream_events_${column} ON loanstream_events (${column})`);
      let seq = afterSeq;
      const replaced = tables.map((table) => {
        if (change?.changed.includes(table)) newForm(database, table, change.before);
        indexKey(database, table);
        const rows = replaceRows(
          database,
          {
            table,
            rebuilt: `temp.${rebuiltName(table)}`,
            events: EVENTS,
            origin: rowOrigin(table, source),
            span: spanOf(table),
          },
          seq,
        );
        seq += rows.changed + rows.added;
        return rows;
      });
      return { replaced, seq };
    },
  };
}

function rowGatherer(database: DatabaseSync, table: Table): (row: Row) => void {
  const { columns } = table.relation;
  const typed = columns.map(({ name, type }) => `${quoted(name)} ${sqliteType(type)}`);
  database.exec(`CREATE TABLE temp.${rebuiltName(table)} (${typed.join(", ")})`);
  const places = columns.map(() => "?").join(", ");
  const insert = database.prepare(`INSERT INTO temp.${rebuiltName(table)} VALUES (${places})`);
  const written = columns.map(({ type }) => toSqlite(type));
  return (row) => void insert.run(...written.map((write, i) => write(row[i] ?? null)));
}

function indexKey(database: DatabaseSync, table: Table): void {
  if (table.key.length === 0) return;
  const index = quoted(`loanstream_rebuilt_${table.name}_key`);
  database.exec(`CREATE INDEX temp.${index} ON ${rebuiltName(table)} (${table.key.map(quoted).join(", ")})`);
}
