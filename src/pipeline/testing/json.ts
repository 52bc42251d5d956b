/** JSON values as YAML writes them, and as one is patched by another. */
import type { YamlNode } from "../../yaml.ts";

export type Json = null | string | number | boolean | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** The value of a node; a number that JSON can't write is complained of. */
function jsonOf(node: YamlNode): Json {
  switch (node.kind) {
    case "map":
      return jsonObjectOf(node);
    case "list":
      return node.list().map(jsonOf);
    case "string":
      return node.string();
    case "number":
      return node.number();
    case "boolean":
      return node.boolean();
    default:
      return null;
  }
}

/** The node's map; anything else is complained of, and empty. */
export function jsonObjectOf(node: YamlNode): JsonObject {
  return Object.fromEntries(node.map().entries.map(({ key, value }) => [key, jsonOf(value)]));
}

/** A JSON merge patch (RFC 7396): objects are merged, null removes, all else replaces. */
export function patched(target: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = isObject(value) ? patched(objectOrEmpty(result[key]), value) : value;
  }
  return result;
}

/** `{ a: { b: value } }` for `a.b`. */
export function atPath(path: string, value: Json): JsonObject {
  const [name = "", ...rest] = path.split(".");
  return { [name]: rest.length === 0 ? value : atPath(rest.join("."), value) };
}

function objectOrEmpty(value: Json | undefined): JsonObject {
  return value !== undefined && isObject(value) ? value : {};
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
