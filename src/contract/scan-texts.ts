/** Texts, read from bytes that `scanText` has checked. */
import { Buffer } from "node:buffer";
import { isDate, isUuid } from "./scan-formats.ts";
import { ASCII, type Cursor, UTF8 } from "./scan-json.ts";
import { type FieldLayout, lookUp } from "./scan-layout.ts";

/** The text in `bytes[start, close)` between its quotes; the cursor's style must be that of this text. */
export function decodeText({ bytes, style }: Cursor, start: number, close: number): string {
  if (style === ASCII) return bytes.toString("latin1", start, close);
  if (style === UTF8) return bytes.toString("utf8", start, close);
  const text: unknown = JSON.parse(bytes.toString("utf8", start - 1, close + 1));
  return String(text);
}

/** The text if it fits the field (of a list: its elements), else null. */
export function readText(field: FieldLayout, cursor: Cursor, start: number, close: number): string | null {
  if (cursor.style <= UTF8) return readPlainText(field, cursor, start, close);
  const bytes = Buffer.from(decodeText(cursor, start, close));
  return readPlainText(field, { ...cursor, bytes, style: UTF8 }, 0, bytes.length);
}

function readPlainText(field: FieldLayout, cursor: Cursor, start: number, close: number): string | null {
  const { bytes } = cursor;
  if (field.values !== null) return lookUp(field.values, bytes, start, close);
  if (field.kind === "uuid" && !isUuid(bytes, start, close)) return null;
  if (field.kind === "date" && !isDate(bytes, start, close)) return null;
  const text = decodeText(cursor, start, close);
  return close - start <= field.maxLength || codePoints(text) <= field.maxLength ? text : null;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Why a text did not fit. */
export function textComplaint({ kind, values, maxLength }: FieldLayout): string {
  if (values !== null) return "none of the values listed in the schema";
  if (kind === "uuid") return "not a UUID";
  return kind === "date" ? "not a date such as 2026-01-31" : `longer than ${maxLength} characters`;
}
