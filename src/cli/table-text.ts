/** Rows as aligned text, as wide as the terminal. */
import { type NamedType, valueToJson } from "../output/json.ts";
import type { TimeFormat } from "../output/time-text.ts";
import type { SqlType, Value } from "../sql/types.ts";

export interface TextSettings {
  /** In characters. */
  readonly width: number;
  readonly time: TimeFormat;
}

const WIDEST_CELL = 32;
const GAP = "  ";
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * A header and a line a row. Columns that don't fit are counted at the end of the header.
 *
 * @param widest how wide each column was before, so that none gets narrower again; kept up to date
 */
export function tableText(
  columns: readonly NamedType[],
  rows: readonly (readonly Value[])[],
  { width, time }: TextSettings,
  widest: number[] = [],
): string[] {
  const cells = columns.map(({ name, type }, i) => [
    name,
    ...rows.map((row) => cellText(type, row[i] ?? null, time)),
  ]);
  const widths = cells.map((column, i) => Math.max(widest[i] ?? 0, ...column.map((text) => text.length)));
  for (const [i, columnWidth] of widths.entries()) widest[i] = columnWidth;
  const shown = fitting(widths, width);
  const hidden = columns.length - shown;
  return Array.from({ length: rows.length + 1 }, (_, line) => {
    const texts = cells
      .slice(0, shown)
      .map((column, i) => aligned(column[line] ?? "", widths[i]!, columns[i]!.type));
    return `${texts.join(GAP)}${line === 0 && hidden > 0 ? `${GAP}+${hidden} more` : ""}`.trimEnd();
  });
}

function fitting(widths: readonly number[], width: number): number {
  const more = `${GAP}+99 more`.length;
  let used = 0;
  for (const [i, columnWidth] of widths.entries()) {
    used += columnWidth + (i > 0 ? GAP.length : 0);
    if (used + (i < widths.length - 1 ? more : 0) > width) return Math.max(i, 1);
  }
  return widths.length;
}

function aligned(text: string, width: number, type: SqlType): string {
  return type.kind === "bigint" || type.kind === "double" ? text.padStart(width) : text.padEnd(width);
}

function cellText(type: SqlType, value: Value, time: TimeFormat): string {
  const text = plainText(type, value, time);
  return type.kind === "string" || type.kind === "array" || type.kind === "struct" ? shortened(text) : text;
}

/** A value in full. Nothing in it drives the terminal. */
export function plainText(type: SqlType, value: Value, time: TimeFormat): string {
  if (value === null) return "";
  if (type.kind === "timestamp" && typeof value === "number") return time(value);
  if (type.kind === "double" && typeof value === "number") return String(Number(value.toFixed(4)));
  if (type.kind === "array" && type.element.kind === "string" && Array.isArray(value))
    return printable(value.join(", "));
  return printable(typeof value === "object" ? valueToJson(type, value) : String(value));
}

/** Of a UUID its first block tells enough. */
function shortened(text: string): string {
  if (UUID.test(text)) return `${text.slice(0, 8)}…`;
  return text.length <= WIDEST_CELL ? text : `${text.slice(0, WIDEST_CELL - 1)}…`;
}

/** Control characters could drive the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "·");
}

export function terminalWidth(): number {
  return process.stdout.columns ?? 120;
}
