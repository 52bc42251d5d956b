/** Where a column comes from, through the projections between. */
import { column, substitute } from "./build.ts";
import type { AggregateRelation, Explode, Expr, Filter, Relation, Source } from "./plan.ts";

export interface ColumnOrigin {
  readonly relation: Source | AggregateRelation | Explode;
  readonly index: number;
}

/** The source, aggregate or explode that makes a column, if it is handed on unchanged from there; else null. */
export function originOf(relation: Relation, index: number): ColumnOrigin | null {
  switch (relation.op) {
    case "source":
    case "aggregate":
      return { relation, index };
    case "model":
    case "filter":
      return originOf(relation.input, index);
    case "explode":
      return index < relation.input.columns.length ? originOf(relation.input, index) : { relation, index };
    case "project": {
      const expression = relation.expressions[index];
      return expression?.kind === "column" ? originOf(relation.input, expression.index) : null;
    }
  }
}

/** The relation and all below it, down to the source. */
export function* chain(relation: Relation): Generator<Relation> {
  for (let at = relation; ; at = at.input) {
    yield at;
    if (at.op === "source") return;
  }
}

export function aggregateBelow(relation: Relation): AggregateRelation | null {
  for (const at of chain(relation)) if (at.op === "aggregate") return at;
  return null;
}

/** The filters above an aggregate, each with the name of the model that holds it. */
export function filtersAboveAggregate(
  relation: Relation,
): readonly { readonly filter: Filter; readonly model: string | null }[] {
  const found: { filter: Filter; model: string | null }[] = [];
  let model: string | null = null;
  for (const at of chain(relation)) {
    if (at.op === "aggregate") return found;
    if (at.op === "model") model = at.name;
    if (at.op === "filter") found.push({ filter: at, model });
  }
  return [];
}

/** An expression over a relation's columns as expressions over the aggregate below; one for each exploded element. */
export function overAggregate(expression: Expr, relation: Relation): readonly Expr[] {
  switch (relation.op) {
    case "source":
    case "aggregate":
      return [expression];
    case "model":
    case "filter":
      return overAggregate(expression, relation.input);
    case "project":
      return overAggregate(substitute(expression, relation.expressions), relation.input);
    case "explode": {
      const below = relation.input.columns.map((_, index) => column(relation.input.columns, index));
      return relation.elements.flatMap((element) =>
        overAggregate(substitute(expression, [...below, ...element]), relation.input),
      );
    }
  }
}
