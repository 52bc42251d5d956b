/** A Parquet column's values as JSON, written from what is stored: no digit of a number is lost on the way. */
import { Buffer } from "node:buffer";
import type { SchemaElement, SchemaTree, TimeUnit } from "hyparquet";
import type { Leaf } from "../../contract/schema.ts";
import { bytesOf, jsonOrText, recordShape, writeMembers } from "./record-shape.ts";

/**
 * JSON of one value, a byte of UTF-8 a character; null for what JSON has no value for (null, NaN). Takes values as
 * stored: numbers, bigints, booleans, `Uint8Array`s, and arrays and objects of such.
 */
export type CellWriter = (value: unknown) => string | null;

/** The writer of a column, by the type that the file gives it and the leaf that the schema has; a text: what can't be read. */
export function columnWriter(node: SchemaTree, leaves: ReadonlyMap<string, Leaf>): CellWriter | string {
  const { element, children } = node;
  if (element.repetition_type === "REPEATED") return listWriter(oneOf(node), leaves);
  if (element.type !== undefined) return leafWriter(element, leaves.get(node.path.join(".")));
  const kind = kindOf(element);
  if (kind === "MAP" || kind === "MAP_KEY_VALUE" || kind === "VARIANT") return kind;
  const [repeated] = children;
  if (kind !== "LIST" || repeated === undefined) return structWriter(node, leaves);
  const [only, ...more] = repeated.children;
  const isWrapper = only !== undefined && more.length === 0;
  return listWriter(isWrapper ? only : oneOf(repeated), leaves);
}

function oneOf(node: SchemaTree): SchemaTree {
  return { ...node, element: { ...node.element, repetition_type: "REQUIRED" } };
}

function listWriter(element: SchemaTree, leaves: ReadonlyMap<string, Leaf>): CellWriter | string {
  const write = columnWriter(element, leaves);
  if (typeof write === "string") return write;
  return (value) =>
    isList(value) ? `[${Array.from(value, (member) => write(member) ?? "null").join(",")}]` : null;
}

function structWriter({ children }: SchemaTree, leaves: ReadonlyMap<string, Leaf>): CellWriter | string {
  const names = children.map(({ element }) => element.name);
  const shape = recordShape(names.map((name) => [bytesOf(name)]));
  if ("column" in shape) return "struct with two fields of one name";
  const writers: CellWriter[] = [];
  for (const child of children) {
    const write = columnWriter(child, leaves);
    if (typeof write === "string") return write;
    writers.push(write);
  }
  return (value) => {
    if (!isStruct(value)) return null;
    return `{${writeMembers(shape, (i) => writers[i]?.(value[names[i] ?? ""]) ?? null)}}`;
  };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

function isStruct(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** The logical type, or the older converted one, or how it is stored. */
function kindOf({ logical_type, converted_type, type }: SchemaElement): string {
  return logical_type?.type ?? converted_type ?? type ?? "";
}

function leafWriter(element: SchemaElement, leaf: Leaf | undefined): CellWriter | string {
  const kind = kindOf(element);
  switch (kind) {
    case "BOOLEAN":
      return (value) => (typeof value === "boolean" ? String(value) : null);
    case "INTEGER":
    case "INT32":
    case "INT64":
    case "INT_8":
    case "INT_16":
    case "INT_32":
    case "INT_64":
    case "UINT_8":
    case "UINT_16":
    case "UINT_32":
    case "UINT_64":
      return integerWriter(element);
    case "FLOAT":
    case "DOUBLE":
      return writeDouble;
    case "DECIMAL":
      return decimalWriter(scaleOf(element));
    case "STRING":
    case "UTF8":
    case "ENUM":
    case "BYTE_ARRAY":
      return leaf?.type.kind === "array" ? bytesWriter(jsonOrText) : bytesWriter(JSON.stringify);
    case "JSON":
      return bytesWriter(jsonOrText);
    case "UUID":
      return bytesWriter((bytes) => JSON.stringify(uuidOf(bytes)));
    case "DATE":
      return writeDate;
    default:
      return timeWriter(element, leaf) ?? kind;
  }
}

function integerWriter({ logical_type, converted_type }: SchemaElement): CellWriter {
  const unsigned =
    logical_type?.type === "INTEGER" ? !logical_type.isSigned : converted_type?.startsWith("UINT") === true;
  return (value) => {
    if (typeof value === "bigint") return (unsigned ? BigInt.asUintN(64, value) : value).toString();
    return typeof value === "number" ? String(unsigned ? value >>> 0 : value) : null;
  };
}

/** NaN stands for what is missing; what is infinite stays a text, for the scanner to complain of. */
function writeDouble(value: unknown): string | null {
  if (typeof value !== "number" || Number.isNaN(value)) return null;
  return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
}

function bytesWriter(write: (bytes: string) => string): CellWriter {
  return (value) =>
    value instanceof Uint8Array
      ? write(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"))
      : null;
}

function uuidOf(bytes: string): string {
  const hex = Buffer.from(bytes, "latin1").toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function scaleOf({ logical_type, scale }: SchemaElement): number {
  return logical_type?.type === "DECIMAL" ? logical_type.scale : (scale ?? 0);
}

/** Its exact digits, without zeros at the end of the fraction. */
function decimalWriter(scale: number): CellWriter {
  return (value) => {
    const unscaled = unscaledOf(value);
    if (unscaled === null) return null;
    const sign = unscaled < 0n ? "-" : "";
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
    const point = digits.length - scale;
    const fraction = digits.slice(point).replace(/0+$/, "");
    return `${sign}${digits.slice(0, point)}${fraction === "" ? "" : `.${fraction}`}`;
  };
}

function unscaledOf(value: unknown): bigint | null {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(value);
  if (!(value instanceof Uint8Array) || value.length === 0) return null;
  const bigEndian = BigInt(`0x${Buffer.from(value).toString("hex")}`);
  return BigInt.asIntN(value.length * 8, bigEndian);
}

const DAY_MS = 86_400_000;
const PER_MS: Readonly<Record<TimeUnit, bigint>> = { MILLIS: 1n, MICROS: 1000n, NANOS: 1_000_000n };

function writeDate(value: unknown): string | null {
  if (typeof value !== "number") return null;
  const text = timeText(value * DAY_MS);
  return text === null ? String(value) : JSON.stringify(text.slice(0, 10));
}

/** In the form that the schema asks for, whole milliseconds; a time without a zone is taken as UTC. */
function timeWriter(element: SchemaElement, leaf: Leaf | undefined): CellWriter | null {
  const unit = timeUnitOf(element);
  if (unit === null) return null;
  const asNumber = leaf?.format === "epoch-millis";
  return (value) => {
    if (typeof value !== "bigint") return null;
    const timeMs = Number(floorDivided(value, PER_MS[unit]));
    const text = asNumber ? null : timeText(timeMs);
    return text === null ? String(timeMs) : JSON.stringify(text);
  };
}

function timeUnitOf({ logical_type, converted_type, type }: SchemaElement): TimeUnit | null {
  if (logical_type?.type === "TIMESTAMP") return logical_type.unit;
  if (converted_type === "TIMESTAMP_MILLIS") return "MILLIS";
  if (converted_type === "TIMESTAMP_MICROS") return "MICROS";
  return type === "INT96" ? "NANOS" : null;
}

function floorDivided(value: bigint, by: bigint): bigint {
  return value >= 0n || value % by === 0n ? value / by : value / by - 1n;
}

/** ISO 8601 of 24 characters; null outside the years 0 to 9999. */
function timeText(timeMs: number): string | null {
  const text = Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : "";
  return text.length === 24 ? text : null;
}
