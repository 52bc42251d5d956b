/**
 * One relation that holds what many need: each expression is a column of its own, computed once, above the columns that it
 * reads. As Spark SQL it is a SELECT within a SELECT for each layer.
 */
import type { Expr } from "../../../sql/plan.ts";
import { renderExpression } from "../../../sql/render/spark.ts";

export interface WideTable {
  /** The column of an expression over what the table is made from. */
  source(sql: string): string;
  /** The column of an expression over columns of this table. */
  define(sql: string, over: readonly string[]): string;
  /** `FROM` is followed by it: every column that was defined, of the rows of `from` (a view, or a SELECT in brackets). */
  select(from: string): string;
}

interface Definition {
  readonly name: string;
  readonly sql: string;
  readonly layer: number;
}

export function createWideTable(): WideTable {
  const definitions = new Map<string, Definition>();
  const layers = new Map<string, number>();

  function add(sql: string, layer: number): string {
    const known = definitions.get(sql);
    if (known) return known.name;
    const name = `_c${definitions.size}`;
    definitions.set(sql, { name, sql, layer });
    layers.set(name, layer);
    return name;
  }

  return {
    source: (sql) => add(sql, 0),
    define: (sql, over) => add(sql, 1 + Math.max(0, ...over.map((name) => layers.get(name) ?? 0))),
    select(from) {
      const all = [...definitions.values()];
      const last = Math.max(0, ...all.map(({ layer }) => layer));
      let text = from;
      for (let layer = 0; layer <= last; layer++) {
        const own = all.filter((definition) => definition.layer === layer);
        const items = own.map(({ name, sql }) => `${sql} AS ${name}`);
        text = `(SELECT ${[...(layer === 0 ? [] : ["*"]), ...items].join(",\n  ")}\nFROM ${text})`;
      }
      return text;
    },
  };
}

/** The column of an expression whose input's columns are found by `columnAt`. */
export function defineExpression(
  table: WideTable,
  expression: Expr,
  columnAt: (index: number) => string,
): string {
  if (expression.kind === "column") return columnAt(expression.index);
  const names: { name: string }[] = [];
  for (const index of columnsOf(expression)) names[index] = { name: columnAt(index) };
  return table.define(
    renderExpression(expression, names),
    names.flatMap(({ name }) => name),
  );
}

function columnsOf(expression: Expr): readonly number[] {
  switch (expression.kind) {
    case "column":
      return [expression.index];
    case "call":
      return expression.args.flatMap(columnsOf);
    case "lambda":
      return columnsOf(expression.body);
    default:
      return [];
  }
}
