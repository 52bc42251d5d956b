/**
 * Raw identifiers that a record must not carry. A text `ssn_token` holds the token of `ssn`; where the schema doesn't
 * know `ssn` itself, a record with one was sent by somebody who didn't put the token in its place. However it is written:
 * names count in any case and with any escapes, each of several fields of one name counts, and so does every element of
 * a list.
 */
import { Buffer } from "node:buffer";
import type { RecordBatch } from "../engine/batch.ts";
import type { EventSchema, Field } from "./schema.ts";

const TOKEN = "_token";

export interface FoundIdentifier {
  readonly path: string;
  readonly position: number;
}

/** Their dotted paths, such as `applicant.ssn`. */
export const rawIdentifiers = ({ fields }: EventSchema): readonly string[] => identifiersIn(fields);

function identifiersIn(fields: readonly Field[]): readonly string[] {
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  return fields.flatMap((field) => {
    if (field.kind === "object") return identifiersIn(field.fields);
    const twin = field.name.slice(0, -TOKEN.length);
    const isToken = field.type.kind === "string" && field.name.endsWith(TOKEN) && twin !== "";
    return isToken && !names.has(twin.toLowerCase()) ? [field.path.slice(0, -TOKEN.length)] : [];
  });
}

/** The first record of a batch that carries one of the paths with a value; only records that hold its name are parsed. */
export function rawIdentifierIn(paths: readonly string[]): (batch: RecordBatch) => FoundIdentifier | null {
  if (paths.length === 0) return () => null;
  const { whereIn, carriedBy } = lookFor(paths);
  return ({ bytes, offsets, count, basePosition }) => {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, offsets[count]);
    const escapes = all.indexOf(ESCAPE, offsets[0]) >= 0;
    for (let first = 0; first < count; ) {
      const base = offsets[first]!;
      const next = partEnd(offsets, first, count);
      const text = all.toString("latin1", base, offsets[next]);
      for (let row = first; row < next; row++) {
        const at = whereIn(text, offsets[row]! - base, escapes);
        if (at < 0) break;
        while (offsets[row + 1]! - base <= at) row++;
        const path = carriedBy(text.slice(offsets[row]! - base, offsets[row + 1]! - base));
        if (path !== null) return { path, position: basePosition + row };
      }
      first = next;
    }
    return null;
  };
}

/** As `rawIdentifierIn`, of one record: the path that it carries. */
export function rawIdentifierOf(paths: readonly string[]): (record: Uint8Array) => string | null {
  if (paths.length === 0) return () => null;
  const { whereIn, carriedBy } = lookFor(paths);
  return ({ buffer, byteOffset, length }) => {
    const text = Buffer.from(buffer, byteOffset, length).toString("latin1");
    return whereIn(text, 0, true) < 0 ? null : carriedBy(text);
  };
}

/** Of a character that a name may be written with, instead of the letter. */
const ESCAPE = "\\u00";
const ANY_ESCAPE = /\\u([0-9a-f]{4})/gi;
/** A longer text is slower to make, byte for byte. */
const PART_BYTES = 32_768;

/** Behind the last row of a part that begins with one: that row at least. */
function partEnd(offsets: Uint32Array, first: number, count: number): number {
  let end = first + 1;
  while (end < count && offsets[end + 1]! - offsets[first]! <= PART_BYTES) end++;
  return end;
}

/** Texts here have a character a byte: JSON's own are ASCII, and so are the names of fields. */
function lookFor(paths: readonly string[]) {
  const wanted = paths.map((path) => {
    const names = path.toLowerCase().split(".");
    const last = names.at(-1);
    // Its first quotation mark comes last: a search for that would stop at every text of a record.
    const source = `${last}(?<="${last})"\\s*:`;
    return { path, names, source, pattern: new RegExp(source, "i") };
  });
  const sources = wanted.map(({ source }) => source).join("|");
  const plain = new RegExp(sources, "gi");
  const escaped = new RegExp(`${sources}|\\\\u00[2-7]`, "gi");
  return {
    /** From where on a record is to be parsed. */
    whereIn(text: string, from: number, escapes: boolean): number {
      const pattern = escapes ? escaped : plain;
      pattern.lastIndex = from;
      return pattern.exec(text)?.index ?? -1;
    },
    carriedBy(text: string): string | null {
      const carried = isJson(text)
        ? wanted.find(({ names }) => holdsValue(text, names))
        : wanted.find(({ pattern }) => pattern.test(unescaped(text)));
      return carried?.path ?? null;
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const unescaped = (text: string): string =>
  text.replaceAll(ANY_ESCAPE, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));

/** Whether JSON has a value at a path, null aside. A parser would keep but the last of several fields of one name. */
function holdsValue(text: string, names: readonly string[]): boolean {
  /** How many of the names lead to the value that comes, and to each object or list around it; -1 where they don't. */
  let along = 0;
  const around: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const one = text[at]!;
    if (one <= " " || one === ":") continue;
    if (one === ",") along = around.at(-1) ?? 0;
    else if (one === "}" || one === "]") around.pop();
    else if (one === '"') {
      const end = closingQuote(text, at);
      const isName = isColonNext(text, end + 1);
      if (isName) along = nameOf(text.slice(at, end + 1)) === names[along] ? along + 1 : -1;
      else if (along === names.length) return true;
      at = end;
    } else if (one === "n") at += NULL.length - 1;
    else if (along === names.length) return true;
    else if (one === "{" || one === "[") around.push(along);
  }
  return false;
}

const NULL = "null";

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at;
  }
}

function isColonNext(text: string, from: number): boolean {
  let at = from;
  while (text[at]! <= " ") at++;
  return text[at] === ":";
}

/** Of a text with its quotation marks. */
const nameOf = (quoted: string): string =>
  (quoted.includes("\\") ? unescaped(quoted) : quoted).slice(1, -1).toLowerCase();
