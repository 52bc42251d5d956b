/** The key of a row as a message: byte-identical wherever the row is computed. */
import type { Table } from "../pipeline/pipeline.ts";
import type { Value } from "../sql/types.ts";
import { rowWriter } from "./json.ts";

type Row = readonly Value[];

/** `{"window_start":"…","product":"auto"}`: the key's columns in declared order, nulls dropped. */
export function keyWriter({ key, relation }: Pick<Table, "key" | "relation">): (row: Row) => string {
  const places = key.map((name) => relation.columns.findIndex((column) => column.name === name));
  const write = rowWriter(places.flatMap((place) => relation.columns[place] ?? []));
  return (row) => write(places.map((place) => row[place] ?? null));
}

/** The same, `table` before it: `{"table":"risk_windows","window_start":"…","product":"auto"}`. */
export function messageKeyWriter(table: Pick<Table, "name" | "key" | "relation">): (row: Row) => string {
  const write = keyWriter(table);
  const head = `{"table":${JSON.stringify(table.name)}`;
  return (row) => {
    const key = write(row);
    return key === "{}" ? `${head}}` : `${head},${key.slice(1)}`;
  };
}
