/**
 * From the text of a model or an expression to its syntax tree. The grammar is in `parse/`, the only folder that
 * knows the parser library.
 */
import type { Diagnostic } from "../errors.ts";
import type { Select, Syntax } from "./ast.ts";
import type { Origin } from "./parse/base.ts";
import { parseWith } from "./parse/run.ts";

export type { Origin };

/** Parses a model's one SELECT. `select` is null if anything is wrong; then the diagnostics say what. */
export function parseSelect(
  text: string,
  origin: Origin,
): { readonly select: Select | null; readonly diagnostics: readonly Diagnostic[] } {
  const { tree, diagnostics } = parseWith((parser) => parser.statement(), text, origin);
  return { select: tree, diagnostics };
}

/** Parses an expression, such as a scorecard's predicate. `expression` is null if anything is wrong. */
export function parseExpression(
  text: string,
  origin: Origin,
): { readonly expression: Syntax | null; readonly diagnostics: readonly Diagnostic[] } {
  const { tree, diagnostics } = parseWith((parser) => parser.expression(), text, origin);
  return { expression: tree, diagnostics };
}
