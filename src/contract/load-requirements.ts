/** Reads what must be present: `required` at each object, and `allOf` with `if` and `then` for an event type. */
import type { Place } from "../errors.ts";
import type { YamlMap, YamlNode } from "../yaml.ts";
import { ANNOTATIONS, readMap, refuse } from "./load-keywords.ts";
import type { Field, Requirement } from "./schema.ts";

export interface FoundField {
  readonly field: Field;
  readonly place: Place;
  /** Whether its schema says `type: [T, "null"]`. */
  readonly nullable: boolean;
}

type Found = ReadonlyMap<string, FoundField>;

/** One requirement for what is always required, then one for each `if`, in the file's order. */
export function loadRequirements(root: YamlMap, found: Found): Requirement[] {
  const always = requiredPaths(root, "", found);
  const conditional = root
    .optional("allOf")
    .list()
    .map((node) => loadConditional(node, found, new Set(always)));
  return [{ when: null, paths: always }, ...conditional].filter(({ paths }) => paths.length > 0);
}

/** Every path named by `required` in this object's schema and in those of its properties. */
function requiredPaths(map: YamlMap, path: string, found: Found): string[] {
  const own = map
    .optional("required")
    .list()
    .flatMap((item) => requiredPath(item, path, found));
  const inner = map
    .optional("properties")
    .map()
    .entries.filter(({ value }) => value.kind === "map")
    .flatMap(({ key, value }) => requiredPaths(value.map(), join(path, key), found));
  return [...own, ...inner];
}

const join = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

function requiredPath(item: YamlNode, parent: string, found: Found): string[] {
  const name = item.string();
  if (name === null) return [];
  const path = join(parent, name);
  const field = found.get(path);
  if (!field)
    refuse(item, `"${path}" is required and not described`, "Add it to properties, or correct its name.");
  if (field?.nullable)
    refuse(
      item,
      `"${path}" is required and may be null: null and absent are the same here`,
      'Take "null" out of its type, or do not require it.',
    );
  return [path];
}

function loadConditional(node: YamlNode, found: Found, always: ReadonlySet<string>): Requirement {
  const map = readMap(node, [...ANNOTATIONS, "if", "then"]);
  const when = loadCondition(map.get("if"), "", found, always);
  const then = map.get("then");
  checkThen(then, "", found);
  return { when, paths: requiredPaths(then.map(), "", found) };
}

/** Inside `then` only `required` and, below it, `properties` of objects. */
function checkThen(node: YamlNode, path: string, found: Found): void {
  const map = readMap(node, [...ANNOTATIONS, "required", "properties"]);
  for (const { key, value } of map.optional("properties").map().entries) {
    const inner = join(path, key);
    if (found.get(inner)?.field.kind === "object") checkThen(value, inner, found);
    else
      refuse(
        value,
        `"${inner}" is no object described above`,
        "Require it by name; its own rules go to properties.",
      );
  }
}

/** `properties: {event_type: {enum: […]}}`, through objects down to one text that is always present. */
function loadCondition(
  node: YamlNode,
  path: string,
  found: Found,
  always: ReadonlySet<string>,
): Requirement["when"] {
  const map = readMap(node, ["properties", "required"]);
  const [entry, ...others] = map.get("properties").map().entries;
  if (!entry || others.length > 0) {
    refuse(node, "a condition is on one field", "Name one field under properties.");
    return null;
  }
  refuseForeignRequired(map, entry.key);
  const inner = join(path, entry.key);
  const field = found.get(inner)?.field;
  if (!always.has(inner))
    refuse(
      entry.value,
      `"${inner}" is not always present`,
      "Add it to required, so that the condition is never open.",
    );
  if (field?.kind === "object") return loadCondition(entry.value, inner, found, always);
  if (field?.type.kind !== "string") {
    refuse(entry.value, `"${inner}" is no text described above`, "Put the condition on a text with an enum.");
    return null;
  }
  return { path: inner, values: conditionValues(entry.value, field.values) };
}

function refuseForeignRequired(map: YamlMap, name: string): void {
  for (const item of map.optional("required").list())
    if (item.string() !== name) refuse(item, "a condition is on one field", `Write required: [${name}].`);
}

function conditionValues(node: YamlNode, possible: readonly string[] | null): readonly string[] {
  const map = readMap(node, ["enum", "const"]);
  const items = map.has("const") ? [map.get("const")] : map.get("enum").list();
  return items.flatMap((item) => {
    const value = possible ? item.oneOf(possible) : item.string();
    return value === null ? [] : [value];
  });
}
