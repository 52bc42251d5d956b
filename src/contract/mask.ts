/**
 * Records as they may be shown: personal fields masked, and nothing that the schema doesn't know. What stands in a
 * field that it doesn't fit is told by its kind only, since a misplaced value may be personal.
 */
import { Buffer } from "node:buffer";
import { mask } from "../sql/runtime.ts";
import { rangeOf } from "./guarantees.ts";
import { isDate, isUuid, parseDateTime } from "./scan-formats.ts";
import type { EventSchema, Field, Leaf } from "./schema.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
/** A record's known fields in the schema's order; of a record that is no JSON object a text with its size. */
export type MaskedRecord = { readonly [name: string]: Json } | string;

/** How many fields of an object the schema doesn't know. No field of a schema begins with `_`. */
const HIDDEN = "_hidden_fields";

/** Masks records of one schema. `JSON.stringify` of what it gives is one line. */
export function recordMask(schema: EventSchema): (record: Uint8Array) => MaskedRecord {
  return (record) => {
    const value = parsed(record);
    return isObject(value)
      ? maskObject(schema.fields, value)
      : `${record.length} bytes that are no JSON object`;
  };
}

function parsed(record: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(record));
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function maskObject(fields: readonly Field[], object: object): { readonly [name: string]: Json } {
  const values = new Map<string, unknown>(Object.entries(object));
  const shown = fields.flatMap((field): [string, Json][] => {
    const value = values.get(field.name) ?? null;
    if (value === null || isDropped(field)) return [];
    return [[field.name, maskField(field, value)]];
  });
  const known = new Set(fields.map(({ name }) => name));
  const hidden = [...values.keys()].filter((name) => !known.has(name)).length;
  return Object.fromEntries(hidden === 0 ? shown : [...shown, [HIDDEN, hidden]]);
}

const isDropped = (field: Field) => field.kind === "leaf" && field.pii === "drop";

function maskField(field: Field, value: unknown): Json {
  if (field.kind === "object") return isObject(value) ? maskObject(field.fields, value) : kindOf(value);
  if (field.type.kind === "array")
    return Array.isArray(value) ? value.map((element: unknown) => maskLeaf(field, element)) : kindOf(value);
  return maskLeaf(field, value);
}

/** A leaf's value, or an element of its array. */
function maskLeaf(leaf: Leaf, value: unknown): Json {
  if (leaf.pii === "mask" && typeof value === "string") return mask(value);
  if (leaf.pii !== null) return kindOf(value);
  if (typeof value === "string") return textFits(leaf, value) ? value : kindOf(value);
  if (typeof value === "number") return numberFits(leaf, value) ? value : kindOf(value);
  return typeof value === "boolean" && leaf.type.kind === "boolean" ? value : kindOf(value);
}

function textFits({ type, format, values, maxLength }: Leaf, text: string): boolean {
  const element = type.kind === "array" ? type.element : type;
  const bytes = Buffer.from(text);
  if (format === "uuid") return isUuid(bytes, 0, bytes.length);
  if (format === "date") return isDate(bytes, 0, bytes.length);
  if (format === "date-time") return !Number.isNaN(parseDateTime(bytes, 0, bytes.length));
  if (element.kind !== "string") return false;
  return values === null
    ? [...text].length <= (maxLength ?? Number.POSITIVE_INFINITY)
    : values.includes(text);
}

function numberFits(leaf: Leaf, value: number): boolean {
  const range = leaf.format === "date-time" || leaf.type.kind === "array" ? null : rangeOf(leaf);
  return range !== null && value >= range.low && value <= range.high;
}

function kindOf(value: unknown): string {
  if (typeof value === "string") return `<text of ${[...value].length}>`;
  if (Array.isArray(value)) return "<list>";
  return isObject(value) ? "<object>" : `<${typeof value}>`;
}
