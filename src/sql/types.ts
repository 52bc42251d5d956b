/**
 * The types of the SQL subset. Two number types only: BIGINT and DOUBLE.
 *
 * How a value of each type is held in JavaScript, in column batches, compiled expressions and output rows alike:
 *
 * | type      | value                                                       | null   |
 * | --------- | ----------------------------------------------------------- | ------ |
 * | bigint    | number, exact within ±(2^53-1); a wide one: number or bigint | NaN    |
 * | double    | finite number, never -0                                     | NaN    |
 * | timestamp | number, milliseconds since the epoch, UTC                   | NaN    |
 * | string    | string without lone surrogates                              | null   |
 * | boolean   | boolean                                                     | null   |
 * | array     | array of values                                             | null   |
 * | struct    | array of values, one a field                                | null   |
 *
 * Output rows replace NaN by null (see `Value`).
 */
export type SqlType =
  | { readonly kind: "bigint" }
  | { readonly kind: "double" }
  | { readonly kind: "string" }
  | { readonly kind: "boolean" }
  | { readonly kind: "timestamp" }
  | { readonly kind: "array"; readonly element: SqlType }
  | { readonly kind: "struct"; readonly fields: readonly StructField[] }
  | { readonly kind: "null" };

export interface StructField {
  readonly name: string;
  readonly type: SqlType;
}

export const BIGINT: SqlType = { kind: "bigint" };
export const DOUBLE: SqlType = { kind: "double" };
export const STRING: SqlType = { kind: "string" };
export const BOOLEAN: SqlType = { kind: "boolean" };
export const TIMESTAMP: SqlType = { kind: "timestamp" };
/** The type of a bare NULL, which fits every other. */
export const NULL: SqlType = { kind: "null" };
export const arrayOf = (element: SqlType): SqlType => ({ kind: "array", element });

/** Inclusive bounds of a number or a time in milliseconds. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** ±(2^53-1): what a row expression over BIGINT must stay within. */
export const SAFE: Range = { low: Number.MIN_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER };
/** All of a 64-bit integer: what a sum may reach. */
export const WIDE: Range = { low: -(2 ** 63), high: 2 ** 63 };
export const FINITE: Range = { low: -Number.MAX_VALUE, high: Number.MAX_VALUE };
/** 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
export const TIMES: Range = { low: -62_135_596_800_000, high: 253_402_300_799_999 };
/** No group holds more events than this; it bounds counts and sums of bounded values. */
export const MAX_EVENTS = 2 ** 42;

/** A value as it leaves the engine; a timestamp is a number of milliseconds. */
export type Value = null | number | bigint | string | boolean | readonly Value[];
