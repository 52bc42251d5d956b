/**
 * Raw identifiers that a record must not carry. A text `ssn_token` holds the token of `ssn`; where the schema doesn't
 * know `ssn` itself, a record with one was sent by somebody who didn't put the token in its place.
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
  const wanted = paths.map((path) => {
    const names = path.split(".");
    // Without its first quotation mark, which the search would try at every text of a record.
    return { path, names, text: Buffer.from(`${names.at(-1)}"`) };
  });
  return (batch) => {
    const { bytes, offsets, count, basePosition } = batch;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, offsets[count]);
    let first: FoundIdentifier | null = null;
    for (const one of wanted) {
      const row = firstRow(text, batch, one);
      const position = basePosition + row;
      if (row >= 0 && (first === null || position < first.position)) first = { path: one.path, position };
    }
    return first;
  };
}

interface Wanted {
  readonly names: readonly string[];
  readonly text: Buffer;
}

/** -1 where there is none. */
function firstRow(bytes: Buffer, { offsets, count }: RecordBatch, { names, text }: Wanted): number {
  let row = 0;
  for (let at = bytes.indexOf(text, offsets[0]); at >= 0; at = bytes.indexOf(text, offsets[row])) {
    while (offsets[row + 1]! <= at) row++;
    if (carries(bytes.subarray(offsets[row], offsets[row + 1]), names)) return row;
    row++;
    if (row === count) break;
  }
  return -1;
}

function carries(record: Buffer, names: readonly string[]): boolean {
  let value = parsed(record);
  for (const name of names) {
    if (typeof value !== "object" || value === null) return false;
    value = Object.entries(value).find(([field]) => field === name)?.[1];
  }
  return value !== undefined && value !== null;
}

function parsed(record: Buffer): unknown {
  try {
    return JSON.parse(record.toString());
  } catch {
    return null;
  }
}
