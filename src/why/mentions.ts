/** Rows that name one application: by a column that is the events' key, or by a list of such. */
import { keyWriter } from "../output/key.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import type { Relation } from "../sql/plan.ts";
import { chain, originOf } from "../sql/trace.ts";
import type { Value } from "../sql/types.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";

type Row = readonly Value[];

export interface NamedRows {
  readonly table: Table;
  /** The last written first. */
  readonly rows: readonly Row[];
}

export interface Mentions {
  /** Of tables that have the key as a column. */
  readonly rows: readonly NamedRows[];
  /** Of tables that have a list of keys, and this one in it. */
  readonly groups: readonly NamedRows[];
  /** Raised by any of these rows, with the columns of the store's alerts. */
  readonly alerts: readonly Row[];
}

const MOST_ROWS = 1000;

export function mentionsOf({ tables, source }: Pipeline, id: string, store: StoreReader): Mentions {
  const { key } = source;
  const rows = tables.flatMap((table) => {
    const column = placeWhere(table, (relation, index) => isKey(relation, index, key));
    const name = table.relation.columns[column]?.name;
    if (name === undefined) return [];
    return named(table, store.rows(table.name, { limit: MOST_ROWS, where: new Map([[name, id]]) }));
  });
  const groups = tables.flatMap((table) => {
    const column = placeWhere(table, (relation, index) => isKeyList(relation, index, key));
    return column < 0 ? [] : named(table, rowsWith(table, column, id, store));
  });
  return { rows, groups, alerts: alertsOf([...rows, ...groups], store) };
}

function named(table: Table, rows: readonly { readonly row: Row }[]): readonly NamedRows[] {
  return rows.length === 0 ? [] : [{ table, rows: rows.map(({ row }) => row) }];
}

function placeWhere({ relation }: Table, test: (relation: Relation, index: number) => boolean): number {
  return relation.columns.findIndex((_, index) => test(relation, index));
}

/** Whether the column is the key, unchanged: of the event, or of the group. */
function isKey(relation: Relation, index: number, key: string | null): boolean {
  const origin = originOf(relation, index);
  if (origin?.relation.op === "source") return origin.relation.columns[origin.index]?.name === key;
  if (origin?.relation.op !== "aggregate") return false;
  const expression = origin.relation.keys[origin.index - 2];
  return expression?.kind === "column" && isKey(origin.relation.input, expression.index, key);
}

/** Whether the column is the sorted set of a group's keys. */
function isKeyList(relation: Relation, index: number, key: string | null): boolean {
  for (const at of chain(relation)) {
    if (at.op === "project") {
      const expression = at.expressions[index];
      const list =
        expression?.kind === "call" && expression.fn === "array_sort" ? expression.args[0] : expression;
      if (list?.kind !== "column") return false;
      index = list.index;
    } else if (at.op === "aggregate") {
      const aggregate = at.aggregates[index - 2 - at.keys.length];
      const argument = aggregate?.fn === "collect_set" ? aggregate.argument : null;
      return argument?.kind === "column" && isKey(at.input, argument.index, key);
    } else if (at.op === "explode" || at.op === "source") return false;
  }
  return false;
}

const ROWS_AT_ONCE = 5000;

function rowsWith(table: Table, column: number, id: string, store: StoreReader): readonly { row: Row }[] {
  const found: { row: Row }[] = [];
  let beforeSeq = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = store.rows(table.name, { limit: ROWS_AT_ONCE, beforeSeq });
    for (const { row } of page) {
      const list = row[column];
      if (Array.isArray(list) && list.includes(id)) found.push({ row });
    }
    const last = page.at(-1);
    if (!last || page.length < ROWS_AT_ONCE) return found;
    beforeSeq = last.seq;
  }
}

function alertsOf(found: readonly NamedRows[], store: StoreReader): readonly Row[] {
  return found.flatMap(({ table, rows }) => {
    const keyOf = keyWriter(table);
    return rows.flatMap((row) => {
      const where = new Map([
        ["table", table.name],
        ["key", keyOf(row)],
      ]);
      return store.rows(ALERTS, { limit: MOST_ROWS, where }).map((alert) => alert.row);
    });
  });
}
