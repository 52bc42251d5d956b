/** The pipeline as an AsyncAPI 3 document: a channel a topic, a message a table. */

import { ALERTS } from "../pipeline/alerts.ts";
import { alertKeySchema, alertSchema, rowKeySchema, rowSchema } from "../pipeline/json-schemas/rows.ts";
import type { JsonSchema } from "../pipeline/json-schemas/schema.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { deadLetterHeaders } from "./event-record.ts";
import { type Topic, topicsOf } from "./topic-list.ts";

export interface AsyncApiParts {
  readonly pipeline: Pipeline;
  /** The event's JSON Schema as it stands in the pipeline's folder. */
  readonly event: JsonSchema;
  readonly version: string;
}

type Json = Readonly<Record<string, unknown>>;

export function asyncApi({ pipeline, event, version }: AsyncApiParts): Json {
  const topics = topicsOf(pipeline);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "loanstream",
      version,
      description: "Loan applications in; what is computed of them, alerts, late and dead events out.",
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(topics.map((topic) => [topic.name, channelOf(topic)])),
    operations: Object.fromEntries(topics.map((topic) => [operationName(topic), operationOf(topic)])),
    components: { messages: messagesOf(pipeline, event) },
  };
}

const reference = (...path: readonly string[]): Json => ({ $ref: `#/${path.join("/")}` });

const EVENT = "event";
const DEAD_EVENT = "dead_event";

/** By the names of the components. */
function messageNames({ kind, tables }: Topic): readonly string[] {
  switch (kind) {
    case "input":
    case "late":
      return [EVENT];
    case "dlq":
      return [DEAD_EVENT];
    case "alerts":
      return [ALERTS];
    case "output":
      return tables.map(({ name }) => name);
  }
}

function channelOf(topic: Topic): Json {
  const messages = messageNames(topic).map((name) => [name, reference("components", "messages", name)]);
  return {
    address: topic.name,
    description: topic.holds,
    messages: Object.fromEntries(messages),
    bindings: { kafka: { topic: topic.name } },
  };
}

const operationName = ({ kind, name }: Topic): string => `${kind === "input" ? "receive" : "send"}.${name}`;

/** As this program sees it: it receives events and sends all else. */
function operationOf(topic: Topic): Json {
  return {
    action: topic.kind === "input" ? "receive" : "send",
    channel: reference("channels", topic.name),
    messages: messageNames(topic).map((name) => reference("channels", topic.name, "messages", name)),
  };
}

function messagesOf(pipeline: Pipeline, event: JsonSchema): Json {
  const { source, tables } = pipeline;
  const key = source.key === null ? {} : { bindings: keyBinding({ type: "string", "x-path": source.key }) };
  const { $schema: _dialect, $id: _id, ...payload } = event;
  return {
    [EVENT]: { name: EVENT, title: "An event as it came", payload, ...key },
    [DEAD_EVENT]: {
      name: DEAD_EVENT,
      title: "A record that doesn't fit the schema, its bytes as they came",
      headers: headersSchema(DEAD_HEADERS.map((name) => [name, { type: "string" }])),
      contentType: "application/octet-stream",
      ...key,
    },
    ...Object.fromEntries(tables.map((table) => [table.name, rowMessage(table, pipeline)])),
    [ALERTS]: {
      name: ALERTS,
      title: "An alert",
      headers: outputHeader(ALERTS),
      payload: alertSchema(pipeline),
      bindings: keyBinding(alertKeySchema),
    },
  };
}

function rowMessage(table: Table, pipeline: Pipeline): Json {
  return {
    name: table.name,
    title: `A row of ${table.name}`,
    headers: outputHeader(table.name),
    payload: rowSchema(table, pipeline),
    bindings: keyBinding(rowKeySchema(table)),
  };
}

const keyBinding = (key: JsonSchema): Json => ({ kafka: { key } });

const outputHeader = (name: string): Json => headersSchema([["output", { type: "string", const: name }]]);

function headersSchema(headers: readonly (readonly [name: string, schema: JsonSchema])[]): Json {
  return {
    type: "object",
    properties: Object.fromEntries(headers),
    required: headers.map(([name]) => name),
  };
}

const DEAD_HEADERS = Object.keys(deadLetterHeaders("", { partition: 0, position: 0, path: "", reason: "" }));
