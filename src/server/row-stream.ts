/** Rows as they change, from the store: a reader that is behind gets the last value of each key. */
import type { StoreReader } from "../store/sqlite-reader.ts";
import { eventText, HEARTBEAT, HEARTBEAT_MS, RETRY_LINE } from "./event-stream.ts";
import type { StreamQuery } from "./parameters.ts";
import { type ServedTable, servedRowWriter } from "./served.ts";
import type { Tick } from "./tick.ts";

const ROWS_A_READ = 500;

export interface RowStreamParts {
  readonly served: ReadonlyMap<string, ServedTable>;
  readonly reader: StoreReader;
  /** Gives the last change's sequence number. */
  readonly tick: Tick<number>;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * Texts of events, from the moment of the call until the signal. An id past the store's last is another store's: then
 * it begins anew.
 */
export function rowStream(parts: RowStreamParts, { tables, afterSeq }: StreamQuery): AsyncGenerator<string> {
  const last = parts.reader.progress().seq;
  return rowsAfter(parts, tables, afterSeq === null ? last : afterSeq > last ? 0 : afterSeq);
}

async function* rowsAfter(
  { served, reader, tick, nowMs, signal }: RowStreamParts,
  tables: readonly string[],
  afterSeq: number,
): AsyncGenerator<string> {
  const write = rowEvents(served);
  let cursor = afterSeq;
  let spokeMs = nowMs();
  yield `${RETRY_LINE}id: ${cursor}\n\n`;
  while (!signal.aborted) {
    const changes = reader.changes(tables, cursor, ROWS_A_READ);
    if (changes.length > 0) {
      cursor = changes.at(-1)?.seq ?? cursor;
      yield changes.map(write).join("");
      spokeMs = nowMs();
    } else if (nowMs() - spokeMs >= HEARTBEAT_MS) {
      yield HEARTBEAT;
      spokeMs = nowMs();
    } else await tick();
  }
}

type Change = ReturnType<StoreReader["changes"]>[number];

function rowEvents(served: ReadonlyMap<string, ServedTable>): (change: Change) => string {
  const writers = new Map([...served.values()].map((table) => [table.name, servedRowWriter(table)]));
  return ({ seq, table, row }) => {
    const json = writers.get(table)?.(row) ?? "{}";
    return eventText("row", `{"table":${JSON.stringify(table)},"row":${json}}`, seq);
  };
}
