/** The records of a test: what it is given, as the log would hold it. */

import type { EventSchema, Leaf } from "../../contract/schema.ts";
import type { RecordBatch } from "../../engine/batch.ts";
import type { SourceSettings } from "../pipeline.ts";
import { atPath, type JsonObject } from "./json.ts";

export interface TestRecord {
  readonly text: string;
  /** Milliseconds since the epoch; null where the test doesn't say. */
  readonly ingestTimeMs: number | null;
}

/** The one batch of a test: its records in order, from position 0 of partition 0. */
export function batchOf(records: readonly TestRecord[]): RecordBatch {
  const lines = records.map(({ text }) => Buffer.from(`${text}\n`));
  const offsets = new Uint32Array(lines.length + 1);
  for (const [i, line] of lines.entries()) offsets[i + 1] = offsets[i]! + line.length;
  const timed = records.some(({ ingestTimeMs }) => ingestTimeMs !== null);
  return {
    partition: 0,
    basePosition: 0,
    count: records.length,
    bytes: Buffer.concat(lines),
    offsets,
    ingestTimesMs: timed
      ? Float64Array.from(records, ({ ingestTimeMs }) => ingestTimeMs ?? Number.NaN)
      : null,
  };
}

/** The patch that gives the `number`th event of a test an id of its own; empty where events have none. */
export function idPatch({ eventId }: SourceSettings, schema: EventSchema, number: number): JsonObject {
  if (eventId === null) return {};
  const uuid = leafAt(schema, eventId)?.format === "uuid";
  return atPath(
    eventId,
    uuid ? `00000000-0000-4000-8000-${String(number).padStart(12, "0")}` : String(number),
  );
}

/** The patch that sets the time of an event; empty where events have none. */
export function timePatch({ eventTime }: SourceSettings, schema: EventSchema, timeMs: number): JsonObject {
  if (eventTime === null) return {};
  const epoch = leafAt(schema, eventTime)?.format === "epoch-millis";
  return atPath(eventTime, epoch ? timeMs : new Date(timeMs).toISOString());
}

function leafAt({ leaves }: EventSchema, path: string): Leaf | undefined {
  return leaves.find((leaf) => leaf.path === path);
}
