/** Everything that a run has put out, in a form in which two runs over the same records are equal. */

import { join } from "node:path";
import type { Ledger, RecordPlace } from "../../src/engine/engine.ts";
import type { Positions } from "../../src/eventlog/positions.ts";
import { nodeDirectory } from "../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../src/eventlog/segments/segment-log.ts";
import { ALERTS } from "../../src/pipeline/alerts.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Value } from "../../src/sql/types.ts";
import { openStoreReader, type StoreReader } from "../../src/store/sqlite-reader.ts";

export interface Outcome {
  /** Of row tables in the order they left in; of window tables by key. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  /** All of them but their messages and positions, which are of the moment. */
  readonly alerts: readonly string[];
  readonly late: readonly RecordPlace[];
  readonly dead: readonly RecordPlace[];
  readonly ledger: Ledger | null;
  readonly positions: Positions;
  readonly watermarkMs: number | null;
}

const ALL = Number.MAX_SAFE_INTEGER;
/** Of `ALERT_COLUMNS`, without message and position. */
const LASTING_ALERT_COLUMNS = 6;

export function outcomeOf(directory: string, pipeline: Pipeline): Outcome {
  const reader = openStoreReader(directory, pipeline);
  try {
    const { ledger, positions, watermarkMs } = reader.progress();
    const tables = pipeline.tables.map(({ name, emit }) => {
      const rows = rowsInOrder(reader, name);
      return [name, emit === "append" ? rows.map(asText) : rows.map(asText).sort()] as const;
    });
    const alerts = rowsInOrder(reader, ALERTS).map((row) => asText(row.slice(0, LASTING_ALERT_COLUMNS)));
    const late = reader.lateRecords({ limit: ALL });
    const dead = reader.deadLetters({ limit: ALL });
    return { tables: new Map(tables), alerts: alerts.sort(), late, dead, ledger, positions, watermarkMs };
  } finally {
    reader.close();
  }
}

function rowsInOrder(reader: StoreReader, table: string): readonly (readonly Value[])[] {
  return reader.changes([table], 0, ALL).map(({ row }) => row);
}

export function asText(row: readonly Value[]): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

/** The texts of the records that the log holds, and the position of the first. */
export async function logOf(
  directory: string,
): Promise<{ readonly start: number; readonly texts: readonly string[] }> {
  const log = await openSegmentLog(await nodeDirectory(join(directory, "log")));
  const texts: string[] = [];
  try {
    for await (const { bytes, offsets, count } of log.read(log.start())) {
      for (let i = 0; i < count; i++)
        texts.push(
          Buffer.from(bytes.subarray(offsets[i], offsets[i + 1]))
            .toString()
            .trimEnd(),
        );
    }
    return { start: log.start(), texts };
  } finally {
    await log.close();
  }
}
