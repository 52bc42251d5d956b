/** The key of a generated record's message, without parsing the record. */
import { Buffer } from "node:buffer";

/** The text at a dotted path: part of the record's bytes, null where it isn't there. */
export type KeyReader = (record: Buffer) => Buffer | null;

const QUOTE = 0x22;

/**
 * Reads records as the generator writes them: compact, nothing escaped in the text, and none of the path's names
 * anywhere before its own place. A broken record that still shows its key has it, so that it stays with its application.
 */
export function keyReader(path: string | null): KeyReader {
  if (path === null) return () => null;
  const names = path.split(".");
  const parents = names.slice(0, -1).map((name) => Buffer.from(`${JSON.stringify(name)}:{`));
  const head = Buffer.from(`${JSON.stringify(names.at(-1))}:"`);
  return (record) => {
    let at = 0;
    for (const parent of parents) {
      at = record.indexOf(parent, at);
      if (at < 0) return null;
    }
    const found = record.indexOf(head, at);
    if (found < 0) return null;
    const start = found + head.length;
    const end = record.indexOf(QUOTE, start);
    return end < 0 ? null : record.subarray(start, end);
  };
}
