/** Rows as aligned text, as wide as the terminal. */
import { type NamedType, valueToJson } from "../output/json.ts";
import type { SqlType, Value } from "../sql/types.ts";

export interface TextSettings {
  /** In characters. */
  readonly width: number;
  /** For display of times, such as `UTC`. */
  readonly timeZone: string;
}

const WIDEST_CELL = 32;
const GAP = "  ";

/** A header and a line a row. Columns that don't fit are counted at the end of the header. */
export function tableText(
  columns: readonly NamedType[],
  rows: readonly (readonly Value[])[],
  { width, timeZone }: TextSettings,
): string[] {
  const time = timeFormat(timeZone);
  const cells = columns.map(({ name, type }, i) => [
    name,
    ...rows.map((row) => cellText(type, row[i] ?? null, time)),
  ]);
  const widths = cells.map((column) => Math.max(...column.map((text) => text.length)));
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

export function cellText(type: SqlType, value: Value, time: (ms: number) => string): string {
  if (value === null) return "";
  if (type.kind === "timestamp" && typeof value === "number") return time(value);
  if (type.kind === "double" && typeof value === "number") return String(Number(value.toFixed(4)));
  if (type.kind === "array" && type.element.kind === "string" && Array.isArray(value)) {
    return shortened(value.join(", "));
  }
  return shortened(typeof value === "object" ? valueToJson(type, value) : printable(String(value)));
}

function shortened(text: string): string {
  return text.length <= WIDEST_CELL ? text : `${text.slice(0, WIDEST_CELL - 1)}…`;
}

/** Control characters could drive the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "·");
}

/** `2026-11-22 17:27:00` in a time zone; Sweden writes times in the ISO order. */
export function timeFormat(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (ms) => format.format(ms);
}

export function terminalWidth(): number {
  return process.stdout.columns ?? 120;
}
