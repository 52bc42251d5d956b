/** Rows, alerts and dead letters as Kafka messages, in Spark SQL: `src/topics/row-record.ts` says the same of a row. */
import { ALERTS } from "../../../pipeline/alerts.ts";
import type { Alert, Pipeline, Table } from "../../../pipeline/pipeline.ts";
import { PARTITION_COLUMN, POSITION_COLUMN } from "../../../pipeline/source.ts";
import { ownTopics } from "../../../pipeline/topic-names.ts";
import { quoteText } from "../../../sql/render/spark.ts";
import { messageText } from "./alert-text.ts";
import type { Branch } from "./branches.ts";

/** Text of a struct that is null where there is no message. */
interface Message {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Of each row of `from`: a SELECT of Kafka's columns. */
export function selectMessages(messages: readonly string[], from: string): string {
  const all = `SELECT explode(array(${messages.join(",\n")})) AS _m\nFROM ${from}`;
  return `SELECT _m.topic, _m.key, _m.value, _m.headers\nFROM (${all})\nWHERE _m IS NOT NULL`;
}

/** @param name of the table that is named in key and header */
export function rowMessage({ name, topic, key, relation }: Table, branch: Branch): string {
  const columns = relation.columns.map((column, index) => field(column.name, branch.column(index)));
  const keys = keyFields({ key, relation }, branch);
  return messageWhere(branch.holds(), {
    topic: quoteText(topic),
    key: keyText([field("table", quoteText(name)), ...keys]),
    value: `to_json(named_struct(${columns.join(", ")}))`,
    headers: { output: quoteText(name) },
  });
}

export function alertMessage(alert: Alert, branch: Branch, { source, currency }: Pipeline): string {
  const { rows, time } = alert;
  const id = branch.column(0);
  const fields = [
    field("alert_id", id),
    field("alert", quoteText(alert.name)),
    field("severity", quoteText(alert.severity)),
    field("table", quoteText(alert.table)),
    field("key", `named_struct(${keyFields(rows, branch).join(", ")})`),
    ...(time === null ? [] : [field("event_time", branch.column(time))]),
    field("message", messageText(alert, branch, currency)),
  ];
  return messageWhere(branch.holds(), {
    topic: quoteText(ownTopics(source).alerts),
    key: keyText([field("table", quoteText(ALERTS)), field("alert_id", id)]),
    value: `to_json(named_struct(${fields.join(", ")}))`,
    headers: { output: quoteText(ALERTS) },
  });
}

/** Columns of the wide table that hold a dead record. */
export interface DeadRecord {
  readonly isDead: string;
  readonly record: string;
  /** The text that names what the event is of. */
  readonly key: string;
  readonly place: { readonly [PARTITION_COLUMN]: string; readonly [POSITION_COLUMN]: string };
}

export function deadLetterMessage({ isDead, record, key, place }: DeadRecord, { source }: Pipeline): string {
  return messageWhere(isDead, {
    topic: quoteText(ownTopics(source).dlq),
    key,
    value: record,
    headers: {
      "__streams.errors.topic": quoteText(source.topic),
      "__streams.errors.partition": `CAST(${place[PARTITION_COLUMN]} AS STRING)`,
      "__streams.errors.offset": `CAST(${place[POSITION_COLUMN]} AS STRING)`,
    },
  });
}

function messageWhere(condition: string, { topic, key, value, headers }: Message): string {
  const pairs = Object.entries(headers).map(
    ([name, text]) => `named_struct('key', ${quoteText(name)}, 'value', CAST(${text} AS BINARY))`,
  );
  const fields = [
    field("topic", topic),
    field("key", key),
    field("value", value),
    field("headers", `array(${pairs.join(", ")})`),
  ];
  return `CASE WHEN ${condition} THEN named_struct(${fields.join(", ")}) END`;
}

const field = (name: string, sql: string): string => `${quoteText(name)}, ${sql}`;

function keyFields({ key, relation }: Pick<Table, "key" | "relation">, branch: Branch): readonly string[] {
  return key.map((name) =>
    field(name, branch.column(relation.columns.findIndex((column) => column.name === name))),
  );
}

/** An escape of a control character, after whole escaped backslashes. */
const ESCAPE = "(?<!\\\\)((?:\\\\\\\\)*)\\\\u00";
const WITH_LETTERS = ["0B", "0E", "0F", "1A", "1B", "1C", "1D", "1E", "1F"];

/** Spark writes the digits of such an escape in capitals, JavaScript in small letters; keys are equal to the byte. */
function keyText(fields: readonly string[]): string {
  const json = `to_json(named_struct(${fields.join(", ")}))`;
  const small = WITH_LETTERS.reduce(
    (text, digits) =>
      `regexp_replace(${text}, ${quoteText(`${ESCAPE}${digits}`)}, ${quoteText(`$1\\\\u00${digits.toLowerCase()}`)})`,
    json,
  );
  return `CASE WHEN contains(${json}, ${quoteText("\\u00")}) THEN ${small} ELSE ${json} END`;
}
