/** The SQL inside a card: each text typed over the relation's columns, and checked for what a card may depend on. */
import type { Diagnostic } from "../errors.ts";
import { analyseExpression } from "../sql/analyse.ts";
import type { Origin } from "../sql/parse.ts";
import type { Column, Expr } from "../sql/plan.ts";
import type { YamlNode } from "../yaml.ts";
import type { Purpose } from "./reasons.ts";

export interface Predicates {
  /** An expression that yields BOOLEAN; null where it is missing or wrong, which has been reported. */
  condition(node: YamlNode): Expr | null;
  /** True where the expression, written at the node, is null. */
  isNull(text: string, node: YamlNode): Expr | null;
}

export function predicates(
  columns: readonly Column[],
  purpose: Purpose | null,
  diagnostics: Diagnostic[],
): Predicates {
  const read = (text: string, node: YamlNode) => {
    const { expression, diagnostics: found } = analyseExpression(text, originOf(node), columns);
    diagnostics.push(...found);
    if (expression && purpose === "credit") refuseProtected(expression, node);
    return expression;
  };
  return {
    condition(node) {
      const text = node.string();
      return text === null ? null : requireCondition(read(text, node), node);
    },
    isNull: (text, node) =>
      read(text, node) && analyseExpression(`(${text}) IS NULL`, originOf(node), columns).expression,
  };
}

function requireCondition(expression: Expr | null, node: YamlNode): Expr | null {
  if (!expression || expression.type.kind === "boolean") return expression;
  const kind = expression.type.kind.toUpperCase();
  node.complain(`this is ${kind}, not true or false`, "Write a comparison.", "scorecard.not-a-condition");
  return null;
}

function refuseProtected({ lineage }: Expr, node: YamlNode): void {
  if (lineage.protected.length === 0) return;
  node.complain(
    `a credit decision may not depend on ${lineage.protected.join(", ")}, which the schema marks x-protected`,
    "Take the characteristic out of the card, or use a column that does not derive from it.",
    "scorecard.protected-column",
  );
}

const originOf = ({ place }: YamlNode): Origin => ({
  file: place.file ?? "",
  line: place.line ?? 1,
  column: place.column ?? 1,
});
