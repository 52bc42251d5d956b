/** The streaming queries of a pipeline: as few as give its rows, since each reads and checks every event anew. */
import type { Alert, Pipeline, Table } from "../../../pipeline/pipeline.ts";
import { PARTITION_COLUMN, POSITION_COLUMN, RAW } from "../../../pipeline/source.ts";
import {
  DEAD_KEY,
  DEAD_RECORD,
  DEDUPED,
  type SparkStep,
  streamRecords,
  UNUSABLE,
} from "../../../pipeline/spark-source.ts";
import { modelsBelow, quoteName } from "../../../sql/render/spark.ts";
import { aggregateBelow } from "../../../sql/trace.ts";
import { type BranchReader, branchReader } from "./branches.ts";
import { type EventTable, type Grouping, group } from "./grouped.ts";
import { alertMessage, deadLetterMessage, rowMessage, selectMessages } from "./messages.ts";
import { KAFKA_VIEW, type StreamQuery } from "./query.ts";
import { createWideTable, type WideTable } from "./wide-table.ts";

/**
 * `rows`: row tables, their alerts, dead letters. `windows` and `sets`: window tables that change until they close, and
 * alerts that stay true. `final`: what leaves when its window has closed. None is without a table or an alert, but for
 * `rows`, which sends the dead letters.
 */
export function streamQueries(pipeline: Pipeline): readonly StreamQuery[] {
  const members = membersOf(pipeline);
  const grouped = GROUPS.flatMap(({ name, ...how }) => {
    const own = members.filter((member) => groupOf(member.table) === name);
    return own.length === 0 ? [] : [groupQuery(pipeline, name, own, how)];
  });
  const rows = members.filter((member) => groupOf(member.table) === "rows");
  return [rowQuery(pipeline, rows), ...grouped];
}

/** A table, or the rows of an alert. */
interface Member {
  readonly table: Table;
  readonly alert: Alert | null;
}

interface GroupKind {
  readonly outputMode: StreamQuery["outputMode"];
  readonly by: Grouping;
}

/** Sets take another kind of aggregation, which counts need not share. */
const GROUPS: readonly (GroupKind & { readonly name: string })[] = [
  { name: "windows", outputMode: "update", by: "windows" },
  { name: "sets", outputMode: "update", by: "spans" },
  { name: "final", outputMode: "append", by: "slides" },
];

function membersOf({ tables, alerts }: Pipeline): readonly Member[] {
  return [
    ...tables.map((table) => ({ table, alert: null })),
    ...alerts.map((alert) => ({ table: alert.rows, alert })),
  ];
}

function groupOf({ emit, relation }: Table): string {
  if (emit === "append") return "rows";
  if (emit === "final") return "final";
  return aggregateBelow(relation)?.aggregates.some(({ fn }) => fn === "collect_set") ? "sets" : "windows";
}

function rowQuery(pipeline: Pipeline, members: readonly Member[]): StreamQuery {
  const { view, table, read } = eventTable();
  const place = {
    [PARTITION_COLUMN]: table.source(PARTITION_COLUMN),
    [POSITION_COLUMN]: table.source(POSITION_COLUMN),
  };
  const dead = {
    isDead: table.source(UNUSABLE),
    record: table.source(DEAD_RECORD),
    key: table.source(DEAD_KEY),
    place,
  };
  const messages = [
    ...members.flatMap((member) => messagesOf(member, read, pipeline)),
    deadLetterMessage(dead, pipeline),
  ];
  return {
    ...describe(pipeline, "rows", members),
    steps: recordSteps(pipeline),
    sql: selectMessages(messages, table.select(view)),
    outputMode: "append",
    deadLetters: true,
  };
}

function groupQuery(
  pipeline: Pipeline,
  name: string,
  members: readonly Member[],
  { outputMode, by }: GroupKind,
): StreamQuery {
  const relations = members.map(({ table }) => table.relation);
  const { delayMs } = pipeline;
  const groups = group({ name: `_${name}`, relations, events: eventTable(), delayMs, by });
  const messages = members.flatMap((member) => messagesOf(member, groups.read, pipeline));
  return {
    ...describe(pipeline, name, members),
    steps: [...recordSteps(pipeline), ...groups.steps],
    sql: selectMessages(messages, groups.table.select(groups.from)),
    outputMode,
    deadLetters: false,
  };
}

function messagesOf({ table, alert }: Member, read: BranchReader, pipeline: Pipeline): readonly string[] {
  return read(table.relation).map((branch) =>
    alert ? alertMessage(alert, branch, pipeline) : rowMessage(table, branch),
  );
}

/** The accepted events, as columns of a wide table over the records. */
function eventTable(): EventTable {
  const table: WideTable = createWideTable();
  const read = branchReader(table, (relation) => {
    if (relation.op !== "source") return null;
    const column = (index: number) => table.source(quoteName(relation.columns[index]!.name));
    return [{ column, holds: () => table.source(`NOT ${UNUSABLE}`) }];
  });
  return { view: DEDUPED, table, read };
}

function recordSteps(pipeline: Pipeline): readonly SparkStep[] {
  const raw = `SELECT CAST(value AS STRING) AS value, partition, offset AS position, timestamp AS ingest_time\nFROM ${KAFKA_VIEW}`;
  return [{ name: RAW, sql: raw, dataFrame: null }, ...streamRecords(pipeline)];
}

function describe(
  { tables }: Pipeline,
  name: string,
  members: readonly Member[],
): Pick<StreamQuery, "name" | "tables" | "alerts" | "models"> {
  const models = members.flatMap(({ table }) => modelsBelow(table.relation).map((model) => model.name));
  return {
    name,
    tables: tables
      .filter((table) => members.some((member) => member.table === table))
      .map((table) => table.name),
    alerts: members.flatMap(({ alert }) => alert?.name ?? []),
    models: [...new Set(models)].filter((model) => !model.startsWith("_")),
  };
}
