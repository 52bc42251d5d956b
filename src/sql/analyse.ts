/** From SQL text to the typed plan. */
import type { Diagnostic } from "../errors.ts";
import { typeExpression } from "./analyse/expression.ts";
import { createReporter, type Reporter } from "./analyse/reporter.ts";
import { analyseSelect, scopeOver } from "./analyse/select.ts";
import type { Span } from "./ast.ts";
import { type Origin, parseExpression, parseSelect } from "./parse.ts";
import type { Column, Expr, Relation } from "./plan.ts";

/** What the name in a FROM stands for; null where that was reported. */
export type RelationOf = (name: string, span: Span, reporter: Reporter) => Relation | null;

/** Types an expression over a relation's columns; null if anything is wrong, which the diagnostics say. */
export function analyseExpression(
  text: string,
  origin: Origin,
  columns: readonly Column[],
): { readonly expression: Expr | null; readonly diagnostics: readonly Diagnostic[] } {
  const parsed = parseExpression(text, origin);
  if (!parsed.expression) return { expression: null, diagnostics: parsed.diagnostics };
  const reporter = createReporter(origin.file);
  const expression = typeExpression(parsed.expression, scopeOver(columns, { reporter }));
  return { expression, diagnostics: [...parsed.diagnostics, ...reporter.diagnostics] };
}

/** Types a model's SELECT; null if anything is wrong, which the diagnostics say. */
export function analyseModel(
  text: string,
  file: string,
  relationOf: RelationOf,
): { readonly relation: Relation | null; readonly diagnostics: readonly Diagnostic[] } {
  const parsed = parseSelect(text, { file, line: 1, column: 1 });
  if (!parsed.select) return { relation: null, diagnostics: parsed.diagnostics };
  const reporter = createReporter(file);
  const relation = analyseSelect(parsed.select, {
    reporter,
    relation: (name, span) => relationOf(name, span, reporter),
  });
  return { relation, diagnostics: [...parsed.diagnostics, ...reporter.diagnostics] };
}
