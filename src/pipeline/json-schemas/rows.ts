/** JSON Schema of what a pipeline puts out: rows of its tables, their keys, alerts. */
import type { Column } from "../../sql/plan.ts";
import { STRING } from "../../sql/types.ts";
import { ALERTS } from "../alerts.ts";
import type { ModelDescription } from "../describe-models.ts";
import { type Pipeline, SEVERITIES, type Table } from "../pipeline.ts";
import { type JsonSchema, type SchemaField, schemaOfFields } from "./schema.ts";

/**
 * Of a table's rows as JSON. `x-key` names the columns that identify a row, `x-emit` says when rows leave, `x-unit` what
 * a number counts.
 */
export function rowSchema(table: Table, { descriptions }: Pick<Pipeline, "descriptions">): JsonSchema {
  const described = descriptions.get(table.name);
  return {
    title: table.name,
    ...(described === undefined ? {} : { description: oneLine(described.description) }),
    ...schemaOfFields(table.relation.columns.map((column) => fieldOf(column, described))),
    "x-key": table.key,
    "x-emit": table.emit,
  };
}

/** Of the key of a table's rows as a message. */
export function rowKeySchema({ name, key, relation }: Table): JsonSchema {
  const columns = key.flatMap((column) => relation.columns.find((one) => one.name === column) ?? []);
  return schemaOfFields([
    { name: "table", type: STRING, nullable: false, notes: { const: name } },
    ...columns.map((column) => fieldOf(column, undefined)),
  ]);
}

/** Of alerts as JSON. */
export function alertSchema({ alerts }: Pick<Pipeline, "alerts">): JsonSchema {
  return {
    title: ALERTS,
    description: "That a row fulfilled an alert's condition, told once.",
    type: "object",
    properties: {
      alert_id: {
        type: "string",
        pattern: "^[0-9a-f]{64}$",
        description: "SHA-256 of alert, table and key: the same on every engine",
      },
      alert: { type: "string", enum: alerts.map(({ name }) => name), description: "The alert's name" },
      severity: { type: "string", enum: SEVERITIES, description: "How severe it is" },
      table: {
        type: "string",
        enum: [...new Set(alerts.map(({ table }) => table))],
        description: "The table that it watches",
      },
      key: { type: "object", description: "The key's columns of the row that raised it" },
      event_time: {
        type: "string",
        format: "date-time",
        description: "The event's time, or the end of the window; absent where the table shows neither",
      },
      message: { type: "string", description: "What happened, with the values of the moment" },
    },
    required: ["alert_id", "alert", "severity", "table", "key", "message"],
    additionalProperties: false,
    "x-key": ["alert_id"],
    "x-emit": "once",
  };
}

/** Of the key of alerts as messages. */
export const alertKeySchema: JsonSchema = schemaOfFields([
  { name: "table", type: STRING, nullable: false, notes: { const: ALERTS } },
  { name: "alert_id", type: STRING, nullable: false },
]);

function fieldOf(column: Column, described?: ModelDescription): SchemaField {
  const { name, type, nullable, range } = column;
  const { description = null, unit = null } = described?.columns.get(name) ?? {};
  return {
    ...{ name, type, nullable, range },
    notes: {
      ...(description === null ? {} : { description: oneLine(description) }),
      ...(unit === null ? {} : { "x-unit": unit }),
    },
  };
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, " ");
