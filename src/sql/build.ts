/** Builders for typed expressions. Calls are built by `catalogue.ts`, which knows the functions. */
import type { Column, ColumnRef, Expr, Lineage, Literal } from "./plan.ts";
import type { Range, SqlType } from "./types.ts";
import { BIGINT, BOOLEAN, DOUBLE, NULL, SAFE, STRING, TIMESTAMP } from "./types.ts";

export const NO_LINEAGE: Lineage = { pii: [], protected: [] };

export function literal(value: null | number | string | boolean, type: SqlType): Literal {
  const range: Range | null =
    typeof value === "number" ? { low: value, high: value } : emptyRange(value, type);
  return { kind: "literal", value, type, range, nullable: value === null, lineage: NO_LINEAGE };
}

/** A null of a number type may stand in any range, so it takes the narrowest. */
function emptyRange(value: unknown, type: SqlType): Range | null {
  return value === null && isNumeric(type) ? { low: 0, high: 0 } : null;
}

export const bigint = (value: number): Literal => literal(value, BIGINT);
export const double = (value: number): Literal => literal(value, DOUBLE);
export const text = (value: string): Literal => literal(value, STRING);
export const boolean = (value: boolean): Literal => literal(value, BOOLEAN);
export const timestamp = (ms: number): Literal => literal(ms, TIMESTAMP);
export const nullOf = (type: SqlType = NULL): Literal => literal(null, type);

export function column(columns: readonly Column[], index: number): ColumnRef {
  const found = columns[index];
  if (!found) throw new RangeError(`no column ${index} among ${columns.length}`);
  const { name, type, range, nullable, lineage, histogram } = found;
  const base = { kind: "column", index, name, type, range, nullable, lineage } as const;
  return histogram ? { ...base, histogram } : base;
}

/** The column that a projection of `expression` under `name` yields. */
export function columnOf(name: string, expression: Expr, input: readonly Column[]): Column {
  const { type, range, nullable, lineage, histogram } = expression;
  const eventTime = expression.kind === "column" && input[expression.index]?.eventTime === true;
  const base = { name, type, range, nullable, lineage, eventTime };
  return histogram ? { ...base, histogram } : base;
}

/** Whether every value of a sum with this range fits a number exactly. */
export function isNarrow(range: Range | null): boolean {
  return range !== null && range.low >= SAFE.low && range.high <= SAFE.high;
}

/** Held as a number in JavaScript, null as NaN. */
export function isNumeric(type: SqlType): boolean {
  return type.kind === "bigint" || type.kind === "double" || type.kind === "timestamp";
}

export function sameType(a: SqlType, b: SqlType): boolean {
  if (a.kind === "array" && b.kind === "array") return sameType(a.element, b.element);
  if (a.kind === "struct" && b.kind === "struct")
    return (
      a.fields.length === b.fields.length &&
      a.fields.every((field, i) => {
        const twin = b.fields[i];
        return twin !== undefined && field.name === twin.name && sameType(field.type, twin.type);
      })
    );
  return a.kind === b.kind;
}

/** A BIGINT that may leave ±(2^53-1): a number or a bigint in JavaScript. */
export function isWide(expression: { readonly type: SqlType; readonly range: Range | null }): boolean {
  const { type, range } = expression;
  return type.kind === "bigint" && range !== null && (range.low < SAFE.low || range.high > SAFE.high);
}

export function mergeLineage(parts: readonly Lineage[], keepPii: boolean): Lineage {
  const merged = (pick: (part: Lineage) => readonly string[]) => [...new Set(parts.flatMap(pick))];
  const lineage = {
    pii: keepPii ? merged((part) => part.pii) : [],
    protected: merged((part) => part.protected),
  };
  return lineage.pii.length + lineage.protected.length === 0 ? NO_LINEAGE : lineage;
}

export function typeName(type: SqlType): string {
  if (type.kind === "array") return `ARRAY<${typeName(type.element)}>`;
  if (type.kind === "struct")
    return `STRUCT<${type.fields.map((field) => `${field.name}: ${typeName(field.type)}`).join(", ")}>`;
  return type.kind.toUpperCase();
}

/** Replaces every column by the expression that stands at its index: what a projection computes. */
export function substitute(expression: Expr, columns: readonly Expr[]): Expr {
  switch (expression.kind) {
    case "column": {
      const replacement = columns[expression.index];
      if (!replacement) throw new RangeError(`no column ${expression.index}`);
      return replacement;
    }
    case "call":
      return { ...expression, args: expression.args.map((arg) => substitute(arg, columns)) };
    case "lambda":
      return { ...expression, body: substitute(expression.body, columns) };
    default:
      return expression;
  }
}
