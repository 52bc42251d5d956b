/** How the columns of a table become one JSON object a row. */
import { Buffer } from "node:buffer";
import type { Leaf } from "../../contract/schema.ts";

/** An object of objects, in the columns' order, with the columns' indices as leaves. */
export type RecordShape = ReadonlyMap<string, RecordShape | number>;
type Growing = Map<string, Growing | number>;

/** Two columns that would fill the same field: the later index first. */
export interface Clash {
  readonly column: number;
  readonly with: number;
}

/** Where a column of this name goes: a leaf's dotted path leads to its field, any other name is a field itself. */
export function columnPath(name: string, leaves: ReadonlyMap<string, Leaf>): readonly string[] {
  return leaves.has(name) ? name.split(".") : [name];
}

export function recordShape(paths: readonly (readonly string[])[]): RecordShape | Clash {
  const root: Growing = new Map();
  for (const [column, path] of paths.entries()) {
    const name = path.at(-1) ?? "";
    const parent = parentOf(root, path);
    const taken = typeof parent === "number" ? parent : parent.get(name);
    if (taken !== undefined) return { column, with: anyColumn(taken) };
    if (typeof parent !== "number") parent.set(name, column);
  }
  return root;
}

/** The object that holds the path's last step, made if it isn't there; a column where one stands in the way. */
function parentOf(root: Growing, path: readonly string[]): Growing | number {
  let node = root;
  for (const step of path.slice(0, -1)) {
    const child = node.get(step) ?? new Map();
    if (typeof child === "number") return child;
    node.set(step, child);
    node = child;
  }
  return node;
}

function anyColumn(node: Growing | number): number {
  return typeof node === "number" ? node : Math.min(...[...node.values()].map(anyColumn));
}

/**
 * The members of a row's object, without braces; a column without a value, and an object without any, is left out.
 * All texts hold a byte of UTF-8 a character.
 */
export function writeMembers(shape: RecordShape, textOf: (column: number) => string | null): string {
  let text = "";
  for (const [name, child] of shape) {
    const value = typeof child === "number" ? textOf(child) : objectOrNothing(writeMembers(child, textOf));
    if (value !== null) text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${value}`;
  }
  return text;
}

function objectOrNothing(members: string): string | null {
  return members === "" ? null : `{${members}}`;
}

/** The text's UTF-8, a byte a character. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What is JSON stays JSON (in the one form without white space); anything else becomes a text. */
export function jsonOrText(bytes: string): string {
  try {
    return bytesOf(JSON.stringify(JSON.parse(utf8.decode(Buffer.from(bytes, "latin1")))));
  } catch {
    return JSON.stringify(bytes);
  }
}
