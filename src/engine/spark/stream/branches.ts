/** A relation over a wide table: its columns are columns there, its conditions one more; its explodes are written out. */
import type { Explode, Expr, Relation } from "../../../sql/plan.ts";
import { defineExpression, type WideTable } from "./wide-table.ts";

/** Gives at most one row of the relation for each row of the wide table. */
export interface Branch {
  /** Name in the wide table of the relation's column at this place. */
  column(index: number): string;
  /** Name of the column that says whether there is a row: true or false, never null. */
  holds(): string;
}

export type BranchReader = (relation: Relation) => readonly Branch[];

/** @param bases what the branches of a relation are where they begin, else null */
export function branchReader(
  table: WideTable,
  bases: (relation: Relation) => readonly Branch[] | null,
): BranchReader {
  const known = new Map<Relation, readonly Branch[]>();

  function read(relation: Relation): readonly Branch[] {
    const found = known.get(relation) ?? bases(relation) ?? above(relation);
    known.set(relation, found);
    return found;
  }

  function above(relation: Relation): readonly Branch[] {
    switch (relation.op) {
      case "model":
        return read(relation.input);
      case "project":
        return read(relation.input).map((branch) => ({
          column: lazily((index) => defineExpression(table, relation.expressions[index]!, branch.column)),
          holds: branch.holds,
        }));
      case "filter":
        return read(relation.input).map((branch) => filtered(table, relation.predicate, branch));
      case "explode":
        return read(relation.input).flatMap((branch) => exploded(table, relation, branch));
      default:
        throw new TypeError(`a stream begins with ${relation.op}`);
    }
  }

  return read;
}

function filtered(table: WideTable, predicate: Expr, branch: Branch): Branch {
  const holds = lazily(() => {
    const before = branch.holds();
    const condition = defineExpression(table, predicate, branch.column);
    return table.define(`${before} AND coalesce(${condition}, false)`, [before, condition]);
  });
  return { column: branch.column, holds: () => holds(0) };
}

function exploded(table: WideTable, { input, elements }: Explode, branch: Branch): readonly Branch[] {
  const width = input.columns.length;
  return elements.map((element) => ({
    column: lazily((index) =>
      index < width ? branch.column(index) : defineExpression(table, element[index - width]!, branch.column),
    ),
    holds: branch.holds,
  }));
}

function lazily(of: (index: number) => string): (index: number) => string {
  const known = new Map<number, string>();
  return (index) => {
    const name = known.get(index) ?? of(index);
    known.set(index, name);
    return name;
  };
}
