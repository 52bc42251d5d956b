/** A table's chain of relations as the engine runs it: row steps, at most one aggregate, group steps. */
import { fail } from "../../errors.ts";
import type { AggregateRelation, Column, Explode, Expr, Filter, Project, Relation } from "../../sql/plan.ts";
import type { Emitter } from "./emit.ts";
import type { Interner, Node } from "./expressions.ts";

export type Step = Project | Filter | Explode;

export interface Shape {
  readonly source: readonly Column[];
  /** From the source upwards. */
  readonly below: readonly Step[];
  readonly aggregate: AggregateRelation | null;
  readonly above: readonly Step[];
}

export function shapeOf(relation: Relation): Shape {
  if (relation.op === "source") return { source: relation.columns, below: [], aggregate: null, above: [] };
  const shape = shapeOf(relation.input);
  if (relation.op === "model") return shape;
  if (relation.op !== "aggregate") {
    return shape.aggregate
      ? { ...shape, above: [...shape.above, relation] }
      : { ...shape, below: [...shape.below, relation] };
  }
  if (shape.aggregate) throw fail("internal.unexpected", "an aggregate over an aggregate", "Report this");
  return { ...shape, aggregate: relation };
}

/** The columns at the end of `steps`, once for each way there: an explode has a way for each element. */
export function endsOf(
  steps: readonly Step[],
  columns: readonly Node[],
  interner: Interner,
): (readonly Node[])[] {
  const [step, ...rest] = steps;
  if (!step) return [columns];
  return waysOf(step, columns, interner).flatMap((way) => endsOf(rest, way, interner));
}

function waysOf(step: Step, columns: readonly Node[], interner: Interner): (readonly Node[])[] {
  const over = (expr: Expr) => interner.node(expr, columns);
  if (step.op === "filter") return [columns];
  if (step.op === "project") return [step.expressions.map(over)];
  return step.elements.map((fields) => [...columns, ...fields.map(over)]);
}

/** Statements that run `steps` and, for each row that comes through, `terminal` with its columns. */
export function stepsCode(
  steps: readonly Step[],
  columns: readonly Node[],
  context: { readonly interner: Interner; readonly emitter: Emitter },
  terminal: (columns: readonly Node[]) => string,
): string {
  const [step, ...rest] = steps;
  if (!step) return terminal(columns);
  const inner = waysOf(step, columns, context.interner).map((way) => stepsCode(rest, way, context, terminal));
  if (step.op === "project") return inner.join("\n");
  if (step.op === "explode") return inner.map((code) => `{\n${code}\n}`).join("\n");
  const predicate = context.interner.node(step.predicate, columns);
  return `if (${context.emitter.isTrue(predicate)}) {\n${inner.join("\n")}\n}`;
}
