/**
 * Generated code of the group part: rows of a window from its slots, through HAVING and what stands above it, for all
 * tables over one aggregate.
 */
import { isNarrow, isNumeric } from "../../sql/build.ts";
import type { ColumnRef } from "../../sql/plan.ts";
import { valueCode } from "./accumulators.ts";
import { type ColumnCode, type Emitter, type Lookup, writeShared } from "./emit.ts";
import { createInterner, type Interner, type Node } from "./expressions.ts";
import { leavesOpen, type PlannedTable, type PlannedWindows } from "./planned-table.ts";
import { outputCode } from "./row-code.ts";
import { stepsCode } from "./shape.ts";
import { elementOf } from "./windows.ts";

export interface GroupCodeOptions {
  readonly lookup: Lookup;
  readonly numbers: { count: number };
}

/** Text, and the names of its two functions `(group, window, count, slotSet, out)`; null for one without tables. */
export interface GroupCode {
  readonly text: string;
  /** Puts out what leaves while the window is open. */
  readonly open: string | null;
  /** Puts out what leaves when it has closed. */
  readonly closed: string | null;
}

/** Everything is computed when asked, and once for all tables that leave at the same time. */
export function groupCode(windows: PlannedWindows, { lookup, numbers }: GroupCodeOptions): GroupCode {
  const { index: w, aggregate, tables } = windows;
  const interner = createInterner();
  const columns = interner.base(aggregate.columns);
  const open = tables.filter(leavesOpen);
  const closed = tables.filter((table) => !leavesOpen(table));
  const scope = { prefix: `g${w}`, columns: groupColumns(windows), lookup, numbers };
  const written = writeShared(scope, (emitter) => {
    const codeOf = (table: PlannedTable) => tableCode(table, columns, { interner, emitter });
    return [evaluateCode(`e${w}`, w, open.map(codeOf)), evaluateCode(`d${w}`, w, closed.map(codeOf))].join(
      "\n",
    );
  });
  const text = `let w${w} = 0, n${w} = 0, k${w} = 0, set${w} = 0, i${w} = 0;
${aggregate.aggregates.map((_, place) => aggregateCode(windows, place, numbers)).join("\n")}
${written.definitions}
${written.body}`;
  return { text, open: open.length > 0 ? `e${w}` : null, closed: closed.length > 0 ? `d${w}` : null };
}

function evaluateCode(name: string, w: number, tables: readonly string[]): string {
  return `function ${name}(group, window, count, slotSet, out) {
k${w} = group; w${w} = window; n${w} = count; set${w} = slotSet;
const i = ++i${w};
${tables.map((code) => `{\n${code}\n}`).join("\n")}
}`;
}

/** Statements that put out the rows of one table. */
function tableCode(
  { index, table, shape }: PlannedTable,
  columns: readonly Node[],
  context: { readonly interner: Interner; readonly emitter: Emitter },
): string {
  let way = 0;
  return stepsCode(shape.above, columns, context, (out) => {
    const values = out.map((node) => outputCode(node, context.emitter));
    const push = `out[${index}].push([${values.join(", ")}]);`;
    if (table.emit !== "once") return push;
    return `if (isFirst(FIRST[${index}], window, ${elementOf("group", way++)})) ${push}`;
  });
}

/** Columns of an aggregate: window start, window end, keys, aggregates. */
function groupColumns({ index: w, aggregate, keys: { name } }: PlannedWindows): ColumnCode {
  const { keys, window } = aggregate;
  const value = ({ index }: ColumnRef): string => {
    if (index === 0) return `(w${w} * ${window.slideMs})`;
    if (index === 1) return `(w${w} * ${window.slideMs} + ${window.sizeMs})`;
    if (index < 2 + keys.length) return `${name}.values[${index - 2}][k${w}]`;
    return `a${w}_${index - 2 - keys.length}()`;
  };
  return {
    value,
    isTrue: (column) => `(${value(column)} === true)`,
    isFalse: (column) => `(${value(column)} === false)`,
  };
}

/** Function `a<windows>_<place>()`: the aggregate over the window's slots, or over those of its last milliseconds. */
function aggregateCode(
  { index: w, aggregate: { aggregates, window }, tables }: PlannedWindows,
  place: number,
  numbers: { count: number },
): string {
  const aggregate = aggregates[place]!;
  const fn = `a${w}_${place}`;
  const cell =
    isNumeric(aggregate.type) && (aggregate.fn !== "sum" || isNarrow(aggregate.range))
      ? `N[${numbers.count++}]`
      : `${fn}_is`;
  const since = `w${w} + ${(window.sizeMs - (aggregate.lastMs ?? 0)) / window.slideMs}`;
  const narrowed =
    aggregate.lastMs === null
      ? `const count = n${w};`
      : `let count = 0; while (count < n${w} && S${w}.pane[W[count]] >= ${since}) count += 1;`;
  const current = aggregate.lastMs === null ? `set${w}` : `i${w}`;
  const name = tables[0]?.table.name ?? "";
  return `function ${fn}_of() { ${narrowed} ${valueCode(aggregate, place, `A${w}`, name)} }
let ${fn}_at = -1, ${fn}_is;
function ${fn}() { if (${fn}_at !== ${current}) { ${cell} = ${fn}_of(); ${fn}_at = ${current}; } return ${cell}; }`;
}
