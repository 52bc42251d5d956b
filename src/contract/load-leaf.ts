/** Reads the schema of one leaf of the event: a text, number, boolean or array of texts. */
import { arrayOf, BIGINT, BOOLEAN, DOUBLE, type SqlType, STRING, TIMES, TIMESTAMP } from "../sql/types.ts";
import type { YamlMap, YamlNode } from "../yaml.ts";
import { ANNOTATIONS, readMap, refuse } from "./load-keywords.ts";
import type { Leaf } from "./schema.ts";

export const ARRAY_OR_SCALAR_KINDS = ["string", "integer", "number", "boolean", "array"] as const;
type LeafKind = (typeof ARRAY_OR_SCALAR_KINDS)[number];

const COMMON = [...ANNOTATIONS, "type", "x-pii", "x-protected", "x-unit"];
const TEXT = ["enum", "const", "maxLength"];
const BOUNDS = ["minimum", "maximum"];
const KEYWORDS: Readonly<Record<LeafKind, readonly string[]>> = {
  string: [...COMMON, ...TEXT, "format"],
  integer: [...COMMON, ...BOUNDS, "x-format"],
  number: [...COMMON, ...BOUNDS],
  boolean: COMMON,
  array: [...COMMON, "items"],
};

/** What the caller already knows of the leaf. */
export type LeafIdentity = Pick<Leaf, "name" | "path" | "description" | "column">;

/** Reads one leaf; what is wrong with it is complained of, and the leaf returned is then of no use. */
export function loadLeaf(node: YamlNode, kind: LeafKind, identity: LeafIdentity): Leaf {
  const map = readMap(node, KEYWORDS[kind]);
  map.optional("x-unit").string();
  const format = formatOf(map, kind);
  return {
    kind: "leaf",
    ...identity,
    type: typeOf(kind, format),
    format,
    ...boundsOf(map, kind, format),
    ...textOf(kind === "array" ? itemsOf(map) : kind === "string" ? map : null, node, format),
    pii: map.optional("x-pii").oneOf(["mask", "token", "drop"]),
    protected: map.optional("x-protected").boolean() ?? false,
  };
}

function formatOf(map: YamlMap, kind: LeafKind): Leaf["format"] {
  if (kind === "integer") return map.optional("x-format").oneOf(["epoch-millis"]);
  return kind === "string" ? map.optional("format").oneOf(["uuid", "date", "date-time"]) : null;
}

function typeOf(kind: LeafKind, format: Leaf["format"]): SqlType {
  if (format === "date-time" || format === "epoch-millis") return TIMESTAMP;
  const types = { string: STRING, integer: BIGINT, number: DOUBLE, boolean: BOOLEAN, array: arrayOf(STRING) };
  return types[kind];
}

function boundsOf(map: YamlMap, kind: LeafKind, format: Leaf["format"]): Pick<Leaf, "minimum" | "maximum"> {
  const [minimum, maximum] = BOUNDS.map((keyword) => {
    const node = map.optional(keyword);
    return kind === "integer" ? node.integer() : kind === "number" ? node.number() : null;
  });
  if (minimum != null && maximum != null && minimum > maximum)
    refuse(map.get("minimum"), "the minimum is above the maximum", "Exchange the two.");
  if (format === "epoch-millis" && ((minimum ?? 0) < TIMES.low || (maximum ?? 0) > TIMES.high))
    refuse(
      map.get("x-format"),
      "a bound lies outside the years 0001 to 9999",
      "Bring minimum and maximum inside.",
    );
  return { minimum: minimum ?? null, maximum: maximum ?? null };
}

/** An array's elements are texts. */
function itemsOf(map: YamlMap): YamlMap {
  const items = readMap(map.get("items"), [...ANNOTATIONS, "type", ...TEXT]);
  items.get("type").oneOf(["string"]);
  return items;
}

function textOf(
  map: YamlMap | null,
  node: YamlNode,
  format: Leaf["format"],
): Pick<Leaf, "values" | "maxLength"> {
  if (!map) return { values: null, maxLength: null };
  const values = valuesOf(map);
  const maxLength = map.optional("maxLength").integer();
  if (maxLength !== null && maxLength < 0)
    refuse(map.get("maxLength"), "no text is so short", "Write a maxLength of 0 or more.");
  if (format !== null && (values !== null || map.has("maxLength")))
    refuse(
      node,
      `format: ${format} fixes the form already`,
      "Leave out enum, const and maxLength, or the format.",
    );
  return { values, maxLength };
}

function valuesOf(map: YamlMap): readonly string[] | null {
  if (map.has("const")) {
    if (map.has("enum"))
      refuse(map.get("const"), "const and enum exclude each other", "Keep one of the two.");
    const value = map.get("const").string();
    return value === null ? null : [value];
  }
  if (!map.has("enum")) return null;
  const values = map
    .get("enum")
    .list()
    .map((item) => enumValue(item));
  if (values.length === 0) refuse(map.get("enum"), "no value is possible", "List at least one value.");
  return [...new Set(values.filter((value) => value !== null))];
}

function enumValue(item: YamlNode): string | null {
  if (item.kind !== "null") return item.string();
  refuse(item, "null is no value", "Leave it out: a field that isn't required may be null.");
  return null;
}
