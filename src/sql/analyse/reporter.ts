/** Collects what is wrong with one SQL text, with its places. */
import type { Diagnostic, ErrorCode } from "../../errors.ts";
import type { Span } from "../ast.ts";
import type { Refusal } from "../catalogue/function.ts";

export interface Reporter {
  readonly diagnostics: readonly Diagnostic[];
  /** Returns null, so that a caller can report and give up in one expression. */
  report(code: ErrorCode, span: Span, message: string, remedy: string): null;
}

export function createReporter(file: string): Reporter {
  const diagnostics: Diagnostic[] = [];
  return {
    diagnostics,
    report(code, span, message, remedy) {
      const place = { file, line: span.line, column: span.column };
      diagnostics.push({ code, message, remedy: `${remedy}.`, place });
      return null;
    },
  };
}

const REFUSAL_CODES = {
  "argument-types": "sql.type-mismatch",
  "argument-count": "sql.argument-count",
  range: "sql.out-of-range",
  literal: "sql.literal-required",
} as const satisfies Record<Refusal["refused"], ErrorCode>;

export function reportRefusal(reporter: Reporter, span: Span, refusal: Refusal): null {
  return reporter.report(REFUSAL_CODES[refusal.refused], span, refusal.message, refusal.remedy);
}
