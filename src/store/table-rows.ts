/** Rows of one stored table by their sequence number, which orders the changes of all tables. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { NamedType } from "../output/json.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import type { Value } from "../sql/types.ts";
import { fromSqlite, quoted, toSqlite } from "./columns.ts";

export interface SequencedRow {
  readonly seq: number;
  /** A value a column of the table, in that order. */
  readonly row: readonly Value[];
}

export interface RowQuery {
  readonly limit: number;
  /** Only rows that were written, or put in place of others, before this number. */
  readonly beforeSeq?: number;
  /** Only rows whose columns equal these values; null equals null. */
  readonly where?: ReadonlyMap<string, Value>;
}

export interface TableRowReader {
  /** Those written later than a number, in that order; read from the database one by one as they are asked for. */
  after(seq: number, limit: number): IterableIterator<SequencedRow>;
  /** The last written first. */
  newest(query: RowQuery): readonly SequencedRow[];
  count(): number;
}

export function tableRowReader(
  database: DatabaseSync,
  table: string,
  columns: readonly NamedType[],
): TableRowReader {
  const names = [SEQUENCE_COLUMN, ...columns.map(({ name }) => quoted(name))].join(", ");
  const from = `SELECT ${names} FROM ${quoted(table)}`;
  const prepared = new Map<string, StatementSync>();

  function statement(sql: string): StatementSync {
    const found = prepared.get(sql) ?? database.prepare(sql);
    found.setReadBigInts(true);
    prepared.set(sql, found);
    return found;
  }

  function toRow(stored: Record<string, SQLOutputValue>): SequencedRow {
    const row = columns.map(({ name, type }) => fromSqlite(type, stored[name]));
    return { seq: Number(stored[SEQUENCE_COLUMN]), row };
  }

  function condition(name: string): string {
    return `${quoted(name)} IS ?`;
  }

  return {
    after(seq, limit) {
      const sql = `${from} WHERE ${SEQUENCE_COLUMN} > ? ORDER BY ${SEQUENCE_COLUMN} LIMIT ?`;
      return statement(sql).iterate(seq, limit).map(toRow);
    },
    newest({ limit, beforeSeq = Number.MAX_SAFE_INTEGER, where = new Map<string, Value>() }) {
      const equal = columns.filter(({ name }) => where.has(name));
      const conditions = [`${SEQUENCE_COLUMN} < ?`, ...equal.map(({ name }) => condition(name))];
      const sql = `${from} WHERE ${conditions.join(" AND ")} ORDER BY ${SEQUENCE_COLUMN} DESC LIMIT ?`;
      const values = equal.map(({ name, type }) => toSqlite(type)(where.get(name) ?? null));
      return statement(sql)
        .all(beforeSeq, ...values, limit)
        .map(toRow);
    },
    count: () => Number(statement(`SELECT count(*) AS count FROM ${quoted(table)}`).get()?.count ?? 0),
  };
}
