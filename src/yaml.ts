/**
 * YAML with places. Every accessor that meets something else than it was asked for adds a diagnostic and
 * returns null (or an empty map or list), so that a loader walks the whole file and reports everything at once:
 *
 *     const diagnostics: Diagnostic[] = [];
 *     const root = parseYaml(text, "pipeline.yaml", diagnostics).map(["name", "delay_s", "outputs"]);
 *     const name = root.get("name").string();             // complains where it is missing
 *     const delay = root.optional("delay_s").number();    // null where it is missing
 *     for (const output of root.get("outputs").list()) output.map(["topic"]).get("topic").string();
 *     throwIfAny(diagnostics);
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
} from "yaml";
import type { Diagnostic, ErrorCode, Place } from "./errors.ts";
import { nearest } from "./suggest.ts";

/** "missing" is a value that isn't there; each of its accessors answers null, an empty map or list, silently. */
export type YamlKind = "map" | "list" | "string" | "number" | "boolean" | "null" | "missing";

/** A value of a document, with its place. */
export interface YamlNode {
  readonly kind: YamlKind;
  readonly place: Place;
  /** The value must be a map; with `allowed`, of these keys only. */
  map(allowed?: readonly string[]): YamlMap;
  list(): readonly YamlNode[];
  string(): string | null;
  /** One of these strings. */
  oneOf<T extends string>(values: readonly T[]): T | null;
  /** A finite number. */
  number(): number | null;
  /** A whole number within ±(2^53-1). */
  integer(): number | null;
  boolean(): boolean | null;
  /** Adds a diagnostic at this value. */
  complain(message: string, remedy: string, code?: ErrorCode): void;
}

export interface YamlMap {
  readonly place: Place;
  /** In the order of the file. */
  readonly entries: readonly YamlEntry[];
  has(key: string): boolean;
  /** The value under a key that must be there. */
  get(key: string): YamlNode;
  /** The value under a key, or a missing one. */
  optional(key: string): YamlNode;
}

export interface YamlEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: YamlNode;
}

/** Parses one document. Errors of syntax and duplicate keys are added to `diagnostics`, as is all that accessors find. */
export function parseYaml(text: string, file: string, diagnostics: Diagnostic[]): YamlNode {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const context = { file, diagnostics, placeAt: placer(file, lines) };
  for (const { code, message, pos } of document.errors) {
    const duplicate = code === "DUPLICATE_KEY";
    diagnostics.push({
      code: duplicate ? "yaml.duplicate-key" : "yaml.invalid",
      message: duplicate ? "this key stands twice" : `this is not valid YAML: ${firstLine(message)}`,
      remedy: duplicate ? "Keep one of the two." : "Correct the syntax here or on the line above.",
      place: context.placeAt(pos[0]),
    });
  }
  if (document.errors.some(({ code }) => code !== "DUPLICATE_KEY")) return missing(context, { file });
  return nodeOf(context, document.contents, { file, line: 1, column: 1 });
}

interface Context {
  readonly file: string;
  readonly diagnostics: Diagnostic[];
  readonly placeAt: (offset: number) => Place;
}

function placer(file: string, lines: LineCounter): (offset: number) => Place {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

const firstLine = (message: string) => message.split("\n", 1)[0]?.replace(/[.:]$/, "") ?? "";

function missing(context: Context, place: Place): YamlNode {
  return accessors(context, { kind: "missing", place, scalar: null, entries: [], items: [] });
}

function nodeOf(context: Context, node: Node | null, fallback: Place): YamlNode {
  const place = node?.range ? context.placeAt(node.range[0]) : fallback;
  if (isMap<ParsedNode, ParsedNode | null>(node)) {
    const entries = node.items.map(({ key, value }) => entryOf(context, key, value));
    return accessors(context, { kind: "map", place, scalar: null, entries, items: [] });
  }
  if (isSeq<ParsedNode | null>(node)) {
    const items = node.items.map((item) => nodeOf(context, item, place));
    return accessors(context, { kind: "list", place, scalar: null, entries: [], items });
  }
  if (isAlias(node)) return refusedAlias(context, place);
  const scalar = isScalar(node) ? node.value : null;
  return accessors(context, { kind: kindOf(scalar), place, scalar, entries: [], items: [] });
}

function entryOf(context: Context, keyNode: ParsedNode, value: ParsedNode | null): YamlEntry {
  const keyPlace = context.placeAt(keyNode.range[0]);
  const key = isScalar(keyNode) ? String(keyNode.value) : "";
  return { key, keyPlace, value: nodeOf(context, value, keyPlace) };
}

function refusedAlias(context: Context, place: Place): YamlNode {
  context.diagnostics.push({
    code: "yaml.invalid",
    message: "aliases are not read here",
    remedy: "Write the value out.",
    place,
  });
  return missing(context, place);
}

function kindOf(scalar: unknown): YamlKind {
  if (typeof scalar === "number" || typeof scalar === "bigint") return "number";
  if (typeof scalar === "boolean") return "boolean";
  return typeof scalar === "string" ? "string" : "null";
}

interface Value {
  readonly kind: YamlKind;
  readonly place: Place;
  readonly scalar: unknown;
  readonly entries: readonly YamlEntry[];
  readonly items: readonly YamlNode[];
}

function accessors(context: Context, value: Value): YamlNode {
  const complain: YamlNode["complain"] = (message, remedy, code = "yaml.wrong-value") => {
    context.diagnostics.push({ code, message, remedy, place: value.place });
  };
  const expect = (kind: YamlKind, remedy = `Write ${nouns[kind]}.`) => {
    if (value.kind === kind) return true;
    if (value.kind !== "missing")
      complain(`expected ${nouns[kind]}, found ${nouns[value.kind]}`, remedy, "yaml.wrong-type");
    return false;
  };
  const string = () =>
    expect("string", "Write a text, in quotes if need be.") ? String(value.scalar) : null;
  return {
    kind: value.kind,
    place: value.place,
    map(allowed) {
      expect("map");
      if (allowed) refuseUnknownKeys(context, value.entries, allowed);
      return mapOf(context, value);
    },
    list: () => (expect("list") ? value.items : []),
    string,
    oneOf(values) {
      const text = string();
      const found = values.find((candidate) => candidate === text) ?? null;
      if (text !== null && found === null)
        complain(`"${text}" is not known here`, `Write ${either(values)}.`);
      return found;
    },
    number() {
      if (!expect("number")) return null;
      if (Number.isFinite(value.scalar)) return Number(value.scalar);
      complain("expected a finite number", "Write a finite number.");
      return null;
    },
    integer() {
      if (!expect("number")) return null;
      if (Number.isSafeInteger(value.scalar)) return Number(value.scalar);
      complain("expected a whole number", "Write a whole number within ±9007199254740991.");
      return null;
    },
    boolean: () => (expect("boolean", "Write true or false.") ? value.scalar === true : null),
    complain,
  };
}

const nouns: Readonly<Record<YamlKind, string>> = {
  map: "a map (key: value)",
  list: "a list",
  string: "a text",
  number: "a number",
  boolean: "true or false",
  null: "nothing",
  missing: "nothing",
};

const either = (values: readonly string[]) => values.map((value) => `"${value}"`).join(" or ");

function mapOf(context: Context, { kind, place, entries }: Value): YamlMap {
  const byKey = new Map(entries.map((entry) => [entry.key, entry.value]));
  const optional = (key: string) => byKey.get(key) ?? missing(context, place);
  return {
    place,
    entries,
    has: (key) => byKey.has(key),
    optional,
    get(key) {
      if (kind === "map" && !byKey.has(key))
        context.diagnostics.push({
          code: "yaml.missing-key",
          message: `the key "${key}" is missing`,
          remedy: `Add "${key}:".`,
          place,
        });
      return optional(key);
    },
  };
}

function refuseUnknownKeys(
  context: Context,
  entries: readonly YamlEntry[],
  allowed: readonly string[],
): void {
  for (const { key, keyPlace } of entries) {
    if (allowed.includes(key)) continue;
    const near = nearest(key, allowed);
    context.diagnostics.push({
      code: "yaml.unknown-key",
      message: `the key "${key}" is not known here`,
      remedy:
        near === null ? `Remove it, or write one of: ${allowed.join(", ")}.` : `Write ${near}, or remove it.`,
      place: keyPlace,
    });
  }
}
