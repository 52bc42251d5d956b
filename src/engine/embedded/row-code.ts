/** Generated code of the row part: what a table, or the groups of an aggregate, does with an accepted event. */
import type { EventSchema } from "../../contract/schema.ts";
import { isNumeric } from "../../sql/build.ts";
import type { AggregateRelation, ColumnRef } from "../../sql/plan.ts";
import type { SqlType } from "../../sql/types.ts";
import { type BoundAggregate, updateCode } from "./accumulators.ts";
import type { ColumnCode, Emitter } from "./emit.ts";
import type { Interner, Node } from "./expressions.ts";
import { leavesOpen, type PlannedTable, type PlannedWindows } from "./planned-table.ts";
import { type Step, shapeOf, stepsCode } from "./shape.ts";

/** The source's columns: the batch's, then the record's partition and position. `i` is the row. */
export function sourceColumns({ leaves }: EventSchema): ColumnCode {
  const value = ({ index, type }: ColumnRef): string => {
    if (index === leaves.length) return "partition";
    if (index > leaves.length) return "(base + i)";
    return type.kind === "boolean" ? `BOOLEANS[c${index}[i]]` : `c${index}[i]`;
  };
  return {
    value,
    isTrue: ({ index }) => `(c${index}[i] === 1)`,
    isFalse: ({ index }) => `(c${index}[i] === 0)`,
  };
}

export interface RowContext {
  readonly interner: Interner;
  readonly emitter: Emitter;
}

/** Function `t<table>(i)` of a row table: one output row, or one for each exploded element. */
export function rowTableCode({ index, shape }: PlannedTable, context: RowContext): string {
  const columns = context.interner.base(shape.source);
  return takerCode(`t${index}`, [index], shape.below, columns, context, (row) => {
    const values = row.map((node) => outputCode(node, context.emitter));
    return `used = 1; o${index}.push([${values.join(", ")}]);`;
  });
}

/** Function `p<windows>(i)`: the update of one slot, or one for each exploded element. */
export function windowsCode({ index, aggregate, keys, tables }: PlannedWindows, context: RowContext): string {
  const { interner, emitter } = context;
  const { below, source } = shapeOf(aggregate);
  const mark = tables.some(leavesOpen) ? `if (S${index}.changed[s] === 0) markChanged(S${index}, s);` : "";
  const usedBy = tables.map((table) => table.index);
  return takerCode(`p${index}`, usedBy, below, interner.base(source), context, (columns) => {
    const bound = bind(aggregate, columns, interner);
    return `const t = ${emitter.value(interner.node(aggregate.time, columns))};
if (t === t) {
used = 1;
const s = slotOf(S${index}, ${keys.find(columns)}, Math.floor(t / ${aggregate.window.slideMs}));
${[mark, ...bound.map((its) => updateCode(its, `A${index}`, emitter))].join("\n")}
}`;
  });
}

function bind(
  { aggregates }: AggregateRelation,
  columns: readonly Node[],
  interner: Interner,
): BoundAggregate[] {
  return aggregates.map((aggregate, index) => ({
    aggregate,
    index,
    argument: aggregate.argument && interner.node(aggregate.argument, columns),
    filter: aggregate.filter && interner.node(aggregate.filter, columns),
  }));
}

/** A function of one row that counts, for the tables `usedBy`, whether it contributed. */
function takerCode(
  name: string,
  usedBy: readonly number[],
  steps: readonly Step[],
  columns: readonly Node[],
  context: RowContext,
  terminal: (columns: readonly Node[]) => string,
): string {
  const counts = usedBy.map((table) => `USED[${table}] += used;`);
  return `function ${name}(i) {\nlet used = 0;\n${stepsCode(steps, columns, context, terminal)}\n${counts.join(" ")}\n}`;
}

/** A value as it leaves the engine: nulls are null. */
export function outputCode(node: Node, emitter: Emitter): string {
  const { type } = node.expr;
  const value = emitter.value(node);
  if (node.expr.kind === "literal") return value === "NaN" ? "null" : value;
  if (isNumeric(type)) return `orNull(${value})`;
  return holdsNumbers(type) ? `orNullWithin(${value})` : value;
}

function holdsNumbers(type: SqlType): boolean {
  if (type.kind === "array") return holdsNumbers(type.element);
  if (type.kind === "struct") return type.fields.some((field) => holdsNumbers(field.type));
  return isNumeric(type);
}
