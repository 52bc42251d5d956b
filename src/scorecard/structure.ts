import type { Expr } from "../sql/plan.ts";

/** Equal for expressions that are the same but for their writing. */
export const structureOf = (expression: Expr): string =>
  JSON.stringify(expression, (key, value) =>
    key === "range" || key === "lineage" || key === "nullable" ? undefined : value,
  );
