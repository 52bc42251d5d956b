/** Values of columns as YAML writes them. */
import type { SqlType, Value } from "../../sql/types.ts";
import { TIMES } from "../../sql/types.ts";
import type { YamlNode } from "../../yaml.ts";

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;
const WHOLE = /^-?\d{1,19}$/;

/** A time in UTC as milliseconds since the epoch, such as `2026-01-01T00:00:10.000Z`. */
export function readTime(node: YamlNode): number | null {
  const text = node.string();
  if (text === null) return null;
  const ms = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (ms >= TIMES.low && ms <= TIMES.high) return ms;
  node.complain("this is no time in UTC", "Write one such as 2026-01-01T00:00:10.000Z.");
  return null;
}

/** A value of the type; anything else is complained of and null. A BIGINT beyond 2^53 is written as a text. */
export function readValue(node: YamlNode, type: SqlType): Value {
  if (node.kind === "null" || node.kind === "missing" || type.kind === "null") return null;
  switch (type.kind) {
    case "bigint":
      return node.kind === "string" ? readWide(node) : node.integer();
    case "double":
      return node.number();
    case "string":
      return node.string();
    case "boolean":
      return node.boolean();
    case "timestamp":
      return readTime(node);
    case "array":
      return node.list().map((element) => readValue(element, type.element));
    case "struct": {
      const map = node.map(type.fields.map(({ name }) => name));
      return type.fields.map((field) => readValue(map.get(field.name), field.type));
    }
  }
}

function readWide(node: YamlNode): number | bigint | null {
  const text = node.string() ?? "";
  if (!WHOLE.test(text)) {
    node.complain("expected a whole number", "Write digits.", "yaml.wrong-type");
    return null;
  }
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

/** As it could stand in the test. */
export function valueText(type: SqlType, value: Value): string {
  if (value === null) return "null";
  if (type.kind === "timestamp" && typeof value === "number") return new Date(value).toISOString();
  if (type.kind === "array" && Array.isArray(value))
    return `[${value.map((element) => valueText(type.element, element)).join(", ")}]`;
  if (type.kind === "struct" && Array.isArray(value)) return rowText(type.fields, value);
  if (typeof value === "string") return isPlain(value) ? value : JSON.stringify(value);
  return typeof value === "bigint" ? `"${value}"` : String(value);
}

/** Whether YAML reads it as a text without quotes. */
function isPlain(text: string): boolean {
  return /^(?!(?:true|false|null)$)[A-Za-z0-9][\w-]*$/i.test(text) && Number.isNaN(Number(text));
}

export function rowText(
  columns: readonly { readonly name: string; readonly type: SqlType }[],
  row: readonly Value[],
): string {
  return `{ ${columns.map(({ name, type }, i) => `${name}: ${valueText(type, row[i] ?? null)}`).join(", ")} }`;
}
