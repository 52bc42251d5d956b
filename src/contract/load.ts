/**
 * Reads a pipeline's `schema.yaml`: JSON Schema (2020-12) written as YAML, of which a listed part is understood.
 * Whatever isn't understood is refused, so that no rule is silently left unchecked.
 */
import type { Diagnostic } from "../errors.ts";
import { parseYaml, type YamlMap, type YamlNode } from "../yaml.ts";
import { ANNOTATIONS, isNullable, readMap, refuse } from "./load-keywords.ts";
import { ARRAY_OR_SCALAR_KINDS, loadLeaf } from "./load-leaf.ts";
import { type FoundField, loadRequirements } from "./load-requirements.ts";
import type { EventSchema, Field, Leaf } from "./schema.ts";

const OBJECT_KEYWORDS = [...ANNOTATIONS, "type", "properties", "required", "additionalProperties"];
const ROOT_KEYWORDS = [...OBJECT_KEYWORDS, "$schema", "$id", "allOf"];

/** What is known of each field, by dotted path, while the schema is read. */
export interface Reading {
  readonly leaves: Leaf[];
  readonly found: Map<string, FoundField>;
}

/** The schema, or null with at least one diagnostic. Every complaint of the file is reported at once. */
export function loadEventSchema(
  text: string,
  file: string,
): { schema: EventSchema | null; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const node = parseYaml(text, file, diagnostics);
  const reading: Reading = { leaves: [], found: new Map() };
  const root = readMap(node, ROOT_KEYWORDS);
  for (const keyword of ["$schema", "$id"]) root.optional(keyword).string();
  root.get("type").oneOf(["object"]);
  const fields = loadObject(root, "", reading);
  if (fields.length === 0 && diagnostics.length === 0)
    refuse(node, "the event has no fields", "Add properties.");
  const requirements = loadRequirements(root, reading.found);
  if (diagnostics.length > 0) return { schema: null, diagnostics };
  return { schema: { file, fields, leaves: reading.leaves, requirements }, diagnostics };
}

function loadObject(map: YamlMap, path: string, reading: Reading): Field[] {
  readAnnotations(map);
  const more = map.optional("additionalProperties");
  if (more.kind !== "missing" && more.boolean() !== true)
    refuse(more, "unknown fields are always ignored", "Write true, or leave it out.");
  const lower = new Set<string>();
  return map
    .get("properties")
    .map()
    .entries.map(({ key, keyPlace, value }) => {
      refuseName(key, lower, (message, remedy) => value.complain(message, remedy, "schema.invalid"));
      lower.add(key.toLowerCase());
      const field = loadField(value, key, path === "" ? key : `${path}.${key}`, reading);
      reading.found.set(field.path, { field, place: keyPlace, nullable: isNullable(value) });
      return field;
    });
}

/** Both engines must be able to name every field, and SQL does not tell upper from lower case in names. */
function refuseName(
  name: string,
  lower: ReadonlySet<string>,
  complain: (message: string, remedy: string) => void,
) {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name))
    complain(`"${name}" can't be the name of a column`, "Use letters, digits and _, a letter first.");
  if (lower.has(name.toLowerCase()))
    complain(`"${name}" differs from another field by upper and lower case only`, "Rename one of the two.");
}

function readAnnotations(map: YamlMap): string {
  map.optional("title").string();
  return map.optional("description").string() ?? "";
}

function loadField(node: YamlNode, name: string, path: string, reading: Reading): Field {
  const map = node.map();
  const type = typeName(map.get("type"));
  const description = readAnnotations(map);
  if (type === "object") {
    const fields = loadObject(readMap(node, OBJECT_KEYWORDS), path, reading);
    return { kind: "object", name, path, description, fields };
  }
  const leaf = loadLeaf(node, type, { name, path, description, column: reading.leaves.length });
  reading.leaves.push(leaf);
  return leaf;
}

const KINDS = [...ARRAY_OR_SCALAR_KINDS, "object"] as const;
type Kind = (typeof KINDS)[number];

/** `type: T` or `type: [T, "null"]`; "string" where it says something else, which is complained of. */
function typeName(node: YamlNode): Kind {
  if (node.kind !== "list") return node.oneOf(KINDS) ?? "string";
  const names = node.list().map((item) => item.oneOf([...KINDS, "null"]));
  const [only, ...others] = names.filter((name): name is Kind | null => name !== "null");
  if (only && others.length === 0) return only;
  refuse(node, "a field has one type", 'Write one type, or [type, "null"].');
  return "string";
}
