/** A raised alert as it is kept and shown: its message holds the values of the moment. */
import type { Alert, MessagePart, ValueFormat } from "../pipeline/pipeline.ts";
import type { Column } from "../sql/plan.ts";
import { STRING, TIMESTAMP, type Value } from "../sql/types.ts";
import type { NamedType } from "./json.ts";
import { keyWriter } from "./key.ts";

type Row = readonly Value[];

export interface RaisedAlert {
  /** SHA-256 of alert, table and key, in hexadecimal: the same on every engine. */
  readonly alertId: string;
  readonly alert: string;
  readonly severity: string;
  readonly table: string;
  /** Of the row that raised it, as a JSON object. */
  readonly key: string;
  /** The event's time, or the end of the window; null where the table shows neither. */
  readonly eventTimeMs: number | null;
  readonly message: string;
}

/** An alert as a row. */
export const RAISED_COLUMNS: readonly NamedType[] = [
  { name: "alert_id", type: STRING },
  { name: "alert", type: STRING },
  { name: "severity", type: STRING },
  { name: "table", type: STRING },
  { name: "key", type: STRING },
  { name: "event_time", type: TIMESTAMP },
  { name: "message", type: STRING },
];

export function raisedRow({ alertId, alert, severity, table, key, eventTimeMs, message }: RaisedAlert): Row {
  return [alertId, alert, severity, table, key, eventTimeMs, message];
}

/** The inverse of `raisedRow`. */
export function raisedAlert(row: Row): RaisedAlert {
  const text = (name: string) =>
    String(row[RAISED_COLUMNS.findIndex((column) => column.name === name)] ?? "");
  const time = row[RAISED_COLUMNS.findIndex(({ name }) => name === "event_time")];
  return {
    alertId: text("alert_id"),
    alert: text("alert"),
    severity: text("severity"),
    table: text("table"),
    key: text("key"),
    eventTimeMs: typeof time === "number" ? time : null,
    message: text("message"),
  };
}

/** Makes alerts of an alert's rows. `currency` is an ISO 4217 code. */
export function alertReader(alert: Alert, currency: string): (row: Row) => RaisedAlert {
  const { columns } = alert.rows.relation;
  const writeKey = keyWriter(alert.rows);
  const text = valueTexts(currency);
  const partText = (part: MessagePart, row: Row): string => {
    if (typeof part === "string") return part;
    const column = columns[part.column];
    return column ? text(column, row[part.column] ?? null, part.format) : "";
  };
  return (row) => {
    const time = alert.time === null ? null : row[alert.time];
    return {
      alertId: String(row[0]),
      alert: alert.name,
      severity: alert.severity,
      table: alert.table,
      key: writeKey(row),
      eventTimeMs: typeof time === "number" ? time : null,
      message: alert.message.map((part) => partText(part, row)).join(""),
    };
  };
}

/** One JSON object, without a line end. */
export function alertToJson({ alertId, eventTimeMs, key, ...rest }: RaisedAlert): string {
  const { alert, severity, table, message } = rest;
  const time = eventTimeMs === null ? "" : `"event_time":"${new Date(eventTimeMs).toISOString()}",`;
  const head = JSON.stringify({ alert_id: alertId, alert, severity, table }).slice(0, -1);
  return `${head},"key":${key},${time}"message":${JSON.stringify(message)}}`;
}

const MOST_ELEMENTS = 10;

function valueTexts(currency: string) {
  const money = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const unitsAWhole = 10 ** (money.resolvedOptions().maximumFractionDigits ?? 0);
  const percent = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });
  const large = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
  const small = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

  return function text({ type }: Pick<Column, "type">, value: Value, format: ValueFormat | null): string {
    if (value === null) return "unknown";
    if (Array.isArray(value)) {
      const element = { type: type.kind === "array" ? type.element : type };
      const shown = value.slice(0, MOST_ELEMENTS).map((its: Value) => text(element, its, null));
      const more = value.length - shown.length;
      return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    }
    if (typeof value !== "number" && typeof value !== "bigint") return String(value);
    if (type.kind === "timestamp") return new Date(Number(value)).toISOString().replace(".000Z", "Z");
    if (format === "money") return money.format(Number(value) / unitsAWhole);
    if (format === "percent") return percent.format(value);
    return (value > -1 && value < 1 ? small : large).format(value);
  };
}
