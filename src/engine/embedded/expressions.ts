/**
 * Expressions of a chain of relations, brought down to the columns it starts from, each structure held once:
 * two nodes with one structure are one node, so that shared work can be found by identity.
 */
import type { Column, ColumnRef, Expr } from "../../sql/plan.ts";

/** An expression over base columns only. `expr` and `args` say the same; `args` by node. */
export interface Node {
  readonly id: number;
  readonly expr: Expr;
  readonly args: readonly Node[];
  /** Lambda variables that it leaves unbound. */
  readonly free: ReadonlySet<string>;
}

export interface Interner {
  /** The columns of the relation that everything is brought down to. */
  base(columns: readonly Column[]): readonly Node[];
  /** `expr` over `columns`, as one node over base columns. */
  node(expr: Expr, columns: readonly Node[]): Node;
}

const NONE: ReadonlySet<string> = new Set();

export function createInterner(): Interner {
  const known = new Map<string, Node>();

  function intern(expr: Expr, args: readonly Node[], free: ReadonlySet<string>): Node {
    const key = structure(expr, args);
    const found = known.get(key);
    if (found) return found;
    const node: Node = { id: known.size, expr, args, free };
    known.set(key, node);
    return node;
  }

  function node(expr: Expr, columns: readonly Node[]): Node {
    switch (expr.kind) {
      case "column":
        return columns[expr.index]!;
      case "literal":
        return intern(expr, [], NONE);
      case "variable":
        return intern(expr, [], new Set([expr.name]));
      case "lambda": {
        const body = node(expr.body, columns);
        const free = new Set([...body.free].filter((name) => name !== expr.parameter));
        return intern({ ...expr, body: body.expr }, [body], free);
      }
      case "call": {
        const args = expr.args.map((arg) => node(arg, columns));
        const free = args.some((arg) => arg.free.size > 0)
          ? new Set(args.flatMap((arg) => [...arg.free]))
          : NONE;
        return intern({ ...expr, args: args.map((arg) => arg.expr) }, args, free);
      }
    }
  }

  return {
    base: (columns) => columns.map((column, index) => intern(reference(column, index), [], NONE)),
    node,
  };
}

function reference(column: Column, index: number): ColumnRef {
  const { name, type, range, nullable, lineage, histogram } = column;
  return { kind: "column", index, name, type, range, nullable, lineage, ...(histogram ? { histogram } : {}) };
}

function structure(expr: Expr, args: readonly Node[]): string {
  const own = { column: "", literal: "", call: "", lambda: "", variable: "" };
  if (expr.kind === "column") own.column = String(expr.index);
  if (expr.kind === "literal") own.literal = `${typeof expr.value}${expr.value}`;
  if (expr.kind === "call") own.call = expr.fn;
  if (expr.kind === "lambda") own.lambda = expr.parameter;
  if (expr.kind === "variable") own.variable = expr.name;
  const typed = [expr.type, expr.range, expr.nullable, expr.histogram];
  return JSON.stringify([expr.kind, own, args.map(({ id }) => id), typed]);
}
