/** One value as a cell of a table: its unit decides how it is written, and what is long is cut and given as a title. */

import { valueToJson } from "../../output/json.ts";
import type { TimeFormat } from "../../output/time-text.ts";
import type { SqlType, Value } from "../../sql/types.ts";
import type { ServedColumn } from "../served.ts";
import { histogramBars } from "./chart.ts";
import { type Content, type Markup, markup } from "./markup.ts";
import { asWords, durationText } from "./words.ts";

export interface Cell {
  readonly content: Content;
  /** All of a value that is cut; null where it is whole. */
  readonly title: string | null;
}

export type CellOf = (value: Value, time: TimeFormat) => Cell;

const NONE: Cell = { content: markup`<span class="none">–</span>`, title: null };
const LONGEST_TEXT = 26;
const DAY_MS = 86_400_000;

/** Whether a column is aligned to the right. */
export function isNumeric({ kind }: SqlType): boolean {
  return kind === "bigint" || kind === "double";
}

/** @param currency ISO 4217 */
export function cellOf(column: ServedColumn, currency: string): CellOf {
  const { type } = column;
  if (isNumeric(type)) return numberCell(numberText(column, currency));
  if (type.kind === "timestamp")
    return (value, time) => (typeof value === "number" ? timeCell(value, time) : NONE);
  if (type.kind === "array" && isNumeric(type.element)) return countsCell;
  if (type.kind === "array") return listCell(type);
  return (value) =>
    value === null ? NONE : textCell(typeof value === "boolean" ? yesOrNo(value) : String(value));
}

type NumberText = (number: number | bigint) => string;

function numberCell(text: NumberText): CellOf {
  return (value) => {
    if (typeof value !== "number" && typeof value !== "bigint") return NONE;
    const content = Number(value) === 0 ? zero(text(0)) : text(value);
    return { content, title: null };
  };
}

/** Most of a wide table is often nothing: it stands back. */
function zero(text: string): Markup {
  return markup`<span class="none">${text}</span>`;
}

/** Amounts without their hundredths; of other numbers what tells them apart. */
function numberText({ name, type, unit }: ServedColumn, currency: string): NumberText {
  if (/_cents(_|$)/.test(name)) {
    const { maximumFractionDigits = 0 } = new Intl.NumberFormat("en-US", {
      style: "currency",
      currency,
    }).resolvedOptions();
    const money = new Intl.NumberFormat("en-US", { style: "currency", currency, maximumFractionDigits: 0 });
    return (number) => money.format(Number(number) / 10 ** maximumFractionDigits);
  }
  if (/_(share|rate)(_|$)/.test(name) || unit === "fraction") {
    const percent = new Intl.NumberFormat("en-US", {
      style: "percent",
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    return (number) => percent.format(number);
  }
  if (unit === "ms") return (number) => durationText(Number(number));
  if (unit === "s") return (number) => durationText(Number(number) * 1000);
  if (type.kind === "bigint") return (number) => WHOLE.format(number);
  return (number) => (Math.abs(Number(number)) < 1 ? SMALL : LARGE).format(number);
}

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const LARGE = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SMALL = new Intl.NumberFormat("en-US", { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/** A day is a day wherever one looks from. */
function timeCell(ms: number, time: TimeFormat): Cell {
  const iso = new Date(ms).toISOString();
  return { content: ms % DAY_MS === 0 ? iso.slice(0, 10) : time(ms), title: iso };
}

const yesOrNo = (value: boolean): string => (value ? "yes" : "no");
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const DIGEST = /^[\da-f]{24,}$/;
const CODE = /^[a-z\d]+(_[a-z\d]+)+$/;

function textCell(text: string): Cell {
  const short = shortened(text);
  return {
    content: UUID.test(text) || DIGEST.test(text) ? markup`<code>${short}</code>` : short,
    title: short === text ? null : text,
  };
}

/** Of an identifier its first characters tell enough. */
function shortened(text: string): string {
  if (UUID.test(text) || DIGEST.test(text)) return text.slice(0, 8);
  if (CODE.test(text)) return asWords(text);
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

/** A histogram, or other counts that stand side by side. */
const countsCell: CellOf = (value) => {
  const counts = Array.isArray(value) ? value.map(Number) : [];
  return counts.length === 0 ? NONE : { content: histogramBars(counts), title: counts.join(", ") };
};

const MOST_ELEMENTS = 2;

function listCell(type: SqlType): CellOf {
  return (value) => {
    if (!Array.isArray(value) || value.length === 0) return NONE;
    const texts = value.map((element: Value) =>
      typeof element === "string" ? element : valueToJson(elementOf(type), element),
    );
    const more = texts.length - MOST_ELEMENTS;
    const shown = texts.slice(0, MOST_ELEMENTS).map(shortened).join(", ");
    return { content: more > 0 ? `${shown} +${more}` : shown, title: texts.join(", ") };
  };
}

function elementOf(type: SqlType): SqlType {
  return type.kind === "array" ? type.element : type;
}
