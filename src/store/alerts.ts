/** The table of alerts. One that is there already stays as it was: an id is raised once. */
import type { DatabaseSync } from "node:sqlite";
import { alertReader, RAISED_COLUMNS, type RaisedAlert } from "../output/alert.ts";
import type { NamedType } from "../output/json.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { SEQUENCE_COLUMN } from "../pipeline/source.ts";
import { BIGINT, type Value } from "../sql/types.ts";
import { quoted, sqliteType } from "./columns.ts";

/** `position`: how far the log had been taken in when the alert was raised, all partitions' positions together. */
export const ALERT_COLUMNS: readonly NamedType[] = [...RAISED_COLUMNS, { name: "position", type: BIGINT }];

export const ALERTS_TABLE = `
  CREATE TABLE IF NOT EXISTS ${ALERTS} (${[
    `${SEQUENCE_COLUMN} INTEGER PRIMARY KEY`,
    ...ALERT_COLUMNS.map(({ name, type }) => `${quoted(name)} ${sqliteType(type)}`),
  ].join(", ")});
  CREATE UNIQUE INDEX IF NOT EXISTS loanstream_alerts_id ON ${ALERTS} (alert_id);
`;

const INSERT = `INSERT INTO ${ALERTS} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert_id) DO NOTHING`;

/** Whether it was written. */
export type AlertWriter = (row: readonly Value[], seq: number, position: number) => boolean;

/** By the name of an alert's rows. */
export function alertWriters(
  database: DatabaseSync,
  { alerts, currency }: Pipeline,
): ReadonlyMap<string, AlertWriter> {
  const insert = database.prepare(INSERT);
  return new Map(
    alerts.map((alert) => {
      const read = alertReader(alert, currency);
      const write: AlertWriter = (row, seq, position) => {
        const { alertId, severity, table, key, eventTimeMs, message } = read(row);
        const time = eventTimeMs === null ? null : new Date(eventTimeMs).toISOString();
        const values = [alertId, alert.name, severity, table, key, time, message, position];
        return insert.run(seq, ...values).changes === 1;
      };
      return [alert.rows.name, write];
    }),
  );
}

export interface StoredAlerts {
  /** How many were raised ever. */
  readonly count: number;
  /** The last one first. */
  readonly newest: readonly RaisedAlert[];
}

export function alertsReader(database: DatabaseSync): (count: number) => StoredAlerts {
  const total = database.prepare(`SELECT count(*) AS count FROM ${ALERTS}`);
  const select = database.prepare(`SELECT * FROM ${ALERTS} ORDER BY ${SEQUENCE_COLUMN} DESC LIMIT ?`);
  return (count) => ({
    count: Number(total.get()?.count ?? 0),
    newest: select.all(count).map((row) => ({
      alertId: String(row.alert_id),
      alert: String(row.alert),
      severity: String(row.severity),
      table: String(row.table),
      key: String(row.key),
      eventTimeMs: row.event_time === null ? null : Date.parse(String(row.event_time)),
      message: String(row.message),
    })),
  });
}
