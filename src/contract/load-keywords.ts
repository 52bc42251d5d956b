/** Which JSON Schema keywords are read, and how the others are refused. */
import type { YamlMap, YamlNode } from "../yaml.ts";

/** Keywords that say something to people only. */
export const ANNOTATIONS = ["title", "description", "examples"];

const remedies: Readonly<Record<string, string>> = {
  pattern:
    "Regular expressions differ between engines: use enum, format or maxLength, or test the text in a model.",
  exclusiveMinimum: "Use minimum.",
  exclusiveMaximum: "Use maximum.",
  multipleOf: "Use type: integer in a smaller unit, such as cents.",
  $ref: "Write the definition out.",
  oneOf: "Use one type; what an event type requires goes into allOf with if and then.",
  anyOf: "Use one type; what an event type requires goes into allOf with if and then.",
  dependentRequired: "Use allOf with if and then.",
};

export function refuse(node: YamlNode, message: string, remedy: string): void {
  node.complain(message, remedy, "schema.invalid");
}

/** The node as a map; every keyword that isn't listed is refused. */
export function readMap(node: YamlNode, keywords: readonly string[]): YamlMap {
  const map = node.map();
  for (const { key, value } of map.entries) {
    if (keywords.includes(key)) continue;
    const remedy = remedies[key] ?? `Remove it; read here are: ${keywords.join(", ")}.`;
    value.complain(`the keyword "${key}" is not read here`, remedy, "schema.unsupported");
  }
  return map;
}

/** Whether a field's schema says `type: [T, "null"]`. */
export function isNullable(node: YamlNode): boolean {
  if (node.kind !== "map") return false;
  const type = node.map().optional("type");
  return (
    type.kind === "list" && type.list().some((item) => item.kind === "string" && item.string() === "null")
  );
}
