/** Tables, their rows and the ledger as JSON. */
import type { Ledger } from "../engine/engine.ts";
import { typeName } from "../sql/build.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import type { RowsQuery } from "./parameters.ts";
import { type ServedTable, servedRowWriter } from "./served.ts";

/** What there is: every table, what its columns mean, and how many rows it has. */
export function tablesReply(served: ReadonlyMap<string, ServedTable>, reader: StoreReader) {
  return {
    tables: [...served.values()].map(({ columns, ...table }) => ({
      ...table,
      columns: columns.map((column) => ({ ...column, type: typeName(column.type) })),
      rows: reader.count(table.name),
    })),
  };
}

/**
 * Rows as the files of an analysis hold them. `seq`: a stream after it misses nothing that isn't here. `next`: what to
 * give as `before` for the rows that follow; null at the end.
 */
export function rowsReply(
  table: ServedTable,
  reader: StoreReader,
  { limit, beforeSeq, where }: RowsQuery,
): string {
  const { seq } = reader.progress();
  const found = reader.rows(table.name, {
    limit: limit + 1,
    where,
    ...(beforeSeq === null ? {} : { beforeSeq }),
  });
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.seq ?? null) : null;
  const write = servedRowWriter(table);
  const rows = page.map(({ row }) => write(row)).join(",");
  return `{"table":${JSON.stringify(table.name)},"seq":${seq},"rows":[${rows}],"next":${next}}`;
}

const NOTHING = { read: 0, accepted: 0, late: 0, duplicate: 0, dead: 0 };

/** Where every record went, as of the last commit. */
export function ledgerReply(reader: StoreReader) {
  const { positions, seq, ledger, watermarkMs } = reader.progress();
  const { source, tables }: Ledger = ledger ?? { source: NOTHING, tables: {} };
  const watermark = watermarkMs === null ? null : new Date(watermarkMs).toISOString();
  return { positions, seq, watermark, source, tables };
}
