/** JSON Schema (2020-12) of values as they leave in JSON: nulls left out of objects, times in the one ISO form. */
import type { Range, SqlType, StructField } from "../../sql/types.ts";
import { SAFE } from "../../sql/types.ts";

export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Keywords by name, as they are printed. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const NULL_TYPE = { type: "null" } as const;

function schemaOfType(type: SqlType): JsonSchema {
  switch (type.kind) {
    case "bigint":
      return { type: "integer" };
    case "double":
      return { type: "number" };
    case "string":
      return { type: "string" };
    case "boolean":
      return { type: "boolean" };
    case "timestamp":
      return { type: "string", format: "date-time" };
    case "null":
      return NULL_TYPE;
    case "array":
      return { type: "array", items: { anyOf: [schemaOfType(type.element), NULL_TYPE] } };
    case "struct":
      return { ...schemaOfFields(type.fields.map((field) => ({ ...field, nullable: true }))) };
  }
}

export interface SchemaField extends StructField {
  /** Then it may be left out. */
  readonly nullable: boolean;
  /** Inclusive bounds of an integer. */
  readonly range?: Range | null;
  /** Further keywords. */
  readonly notes?: JsonSchema;
}

/** An object of these fields and no others. */
export function schemaOfFields(fields: readonly SchemaField[]): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(
      fields.map(({ name, type, range, notes }) => [
        name,
        { ...schemaOfType(type), ...boundsOf(type, range ?? null), ...notes },
      ]),
    ),
    required: fields.filter(({ nullable }) => !nullable).map(({ name }) => name),
    additionalProperties: false,
  };
}

function boundsOf({ kind }: SqlType, range: Range | null): JsonSchema {
  if (kind !== "bigint" || range === null) return {};
  return {
    ...(range.low > SAFE.low ? { minimum: range.low } : {}),
    ...(range.high < SAFE.high ? { maximum: range.high } : {}),
  };
}
