/** The tables that are served by name: the pipeline's, and the alerts. */
import { alertToJson, raisedAlert } from "../output/alert.ts";
import { type NamedType, rowWriter } from "../output/json.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { ModelDescription } from "../pipeline/describe-models.ts";
import type { Emit, Pipeline, Table } from "../pipeline/pipeline.ts";
import { ALERTS_TOPIC } from "../pipeline/topic-names.ts";
import type { Value } from "../sql/types.ts";
import { ALERT_COLUMNS } from "../store/alerts.ts";

export interface ServedTable {
  readonly name: string;
  readonly output: string;
  readonly topic: string;
  readonly emit: Emit;
  readonly key: readonly string[];
  /** What its rows are; empty where nobody says. */
  readonly description: string;
  readonly columns: readonly ServedColumn[];
}

export interface ServedColumn extends NamedType {
  readonly description: string;
  readonly unit: string | null;
}

const ALERT_MEANINGS: Readonly<Record<string, string>> = {
  alert_id: "SHA-256 of alert, table and key",
  alert: "Its name in alerts.yaml",
  severity: "info, warning or critical",
  table: "The table that it watches",
  key: "Key of the row that raised it, as an object; to filter by, its text",
  event_time: "Time of the event, or end of the window; null where the table shows neither",
  message: "What happened, in words",
  position: "The log had been taken in up to there",
};

/** By name, in the pipeline's order, alerts last. */
export function servedTables({ tables, descriptions }: Pipeline): ReadonlyMap<string, ServedTable> {
  const served = tables.map((table) => servedTable(table, descriptions.get(table.name)));
  return new Map([...served, servedAlerts].map((table) => [table.name, table]));
}

function servedTable(
  { name, output, topic, emit, key, relation }: Table,
  described: ModelDescription | undefined,
): ServedTable {
  const columns = relation.columns.map((column) => {
    const { description = "", unit = null } = described?.columns.get(column.name) ?? {};
    return { name: column.name, type: column.type, description: oneLine(description), unit };
  });
  return { name, output, topic, emit, key, description: oneLine(described?.description ?? ""), columns };
}

const servedAlerts: ServedTable = {
  name: ALERTS,
  output: ALERTS,
  topic: ALERTS_TOPIC,
  emit: "once",
  key: ["alert_id"],
  description: "What somebody should look at: rows for which a condition of alerts.yaml holds, each once.",
  columns: ALERT_COLUMNS.map(({ name, type }) => ({
    name,
    type,
    description: ALERT_MEANINGS[name] ?? "",
    unit: null,
  })),
};

/** Writes rows as the files of an analysis hold them; alerts say `position` on top. */
export function servedRowWriter({ name, columns }: ServedTable): (row: readonly Value[]) => string {
  if (name !== ALERTS) return rowWriter(columns);
  return (row) => `${alertToJson(raisedAlert(row)).slice(0, -1)},"position":${row.at(-1)}}`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}
