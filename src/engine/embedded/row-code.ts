/** Generated code of the row part: what a table does with an accepted event. */
import type { EventSchema } from "../../contract/schema.ts";
import type { AggregateRelation, ColumnRef } from "../../sql/plan.ts";
import type { SqlType } from "../../sql/types.ts";
import { type BoundAggregate, updateCode } from "./accumulators.ts";
import { type ColumnCode, type Emitter, isNumeric } from "./emit.ts";
import type { Interner, Node } from "./expressions.ts";
import type { KeyPlan } from "./key-plan.ts";
import type { PlannedTable } from "./planned-table.ts";
import { stepsCode } from "./shape.ts";

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
export function rowTableCode(planned: PlannedTable, context: RowContext): string {
  return tableCode(planned, context, (columns) => {
    const values = columns.map((node) => outputCode(node, context.emitter));
    return `used = 1; o${planned.index}.push([${values.join(", ")}]);`;
  });
}

/** Function `t<table>(i)` of a window table: the update of one slot, or one for each exploded element. */
export function windowTableCode(planned: PlannedTable, keys: KeyPlan, context: RowContext): string {
  const { index, table, shape } = planned;
  const { interner, emitter } = context;
  const mark = table.emit === "update" ? `if (S${index}.changed[s] === 0) markChanged(S${index}, s);` : "";
  return tableCode(planned, context, (columns) => {
    if (!shape.aggregate) return "";
    const { time, window } = shape.aggregate;
    const bound = bind(shape.aggregate, columns, interner);
    return `const t = ${emitter.value(interner.node(time, columns))};
if (t === t) {
used = 1;
const s = slotOf(S${index}, ${keys.find(columns)}, Math.floor(t / ${window.slideMs}));
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

function tableCode(
  { index, shape }: PlannedTable,
  context: RowContext,
  terminal: (columns: readonly Node[]) => string,
): string {
  const body = stepsCode(shape.below, context.interner.base(shape.source), context, terminal);
  return `function t${index}(i) {\nlet used = 0;\n${body}\nUSED[${index}] += used;\n}`;
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
