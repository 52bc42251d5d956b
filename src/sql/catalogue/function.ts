/** What one row of the catalogue says of a scalar function: its types and ranges, and its text in either engine. */
import type { Call, Expr, HistogramTrace } from "../plan.ts";
import type { Range, SqlType } from "../types.ts";

/** What a call yields, or why these arguments won't do. */
export type Signature =
  | {
      readonly type: SqlType;
      readonly range: Range | null;
      readonly nullable: boolean;
      readonly histogram?: HistogramTrace;
      /** The arguments, converted where the function asks for it (BIGINT to DOUBLE). */
      readonly args: readonly Expr[];
    }
  | Refusal;

export interface Refusal {
  readonly refused: "argument-types" | "range" | "argument-count" | "literal";
  /** What is wrong, without place. */
  readonly message: string;
  readonly remedy: string;
}

/** JavaScript of a call's operands. Each expression may stand in the generated text once. */
export interface Operands {
  readonly count: number;
  /** Evaluates to the value, as `types.ts` says how. */
  value(index: number): string;
  /** Evaluates to true where the condition is true, to false where it is false or null. */
  isTrue(index: number): string;
  /** Evaluates to true where the condition is false, to false where it is true or null. */
  isFalse(index: number): string;
  /** A function of JavaScript, for a lambda argument that is a condition: true where it is true. */
  predicate(index: number): string;
}

/**
 * Generated JavaScript may use `rt`, the exports of `runtime.ts`. A function that yields BOOLEAN from conditions or
 * comparisons is a `condition`, so that three-valued logic needs no third value; all others are a `value`.
 */
export type EmbeddedCode =
  | { readonly kind: "value"; code(operands: Operands, call: Call): string }
  | {
      readonly kind: "condition";
      isTrue(operands: Operands, call: Call): string;
      isFalse(operands: Operands, call: Call): string;
    };

export interface ScalarFunction {
  readonly name: string;
  /** `value`: the result may show an argument's value, so it keeps `x-pii`; `derived`: it does not. */
  readonly carries: "value" | "derived";
  resolve(args: readonly Expr[]): Signature;
  readonly embedded: EmbeddedCode;
  /** Spark SQL from the arguments' Spark SQL, normalised as decision 2 of the design says. */
  spark(args: readonly string[], call: Call): string;
}
