/** Rows of tables, and alerts, as records of topics. */
import { Buffer } from "node:buffer";
import { alertToJson, raisedAlert } from "../output/alert.ts";
import { rowWriter } from "../output/json.ts";
import { messageKeyWriter } from "../output/key.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Table } from "../pipeline/pipeline.ts";
import { timeColumn } from "../pipeline/time-column.ts";
import type { Value } from "../sql/types.ts";
import type { Change } from "../store/changes.ts";
import type { TopicRecord } from "./topics.ts";

export type ChangeToRecord = (change: Pick<Change, "seq" | "row">) => TopicRecord;

export function rowRecords(topic: string, table: Table): ChangeToRecord {
  const key = messageKeyWriter(table);
  const value = rowWriter(table.relation.columns);
  const time = timeColumn(table);
  return ({ seq, row }) => ({
    topic,
    partition: 0,
    position: seq,
    timeMs: time === null ? null : numberOf(row[time]),
    key: key(row),
    headers: { output: table.name },
    value: Buffer.from(value(row)),
  });
}

export function alertRecords(topic: string): ChangeToRecord {
  return ({ seq, row }) => {
    const alert = raisedAlert(row);
    const { alertId, eventTimeMs } = alert;
    return {
      topic,
      partition: 0,
      position: seq,
      timeMs: eventTimeMs,
      key: JSON.stringify({ table: ALERTS, alert_id: alertId }),
      headers: { output: ALERTS },
      value: Buffer.from(alertToJson(alert)),
    };
  };
}

const numberOf = (value: Value | undefined) => (typeof value === "number" ? value : null);
