/** Generated code of the group part: a window's row from its slots, through HAVING and what stands above it. */
import type { AggregateRelation, ColumnRef } from "../../sql/plan.ts";
import { isNarrow, valueCode } from "./accumulators.ts";
import { type ColumnCode, isNumeric, type Lookup, writeShared } from "./emit.ts";
import { createInterner } from "./expressions.ts";
import { outputCode } from "./row-code.ts";
import { type Shape, stepsCode } from "./shape.ts";

export interface GroupCodeOptions {
  readonly name: string;
  /** Place among the pipeline's tables. */
  readonly table: number;
  /** Of its key dictionary, in generated code. */
  readonly keys: string;
  readonly lookup: Lookup;
  readonly numbers: { count: number };
}

/** Function `e<table>(group, window, count, slotSet, rows)`, with what it needs; everything is computed when asked. */
export function groupCode(shape: Shape, aggregate: AggregateRelation, options: GroupCodeOptions): string {
  const { table, lookup, numbers } = options;
  const interner = createInterner();
  const columns = interner.base(aggregate.columns);
  const scope = { prefix: `g${table}`, columns: groupColumns(aggregate, options), lookup, numbers };
  const written = writeShared(scope, (emitter) =>
    stepsCode(shape.above, columns, { interner, emitter }, (out) => {
      const values = out.map((node) => outputCode(node, emitter));
      return `rows.push([${values.join(", ")}]);`;
    }),
  );
  return `let w${table} = 0, n${table} = 0, k${table} = 0, set${table} = 0, i${table} = 0;
${aggregate.aggregates.map((_, index) => aggregateCode(aggregate, index, options)).join("\n")}
${written.definitions}
function e${table}(group, window, count, slotSet, rows) {
k${table} = group; w${table} = window; n${table} = count; set${table} = slotSet;
const i = ++i${table};
${written.body}
}`;
}

/** Columns of an aggregate: window start, window end, keys, aggregates. */
function groupColumns({ keys, window }: AggregateRelation, options: GroupCodeOptions): ColumnCode {
  const { table } = options;
  const value = ({ index }: ColumnRef): string => {
    if (index === 0) return `(w${table} * ${window.slideMs})`;
    if (index === 1) return `(w${table} * ${window.slideMs} + ${window.sizeMs})`;
    if (index < 2 + keys.length) return `${options.keys}.values[${index - 2}][k${table}]`;
    return `a${table}_${index - 2 - keys.length}()`;
  };
  return {
    value,
    isTrue: (column) => `(${value(column)} === true)`,
    isFalse: (column) => `(${value(column)} === false)`,
  };
}

/** Function `a<table>_<index>()`: the aggregate over the window's slots, or over those of its last milliseconds. */
function aggregateCode(
  { aggregates, window }: AggregateRelation,
  index: number,
  options: GroupCodeOptions,
): string {
  const aggregate = aggregates[index]!;
  const { table, name } = options;
  const fn = `a${table}_${index}`;
  const place =
    isNumeric(aggregate.type) && (aggregate.fn !== "sum" || isNarrow(aggregate))
      ? `N[${options.numbers.count++}]`
      : `${fn}_is`;
  const since = `w${table} + ${(window.sizeMs - (aggregate.lastMs ?? 0)) / window.slideMs}`;
  const narrowed =
    aggregate.lastMs === null
      ? `const count = n${table};`
      : `let count = 0; while (count < n${table} && S${table}.pane[W[count]] >= ${since}) count += 1;`;
  const current = aggregate.lastMs === null ? `set${table}` : `i${table}`;
  return `function ${fn}_of() { ${narrowed} ${valueCode(aggregate, index, `A${table}`, name)} }
let ${fn}_at = -1, ${fn}_is;
function ${fn}() { if (${fn}_at !== ${current}) { ${place} = ${fn}_of(); ${fn}_at = ${current}; } return ${place}; }`;
}
