/** A schema laid out for the scanner: fields found by the bytes of their keys, values of enums by theirs. */
import { Buffer } from "node:buffer";
import { rangeOf } from "./guarantees.ts";
import { COLON, QUOTE } from "./scan-json.ts";
import type { EventSchema, Field, Leaf } from "./schema.ts";

export type ValueKind =
  | "object"
  | "text"
  | "enum"
  | "uuid"
  | "date"
  | "date-time"
  | "integer"
  | "double"
  | "boolean"
  | "list";

export interface ObjectLayout {
  /** JSON path, `$` for the event. */
  readonly path: string;
  readonly first: FieldLayout | null;
  readonly fields: readonly FieldLayout[];
  readonly byName: ReadonlyMap<string, FieldLayout>;
}

export interface FieldLayout {
  readonly kind: ValueKind;
  /** JSON path such as `$.loan.amount_cents`. */
  readonly path: string;
  /** The key as most producers write it, without its opening quote: `amount_cents":`. */
  readonly key: Uint8Array;
  /** Place among all fields, objects included. */
  readonly slot: number;
  /** Of a leaf, its column; of an object -1. */
  readonly column: number;
  readonly object: ObjectLayout | null;
  readonly low: number;
  readonly high: number;
  readonly maxLength: number;
  readonly values: ByteLookup | null;
  /** The field that followed this one last time: a guess that saves the look-up. */
  next: FieldLayout | null;
}

export interface Layout {
  readonly root: ObjectLayout;
  readonly slots: number;
  readonly rules: readonly PresenceRule[];
}

/** What must be there when the text in `column` is one of `values`; always, where `values` is null. */
export interface PresenceRule {
  readonly column: number;
  readonly values: ReadonlySet<string> | null;
  readonly checks: readonly PresenceCheck[];
}

export interface PresenceCheck {
  readonly slot: number;
  /** Slot of the object around it, -1 for the event. */
  readonly parent: number;
  readonly path: string;
}

export function layOut(schema: EventSchema): Layout {
  const bySchemaPath = new Map<string, FieldLayout>();
  const root = objectLayout(schema.fields, "", bySchemaPath);
  const rules = schema.requirements.map(({ when, paths }) => ({
    column: when ? bySchemaPath.get(when.path)!.column : -1,
    values: when ? new Set(when.values) : null,
    checks: paths.map((path) => presenceCheck(path, bySchemaPath)),
  }));
  return { root, slots: bySchemaPath.size, rules };
}

function presenceCheck(path: string, bySchemaPath: ReadonlyMap<string, FieldLayout>): PresenceCheck {
  const parent = path.slice(0, Math.max(path.lastIndexOf("."), 0));
  return {
    slot: bySchemaPath.get(path)!.slot,
    parent: parent === "" ? -1 : bySchemaPath.get(parent)!.slot,
    path: `$.${path}`,
  };
}

function objectLayout(
  fields: readonly Field[],
  path: string,
  bySchemaPath: Map<string, FieldLayout>,
): ObjectLayout {
  const laidOut = fields.map((field) => fieldLayout(field, bySchemaPath));
  for (const [index, field] of laidOut.entries()) field.next = laidOut[index + 1] ?? null;
  return {
    path: path === "" ? "$" : `$.${path}`,
    first: laidOut[0] ?? null,
    fields: laidOut,
    byName: new Map(fields.map(({ name }, index) => [name, laidOut[index]!])),
  };
}

function fieldLayout(field: Field, bySchemaPath: Map<string, FieldLayout>): FieldLayout {
  const leaf = field.kind === "leaf" ? field : null;
  const range = leaf ? rangeOf(leaf) : null;
  const maxLength = leaf?.maxLength ?? Number.POSITIVE_INFINITY;
  const object = field.kind === "object" ? objectLayout(field.fields, field.path, bySchemaPath) : null;
  const layout: FieldLayout = {
    kind: leaf ? kindOf(leaf) : "object",
    path: `$.${field.path}`,
    key: Buffer.concat([Buffer.from(field.name), Buffer.of(QUOTE, COLON)]),
    slot: bySchemaPath.size,
    column: leaf?.column ?? -1,
    object,
    low: range?.low ?? 0,
    high: range?.high ?? 0,
    maxLength,
    values: leaf?.values ? byteLookup(leaf.values.filter((value) => [...value].length <= maxLength)) : null,
    next: null,
  };
  bySchemaPath.set(field.path, layout);
  return layout;
}

function kindOf({ type, format, values }: Leaf): ValueKind {
  if (format === "epoch-millis") return "integer";
  if (format !== null) return format;
  if (type.kind === "array") return "list";
  if (type.kind === "string") return values ? "enum" : "text";
  if (type.kind === "boolean") return "boolean";
  return type.kind === "double" ? "double" : "integer";
}

/** Finds which of a few texts stands in `bytes[start, end)`, without making a string. */
export interface ByteLookup {
  readonly mask: number;
  readonly buckets: readonly (readonly Candidate[])[];
}

interface Candidate {
  readonly bytes: Uint8Array;
  readonly value: string;
}

const hash = (length: number, first: number, last: number) => length * 7 + first * 31 + last;

export function byteLookup(values: readonly string[]): ByteLookup {
  const size = 1 << Math.ceil(Math.log2(values.length * 4 + 1));
  const buckets: Candidate[][] = Array.from({ length: size }, () => []);
  for (const value of values) {
    const bytes = Buffer.from(value);
    buckets[hash(bytes.length, bytes[0] ?? 0, bytes.at(-1) ?? 0) & (size - 1)]!.push({ bytes, value });
  }
  return { mask: size - 1, buckets };
}

export function lookUp(lookup: ByteLookup, bytes: Uint8Array, start: number, end: number): string | null {
  const empty = start === end;
  const code = hash(end - start, empty ? 0 : bytes[start]!, empty ? 0 : bytes[end - 1]!);
  for (const { bytes: expected, value } of lookup.buckets[code & lookup.mask]!) {
    if (expected.length === end - start && startsWith(bytes, start, expected)) return value;
  }
  return null;
}

export function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++)
    if (bytes[at + index] !== expected[index]) return false;
  return true;
}
