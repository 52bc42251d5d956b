/** The source of a pipeline as Spark SQL over `raw(value STRING, partition INT, position BIGINT, ingest_time TIMESTAMP)`. */
import type { EventSchema } from "../contract/schema.ts";
import { sparkSource } from "../contract/spark.ts";
import { PARSED, RECORD } from "../contract/spark-names.ts";
import { quoteName } from "../sql/render/spark.ts";
import { EVENTS } from "./models.ts";
import { FAR_FUTURE_MS, type Pipeline } from "./pipeline.ts";
import { PARTITION_COLUMN, POSITION_COLUMN, RAW } from "./source.ts";

export interface SparkDefinition {
  readonly name: string;
  readonly sql: string;
}

/** Every record with its `_status`: accepted, late, duplicate or dead. */
export const GATED = "_gated";

/**
 * Of a batch of one partition: views, each over those before it, the last one `events`. Lateness and dedupe are
 * window functions over the position: an event is late if its time is not after the greatest live one before it
 * less the delay; of those left with one id, the first is accepted.
 *
 * Columns of our own begin with `_`, as no field of a schema does.
 */
export function batchSource(pipeline: Pipeline): readonly SparkDefinition[] {
  const { source, schema, delayMs } = pipeline;
  const time = source.eventTime === null ? null : quoteName(source.eventTime);
  const id = source.eventId === null || time === null ? POSITION_COLUMN : quoteName(source.eventId);
  return [
    ...checkedSource(pipeline),
    {
      name: "_timed",
      sql: `SELECT *, ${time === null ? "false" : lateness(time, delayMs)} AS _late\nFROM _checked`,
    },
    { name: GATED, sql: `SELECT *,\n  ${status(id)} AS _status\nFROM _timed` },
    { name: EVENTS, sql: `${eventColumns(schema)}\nFROM ${GATED}\nWHERE _status = 'accepted'` },
  ];
}

/**
 * Typed columns of every record, with `_unusable` where it is dead. The long condition stands behind the columns: of one
 * before them Spark's optimizer would infer a constraint for every choice of the columns that it names, 2^n in all.
 *
 * @param kept further columns
 */
function checkedSource(
  { source, schema }: Pipeline,
  kept: readonly string[] = [],
): readonly SparkDefinition[] {
  const { fromJson, columns, isDead } = sparkSource(schema);
  const typed = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`);
  const handedOn = [
    PARTITION_COLUMN,
    POSITION_COLUMN,
    ...kept,
    ...columns.map(({ name }) => quoteName(name)),
  ];
  const time = source.eventTime === null ? null : quoteName(source.eventTime);
  const ahead =
    time === null
      ? ""
      : ` OR coalesce(${time} > _ingest_time + INTERVAL '${FAR_FUTURE_MS / 1000}' SECOND, false)`;
  const named = `value AS ${RECORD}, partition AS ${PARTITION_COLUMN}, position AS ${POSITION_COLUMN}, ingest_time AS _ingest_time`;
  return [
    { name: "_records", sql: `SELECT ${named}\nFROM ${RAW}` },
    { name: "_parsed", sql: `SELECT *, ${fromJson} AS ${PARSED}\nFROM _records` },
    { name: "_typed", sql: `SELECT *,\n  ${typed.join(",\n  ")}\nFROM _parsed` },
    {
      name: "_checked",
      sql: `SELECT ${handedOn.join(", ")},\n  ${isDead}${ahead} AS ${UNUSABLE}\nFROM _typed`,
    },
  ];
}

export interface SparkStep extends SparkDefinition {
  /** A call on the DataFrame of another view, for what Spark has no SQL for; `sql` is empty then. */
  readonly dataFrame: DataFrameStep | null;
}

export interface DataFrameStep {
  /** The view that it begins with. */
  readonly table: string;
  readonly watermark: { readonly column: string; readonly delayMs: number } | null;
  /** The columns of `dropDuplicatesWithinWatermark`; none where nothing is dropped. */
  readonly distinctWithinWatermark: readonly string[];
  /** A column of times that stands for the one with the watermark from here on: `withMetadata`, as Spark itself marks it. */
  readonly marked: { readonly column: string; readonly delayMs: number } | null;
}

/** Spark's own mark of a column with a watermark; its value is a whole number of milliseconds. */
export const WATERMARK_MARK = "spark.watermarkDelayMs";

/** As one would write it in Python. */
export function dataFrameText({ table, watermark, distinctWithinWatermark }: DataFrameStep): string {
  const marked = watermark
    ? `.withWatermark("${watermark.column}", "${watermark.delayMs} milliseconds")`
    : "";
  const columns = distinctWithinWatermark.map((column) => `"${column}"`).join(", ");
  return `table("${table}")${marked}${columns === "" ? "" : `.dropDuplicatesWithinWatermark([${columns}])`}`;
}

/** Every record of a stream that is neither late nor a duplicate: see `streamRecords`. */
export const DEDUPED = "_deduped";
/** There, of a dead record alone: the record, and the text that names what it is of. */
export const DEAD_RECORD = "_record";
export const DEAD_KEY = "_key";
export const UNUSABLE = "_unusable";

/** Of a stream: the views up to `events`. */
export function streamSource(pipeline: Pipeline): readonly SparkStep[] {
  const sql = `${eventColumns(pipeline.schema)}\nFROM ${DEDUPED}\nWHERE NOT ${UNUSABLE}`;
  return [...streamRecords(pipeline), { name: EVENTS, sql, dataFrame: null }];
}

/**
 * Of a stream: the views up to `_deduped`, which holds the accepted records and the dead ones. A dead row has a key of its
 * own and no event time, so that it neither swallows its repaired twin nor moves the watermark.
 */
export function streamRecords(pipeline: Pipeline): readonly SparkStep[] {
  const { source, schema, delayMs } = pipeline;
  const { eventTime, key } = source;
  // What no id tells apart is told apart by its place: lateness is decided together with duplicates, or not at all.
  const ids = source.eventId === null ? [PARTITION_COLUMN, POSITION_COLUMN] : [source.eventId];
  const replaced = schema.leaves.map(({ path }) => {
    const name = quoteName(path);
    if (path === source.eventId)
      return `CASE WHEN ${UNUSABLE} THEN concat('dead:', ${PARTITION_COLUMN}, ':', ${POSITION_COLUMN}) ELSE ${name} END AS ${name}`;
    return path === eventTime ? `CASE WHEN NOT ${UNUSABLE} THEN ${name} END AS ${name}` : name;
  });
  const items = [
    ...[PARTITION_COLUMN, POSITION_COLUMN, UNUSABLE],
    `CASE WHEN ${UNUSABLE} THEN ${RECORD} END AS ${DEAD_RECORD}`,
    `CASE WHEN ${UNUSABLE} THEN ${key === null ? "CAST(NULL AS STRING)" : quoteName(key)} END AS ${DEAD_KEY}`,
    ...replaced,
  ];
  const deduped: DataFrameStep = {
    table: "_keyed",
    watermark: eventTime === null ? null : { column: eventTime, delayMs },
    distinctWithinWatermark: eventTime === null ? [] : ids,
    marked: null,
  };
  const views = [
    ...checkedSource(pipeline, [RECORD]),
    { name: "_keyed", sql: `SELECT ${items.join(",\n  ")}\nFROM _checked` },
  ];
  return [
    ...views.map((view) => ({ ...view, dataFrame: null })),
    { name: DEDUPED, sql: "", dataFrame: deduped },
  ];
}

function lateness(time: string, delayMs: number): string {
  const before = `OVER (ORDER BY ${POSITION_COLUMN} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  const greatest = `max(CASE WHEN NOT _unusable THEN ${time} END) ${before}`;
  return `coalesce(${time} <= ${greatest} - INTERVAL '${delayMs / 1000}' SECOND, false)`;
}

function status(id: string): string {
  const kind = "CASE WHEN _unusable THEN 'dead' WHEN _late THEN 'late' ELSE 'live' END";
  const nth = `row_number() OVER (PARTITION BY ${kind}, ${id} ORDER BY ${POSITION_COLUMN})`;
  return `CASE WHEN _unusable THEN 'dead' WHEN _late THEN 'late' WHEN ${nth} > 1 THEN 'duplicate' ELSE 'accepted' END`;
}

function eventColumns({ leaves }: EventSchema): string {
  const columns = [...leaves.map(({ path }) => quoteName(path)), PARTITION_COLUMN, POSITION_COLUMN];
  return `SELECT ${columns.join(",\n  ")}`;
}
