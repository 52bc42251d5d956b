/** Records of topics as lines that people read. */
import { recordMask } from "../contract/mask.ts";
import type { EventSchema } from "../contract/schema.ts";
import { valueFromJson } from "../output/json.ts";
import type { Table } from "../pipeline/pipeline.ts";
import { timeColumn } from "../pipeline/time-column.ts";
import type { Topic } from "../topics/topic-list.ts";
import type { TopicRecord } from "../topics/topics.ts";
import { cutTo } from "./aligned.ts";
import { plainText, printable, type TextSettings } from "./table-text.ts";

export type RecordText = (record: TopicRecord) => string;

/** Of a row or an alert, whose keys and values are JSON: what it is and where it stands, as an object. */
export function recordJson(record: TopicRecord): string {
  const { topic, partition, position, timeMs, key, headers, value } = record;
  const time = timeMs === null ? null : new Date(timeMs).toISOString();
  const head = JSON.stringify({ topic, partition, position, table: headers.output ?? null, time });
  const json = [key, new TextDecoder().decode(value)].map(jsonOrText);
  return `${head.slice(0, -1)},"key":${json[0]},"value":${json[1]}}`;
}

/** As it is, its numbers to the last digit; what is no JSON, which others may have put there, as a text. */
function jsonOrText(text: string | null): string {
  if (text === null) return "null";
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

/**
 * A line a record: its time and position, then of a row the table and its columns, of an alert its message, of an event
 * what the schema shows of it, masked.
 */
export function recordText(topic: Topic, schema: EventSchema, settings: TextSettings): RecordText {
  const text = topicText(topic, schema, settings);
  return (record) => {
    const time = record.timeMs === null ? "" : settings.time(record.timeMs);
    return cutTo(settings.width, printable(`${time}  ${record.position}  ${text(record)}`).trim());
  };
}

function topicText({ kind, tables }: Topic, schema: EventSchema, settings: TextSettings): RecordText {
  if (kind === "output") return rowText(tables, settings);
  if (kind === "alerts") return alertText;
  const mask = recordMask(schema);
  return ({ headers, value }) => {
    const complaint = headers["__streams.errors.message"];
    return [...(complaint === undefined ? [] : [complaint]), JSON.stringify(mask(value))].join("  ");
  };
}

function alertText({ value }: TopicRecord): string {
  const { severity, alert, message } = { severity: "", alert: "", message: "", ...objectOf(value) };
  return [severity.padEnd("critical".length), alert, message].join("  ");
}

/** The columns of a table stand one below the other as soon as their widest values have been seen. */
function rowText(tables: readonly Table[], settings: TextSettings): RecordText {
  const widest = Math.max(0, ...tables.map(({ name }) => name.length));
  const texts = new Map(tables.map((table) => [table.name, cellsText(table, settings)]));
  return ({ headers, value }) => {
    const table = headers.output ?? "";
    return `${table.padEnd(widest)}  ${texts.get(table)?.(objectOf(value)) ?? ""}`;
  };
}

function cellsText(table: Table, { time }: TextSettings): (row: object) => string {
  const shownFirst = timeColumn(table);
  const columns = table.relation.columns.filter((_, place) => place !== shownFirst);
  const widths = columns.map(() => 0);
  return (row) => {
    const values = new Map<string, unknown>(Object.entries(row));
    const cells = columns.map(({ name, type }, place) => {
      const cell = `${name}=${plainText(type, valueFromJson(type, values.get(name)), time)}`;
      widths[place] = Math.max(widths[place] ?? 0, cell.length);
      return cell.padEnd(widths[place] ?? 0);
    });
    return cells.join("  ");
  };
}

/** Empty where it is none: anybody may write to a topic of Kafka. */
function objectOf(value: Uint8Array): object {
  try {
    const found: unknown = JSON.parse(new TextDecoder().decode(value));
    return typeof found === "object" && found !== null ? found : {};
  } catch {
    return {};
  }
}
