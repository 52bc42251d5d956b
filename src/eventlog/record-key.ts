/** The key of a record: its text at a dotted path, found without parsing the record. */
import { Buffer } from "node:buffer";

/** The text's bytes, a part of the record's unless something is escaped in it; null where it isn't there. */
export type KeyReader = (record: Uint8Array) => Uint8Array | null;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const SPACE = 0x20;

/**
 * Of a record that is JSON it finds what parsing finds; where a name stands twice in one object, its first value. A
 * broken record that still shows its key has it, so that it stays with those of its kind.
 */
export function keyReader(path: string | null): KeyReader {
  if (path === null) return () => null;
  const names = path.split(".").map((name) => Buffer.from(JSON.stringify(name)));
  return (record) => {
    let at = 0;
    for (const name of names) {
      at = valueAt(record, at, name);
      if (at < 0) return null;
    }
    return textAt(record, at);
  };
}

/** Where the value of a field begins, of the object that begins at an offset; -1 where there is none. */
function valueAt(record: Uint8Array, from: number, name: Buffer): number {
  let at = skipSpace(record, from);
  if (record[at] !== OPEN_OBJECT) return -1;
  do {
    const start = skipSpace(record, at + 1);
    const end = textEnd(record, start);
    if (end < 0) return -1;
    at = skipSpace(record, end);
    if (record[at] !== COLON) return -1;
    at = skipSpace(record, at + 1);
    if (end - start === name.length && name.compare(record, start, end) === 0) return at;
    at = skipSpace(record, skipValue(record, at));
  } while (record[at] === COMMA);
  return -1;
}

function textAt(record: Uint8Array, at: number): Uint8Array | null {
  const end = textEnd(record, at);
  if (end < 0) return null;
  const text = record.subarray(at + 1, end - 1);
  return text.includes(BACKSLASH) ? unescaped(record.subarray(at, end)) : text;
}

function unescaped(text: Uint8Array): Uint8Array | null {
  try {
    return Buffer.from(String(JSON.parse(new TextDecoder().decode(text))));
  } catch {
    return null;
  }
}

function skipSpace(record: Uint8Array, from: number): number {
  let at = from;
  while (record[at]! <= SPACE) at++;
  return at;
}

/** Behind the text that begins at an offset; -1 where none does, or where it doesn't end. */
function textEnd(record: Uint8Array, from: number): number {
  if (record[from] !== QUOTE) return -1;
  for (let at = from + 1; at < record.length; at++) {
    if (record[at] === BACKSLASH) at++;
    else if (record[at] === QUOTE) return at + 1;
  }
  return -1;
}

/** Behind the value that begins at an offset, or at the record's end. */
function skipValue(record: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < record.length; at++) {
    const byte = record[at];
    if (byte === QUOTE) {
      const end = textEnd(record, at);
      if (end < 0) return record.length;
      at = end - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth === 0) return at;
      depth--;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return record.length;
}
