/** The source of a pipeline as batch Spark SQL over `raw(value, partition, position, ingest_time)`, one partition. */
import { sparkSource } from "../contract/spark.ts";
import { quoteName } from "../sql/render/spark.ts";
import type { Pipeline } from "./pipeline.ts";
import { PARTITION_COLUMN, POSITION_COLUMN } from "./source.ts";

export interface SparkDefinition {
  readonly name: string;
  readonly sql: string;
}

/** Events further in the future of their own ingest than this are dead. */
export const FAR_FUTURE = "INTERVAL 1 HOUR";
/** Every record with its `_status`: accepted, late, duplicate or dead. */
export const GATED = "_gated";

/**
 * Views, each over those before it, the last one `events`. Lateness and dedupe are window functions over `position`:
 * an event is late if its time is not after the greatest live one before it less the delay; of those left with one
 * id, the first is accepted.
 */
export function batchSource(pipeline: Pipeline): readonly SparkDefinition[] {
  const { source, schema, delayMs } = pipeline;
  const { fromJson, columns, isDead } = sparkSource(schema);
  const time = source.eventTime === null ? null : quoteName(source.eventTime);
  const leaves = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`);
  const dead = time === null ? "_dead" : `_dead OR coalesce(${time} > ingest_time + ${FAR_FUTURE}, false)`;
  const id = source.eventId === null ? "position" : quoteName(source.eventId);
  return [
    { name: "_parsed", sql: `SELECT value, partition, position, ingest_time, ${fromJson} AS e\nFROM raw` },
    {
      name: "_checked",
      sql: `SELECT partition, position, ingest_time,\n  ${isDead} AS _dead,\n  ${leaves.join(",\n  ")}\nFROM _parsed`,
    },
    { name: "_live", sql: `SELECT *, ${dead} AS _unusable\nFROM _checked` },
    {
      name: "_timed",
      sql: `SELECT *, ${time === null ? "false" : lateness(time, delayMs)} AS _late\nFROM _live`,
    },
    { name: GATED, sql: `SELECT *,\n  ${status(id)} AS _status\nFROM _timed` },
    { name: "events", sql: eventsSql(columns.map(({ name }) => name)) },
  ];
}

function lateness(time: string, delayMs: number): string {
  const before = "OVER (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)";
  const greatest = `max(CASE WHEN NOT _unusable THEN ${time} END) ${before}`;
  return `coalesce(${time} <= ${greatest} - INTERVAL '${delayMs / 1000}' SECOND, false)`;
}

function status(id: string): string {
  const kind = "CASE WHEN _unusable THEN 'dead' WHEN _late THEN 'late' ELSE 'live' END";
  const nth = `row_number() OVER (PARTITION BY ${kind}, ${id} ORDER BY position)`;
  return `CASE WHEN _unusable THEN 'dead' WHEN _late THEN 'late' WHEN ${nth} > 1 THEN 'duplicate' ELSE 'accepted' END`;
}

function eventsSql(names: readonly string[]): string {
  const columns = [
    ...names.map(quoteName),
    `partition AS ${PARTITION_COLUMN}`,
    `position AS ${POSITION_COLUMN}`,
  ];
  return `SELECT ${columns.join(",\n  ")}\nFROM ${GATED}\nWHERE _status = 'accepted'`;
}
