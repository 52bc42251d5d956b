/** The contract of a scanner, said once more over `JSON.parse`: slow and plain. (Not for keys that come twice.) */
import { rangeOf } from "../../src/contract/guarantees.ts";
import type { EventSchema, Field, Leaf } from "../../src/contract/schema.ts";

class NumberToken {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Found = null | number | string | boolean | string[];

/** One value a leaf (null where absent), or null for a dead record. */
export function naiveScan(schema: EventSchema, bytes: Uint8Array): Found[] | null {
  try {
    const decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const event: unknown = Reflect.apply(JSON.parse, JSON, [decoded, reviveTokens]);
    const values: Found[] = schema.leaves.map(() => null);
    readObject(schema.fields, event, values);
    checkPresence(schema, event);
    return values;
  } catch {
    return null;
  }
}

function reviveTokens(key: string, value: unknown, context: { source?: string }): unknown {
  if (!key.isWellFormed() || (typeof value === "string" && !value.isWellFormed()))
    throw new Error("surrogate");
  return typeof value === "number" ? new NumberToken(context.source ?? "") : value;
}

function assert(holds: boolean): asserts holds {
  if (!holds) throw new Error("dead");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberToken)
  );
}

function readObject(fields: readonly Field[], object: unknown, values: Found[]): void {
  assert(isObject(object));
  for (const field of fields) {
    const value = Object.hasOwn(object, field.name) ? object[field.name] : null;
    if (value === null) continue;
    if (field.kind === "object") readObject(field.fields, value, values);
    else values[field.column] = readLeaf(field, value);
  }
}

function readLeaf(leaf: Leaf, value: unknown): Found {
  switch (leaf.type.kind) {
    case "boolean":
      assert(typeof value === "boolean");
      return value;
    case "array":
      assert(Array.isArray(value));
      return value.map((element) => readText(leaf, element));
    case "string":
      return readText(leaf, value);
    case "timestamp":
      return leaf.format === "date-time" ? readTime(value) : readNumber(leaf, value);
    default:
      return readNumber(leaf, value);
  }
}

function readText({ format, values, maxLength }: Leaf, text: unknown): string {
  assert(typeof text === "string");
  if (format === "uuid") assert(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text));
  if (format === "date") assert(/^\d{4}-\d\d-\d\d$/.test(text) && isReal(`${text}T00:00:00.000Z`));
  if (values) assert(values.includes(text));
  if (maxLength !== null) assert([...text].length <= maxLength);
  return text;
}

function readTime(text: unknown): number {
  assert(typeof text === "string" && isReal(text));
  return Date.parse(text);
}

function isReal(time: string): boolean {
  const parsed = new Date(time);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString() === time && !time.startsWith("0000");
}

function readNumber(leaf: Leaf, token: unknown): number {
  assert(token instanceof NumberToken);
  if (leaf.type.kind !== "double") assert(/^-?\d+$/.test(token.source));
  const number = Number(token.source);
  const range = rangeOf(leaf);
  assert(range !== null && number >= range.low && number <= range.high);
  return number + 0;
}

function checkPresence({ requirements }: EventSchema, event: unknown): void {
  for (const { when, paths } of requirements) {
    if (when && !when.values.some((value) => value === valueAt(event, when.path))) continue;
    for (const path of paths) {
      const parent = path.includes(".") ? valueAt(event, path.slice(0, path.lastIndexOf("."))) : event;
      if (parent !== null) assert(valueAt(event, path) !== null);
    }
  }
}

function valueAt(event: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : null),
      event,
    );
}
