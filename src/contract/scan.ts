/**
 * The scanner in plain TypeScript: raw records into typed columns, checking the whole schema. It is the
 * reference for every other scanner.
 *
 * Fields are looked for where they stood last time (a producer writes its keys in one order); any other order,
 * white space or escape takes a slower way with the same result. Of keys that come twice the last one counts,
 * yet each of their values must be of the right kind. Unknown fields are checked as JSON and ignored.
 */
import { Buffer } from "node:buffer";
import type { Fault, RecordBatch, Scanner } from "../engine/batch.ts";
import { openColumns, takeBack } from "./scan-columns.ts";
import { parseDateTime } from "./scan-formats.ts";
import * as json from "./scan-json.ts";
import { type FieldLayout, layOut, type ObjectLayout, startsWith } from "./scan-layout.ts";
import { isLong, type NumberCursor, readDouble, readInteger } from "./scan-numbers.ts";
import { decodeText, readText, textComplaint } from "./scan-texts.ts";
import type { EventSchema } from "./schema.ts";

const { FAILED, QUOTE, failed } = json;

/** As far as a token is looked at; none of it fits anywhere. */
const BEHIND = Buffer.alloc(16);

/** A scanner of one schema. It holds no state that a later batch could see. */
export function createScanner(schema: EventSchema): Scanner {
  const layout = layOut(schema);
  const cursor: NumberCursor = {
    bytes: Buffer.alloc(0),
    reason: "",
    failedAt: 0,
    style: json.ASCII,
    number: 0,
  };
  const seen = new Int32Array(layout.slots);
  let columns = openColumns(schema, 0);
  let stamp = 0;
  let faultPath = "";
  /** Values of the right kind that the schema does not allow; a later value under the same key takes them back. */
  let refused: Refusal[] = [];

  return (batch) => {
    const dead = new Uint8Array(batch.count);
    const faults: Fault[] = [];
    cursor.bytes = asBuffer(batch);
    columns = openColumns(schema, batch.count);
    seen.fill(0);
    for (let row = 0; row < batch.count; row++) {
      const end = json.skipSpaceBack(cursor.bytes, batch.offsets[row]!, batch.offsets[row + 1]!);
      if (refused.length > 0) refused = [];
      stamp = row + 1;
      if (scanRecord(batch.offsets[row]!, end, row) !== FAILED) continue;
      dead[row] = 1;
      faults.push({ row, ...complaintAlone(batch.offsets[row]!, end, row) });
    }
    const filled = { rows: batch.count, columns: columns.vectors, dead, faults };
    columns = openColumns(schema, 0);
    cursor.bytes = Buffer.alloc(0);
    return filled;
  };

  /** Of a dead record by itself: one that is cut short ran on into the bytes behind it. */
  function complaintAlone(start: number, end: number, row: number): { path: string; reason: string } {
    const { bytes } = cursor;
    cursor.bytes = Buffer.concat([bytes.subarray(start, end), BEHIND]);
    faultPath = "";
    refused = [];
    stamp = -stamp;
    scanRecord(0, end - start, row);
    cursor.bytes = bytes;
    return complaint(end - start);
  }

  function complaint(end: number): { path: string; reason: string } {
    const [first] = refused;
    const { path, reason, at } = first ?? { path: faultPath, reason: cursor.reason, at: cursor.failedAt };
    return { path, reason: at >= end ? "the record ends early" : reason };
  }

  function scanRecord(start: number, end: number, row: number): number {
    const { bytes } = cursor;
    if (end - start > json.MAX_RECORD_BYTES) return at("$", failed(cursor, json.reasons.length, start));
    const open = json.skipSpace(bytes, start);
    if (bytes[open] !== json.OPEN_OBJECT || open >= end)
      return at("$", failed(cursor, "expected an object", open));
    const close = scanObject(layout.root, open + 1, row, 1);
    if (close === FAILED) return FAILED;
    if (close > end) return at("$", failed(cursor, json.reasons.syntax, end));
    const last = json.skipSpace(bytes, close);
    if (last < end) return at("$", failed(cursor, "text after the object", last));
    return refused.length > 0 ? FAILED : checkPresence(start, row);
  }

  /** Names the place of a failure, unless a narrower one is known. */
  function at(path: string, result: number): number {
    if (result === FAILED && faultPath === "") faultPath = path;
    return result;
  }

  function checkPresence(start: number, row: number): number {
    for (const { column, values, checks } of layout.rules) {
      if (values !== null && !values.has(columns.texts[column]![row] ?? "")) continue;
      for (const { slot, parent, path } of checks) {
        if (seen[slot] === stamp || (parent >= 0 && seen[parent] !== stamp)) continue;
        return at(path, failed(cursor, "required here and missing", start));
      }
    }
    return start;
  }

  /** From behind the opening brace to behind the closing one. */
  function scanObject(object: ObjectLayout, start: number, row: number, depth: number): number {
    const { bytes } = cursor;
    let place = json.skipSpace(bytes, start);
    if (bytes[place] === json.CLOSE_OBJECT) return place + 1;
    let previous: FieldLayout | null = null;
    for (;;) {
      if (bytes[place] !== QUOTE) return at(object.path, failed(cursor, json.reasons.syntax, place));
      const guess: FieldLayout | null = previous === null ? object.first : previous.next;
      let field: FieldLayout | null = guess;
      if (guess !== null && startsWith(bytes, place + 1, guess.key)) {
        place = json.skipSpace(bytes, place + 1 + guess.key.length);
      } else {
        const close = json.scanText(cursor, place + 1);
        if (close === FAILED) return at(object.path, FAILED);
        field = object.byName.get(decodeText(cursor, place + 1, close)) ?? null;
        if (field !== null && previous !== null) previous.next = field;
        place = json.skipColon(cursor, close + 1);
        if (place === FAILED) return at(object.path, FAILED);
      }
      place =
        field === null
          ? at(object.path, json.skipValue(cursor, place, depth))
          : at(field.path, scanField(field, place, row, depth));
      if (place === FAILED) return FAILED;
      if (field !== null) previous = field;
      place = json.skipSpace(bytes, place);
      if (bytes[place] === json.CLOSE_OBJECT) return place + 1;
      if (bytes[place] !== json.COMMA) return at(object.path, failed(cursor, json.reasons.syntax, place));
      place = json.skipSpace(bytes, place + 1);
    }
  }

  function scanField(field: FieldLayout, place: number, row: number, depth: number): number {
    if (seen[field.slot] === stamp) forget(field, row);
    if (cursor.bytes[place] === json.LOWER_N) return json.scanNull(cursor, place);
    seen[field.slot] = stamp;
    switch (field.kind) {
      case "object":
        if (cursor.bytes[place] !== json.OPEN_OBJECT) return failed(cursor, "expected an object", place);
        return scanObject(field.object!, place + 1, row, depth + 1);
      case "integer":
        return keepInteger(field, place, row);
      case "double":
        return keepNumber(field, readDouble(cursor, place), row);
      case "boolean":
        return scanBoolean(field, place, row);
      case "list":
        return scanList(field, place, row);
      default:
        return scanTextField(field, place, row);
    }
  }

  function forget(field: FieldLayout, row: number): void {
    takeBack(field, row, columns, seen);
    if (refused.length > 0) refused = refused.filter(({ path }) => !isWithin(path, field.path));
  }

  /** The value ends at `end`; scanning goes on behind it. */
  function refuse(path: string, reason: string, end: number): number {
    refused.push({ path, reason, at: end });
    return end;
  }

  /** What does not fit into 64 bits is the wrong kind of value. */
  function keepInteger(field: FieldLayout, place: number, row: number): number {
    const end = readInteger(cursor, place);
    const wide = end !== FAILED && Math.abs(cursor.number) >= 2 ** 63;
    if (!wide || isLong(cursor.bytes, place, end)) return keepNumber(field, end, row);
    return failed(cursor, `outside ${field.low} to ${field.high}`, end);
  }

  function keepNumber({ column, low, high, path }: FieldLayout, end: number, row: number): number {
    if (end === FAILED) return FAILED;
    const { number } = cursor;
    if (!(number >= low && number <= high)) return refuse(path, `outside ${low} to ${high}`, end);
    columns.numbers[column]![row] = number;
    return end;
  }

  function scanBoolean({ column }: FieldLayout, place: number, row: number): number {
    const first = cursor.bytes[place];
    if (first !== json.LOWER_T && first !== json.LOWER_F)
      return failed(cursor, "expected true or false", place);
    columns.booleans[column]![row] = first === json.LOWER_T ? 1 : 0;
    return first === json.LOWER_T ? json.scanTrue(cursor, place) : json.scanFalse(cursor, place);
  }

  function scanTextField(field: FieldLayout, place: number, row: number): number {
    if (cursor.bytes[place] !== QUOTE) return failed(cursor, "expected a text", place);
    const close = json.scanText(cursor, place + 1);
    if (close === FAILED) return FAILED;
    if (field.kind === "date-time") return keepTime(field, place + 1, close, row);
    const text = readText(field, cursor, place + 1, close);
    if (text === null) return refuse(field.path, textComplaint(field), close + 1);
    columns.texts[field.column]![row] = text;
    return close + 1;
  }

  function keepTime({ column, path }: FieldLayout, start: number, close: number, row: number): number {
    const escaped = cursor.style === json.ESCAPED ? Buffer.from(decodeText(cursor, start, close)) : null;
    const time = escaped
      ? parseDateTime(escaped, 0, escaped.length)
      : parseDateTime(cursor.bytes, start, close);
    if (Number.isNaN(time)) return refuse(path, "not a time such as 2026-01-31T09:30:00.000Z", close + 1);
    columns.numbers[column]![row] = time;
    return close + 1;
  }

  function scanList(field: FieldLayout, start: number, row: number): number {
    const { bytes } = cursor;
    if (bytes[start] !== json.OPEN_ARRAY) return failed(cursor, "expected an array", start);
    const values: string[] = [];
    columns.lists[field.column]![row] = values;
    let place = json.skipSpace(bytes, start + 1);
    if (bytes[place] === json.CLOSE_ARRAY) return place + 1;
    for (;;) {
      place = at(`${field.path}[${values.length}]`, scanElement(field, place, values));
      if (place === FAILED) return FAILED;
      place = json.skipSpace(bytes, place);
      if (bytes[place] === json.CLOSE_ARRAY) return place + 1;
      if (bytes[place] !== json.COMMA) return failed(cursor, json.reasons.syntax, place);
      place = json.skipSpace(bytes, place + 1);
    }
  }

  function scanElement(field: FieldLayout, place: number, values: string[]): number {
    if (cursor.bytes[place] !== QUOTE) return failed(cursor, "expected a text", place);
    const close = json.scanText(cursor, place + 1);
    if (close === FAILED) return FAILED;
    const text = readText(field, cursor, place + 1, close);
    if (text === null) refuse(`${field.path}[${values.length}]`, textComplaint(field), close + 1);
    values.push(text ?? "");
    return close + 1;
  }
}

interface Refusal {
  readonly path: string;
  readonly reason: string;
  /** Place behind the value. */
  readonly at: number;
}

/** Whether a JSON path is another one, or lies in it. */
const isWithin = (path: string, outer: string) =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

function asBuffer({ bytes }: RecordBatch): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
