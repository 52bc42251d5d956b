/** The table of alerts. One that is there already stays as it was: each is raised once, whatever was replayed. */
import type { DatabaseSync } from "node:sqlite";
import { alertReader, type RaisedAlert } from "../output/alert.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Value } from "../sql/types.ts";

/** `position`: the log had been taken in up to there when the alert was raised. */
export const ALERTS_TABLE = `
  CREATE TABLE IF NOT EXISTS ${ALERTS} (
    alert_id TEXT PRIMARY KEY,
    alert TEXT NOT NULL,
    severity TEXT NOT NULL,
    "table" TEXT NOT NULL,
    key TEXT NOT NULL,
    event_time TEXT,
    message TEXT NOT NULL,
    position INTEGER NOT NULL
  );
`;

export type AlertWriter = (row: readonly Value[], position: number) => void;

/** By the name of an alert's rows. */
export function alertWriters(
  database: DatabaseSync,
  { alerts, currency }: Pipeline,
): ReadonlyMap<string, AlertWriter> {
  const insert = database.prepare(`INSERT OR IGNORE INTO ${ALERTS} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  return new Map(
    alerts.map((alert) => {
      const read = alertReader(alert, currency);
      const write: AlertWriter = (row, position) => {
        const { alertId, severity, table, key, eventTimeMs, message } = read(row);
        const time = eventTimeMs === null ? null : new Date(eventTimeMs).toISOString();
        insert.run(alertId, alert.name, severity, table, key, time, message, position);
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
  const select = database.prepare(`SELECT * FROM ${ALERTS} ORDER BY rowid DESC LIMIT ?`);
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
