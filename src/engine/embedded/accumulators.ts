/** Aggregates as generated code: the cells a slot has, the update for an event, the value over a window's slots. */
import { isNarrow, isNumeric } from "../../sql/build.ts";
import type { Aggregate } from "../../sql/plan.ts";
import type { Emitter } from "./emit.ts";
import type { Node } from "./expressions.ts";

export interface AccumulatorField {
  readonly name: string;
  readonly storage: "number" | "list";
  /** Cells a slot. */
  readonly width: number;
  readonly initial: number | null;
}

/** An aggregate whose expressions stand over base columns. */
export interface BoundAggregate {
  readonly aggregate: Aggregate;
  /** Place among the table's aggregates; it names the fields. */
  readonly index: number;
  readonly argument: Node | null;
  readonly filter: Node | null;
}

export function fieldsOf(aggregate: Aggregate, index: number): AccumulatorField[] {
  const number = (name: string, initial: number, width = 1): AccumulatorField => ({
    name: `${name}${index}`,
    storage: "number",
    width,
    initial,
  });
  switch (aggregate.fn) {
    case "count":
    case "count_if":
      return [number("count", 0)];
    case "sum":
      return isNarrow(aggregate.range)
        ? [number("sum", Number.NaN)]
        : [number("low", Number.NaN), number("high", 0)];
    case "min":
    case "max":
      if (isNumeric(aggregate.type)) return [number("best", Number.NaN)];
      return [{ name: `best${index}`, storage: "list", width: 1, initial: null }];
    case "histogram":
      return [number("bins", 0, binCount(aggregate))];
    case "collect_set":
      return [{ name: `set${index}`, storage: "list", width: 1, initial: null }];
  }
}

function boundsOf({ histogram }: Aggregate): readonly number[] {
  return histogram?.bounds ?? [];
}

function binCount(aggregate: Aggregate): number {
  return boundsOf(aggregate).length + 1;
}

/** A statement that takes the row `i` into slot `s` of the accumulators named `A`. */
export function updateCode(bound: BoundAggregate, A: string, emitter: Emitter): string {
  const statement = takeCode(bound, A, emitter);
  return bound.filter ? `if (${emitter.isTrue(bound.filter)}) { ${statement} }` : statement;
}

function takeCode({ aggregate, index, argument }: BoundAggregate, A: string, emitter: Emitter): string {
  const count = `${A}.count${index}[s] += 1;`;
  if (argument === null) return count;
  if (aggregate.fn === "count_if") return `if (${emitter.isTrue(argument)}) ${count}`;
  const present = isNumeric(argument.expr.type) ? "x === x" : "x !== null";
  return `{ const x = ${emitter.value(argument)}; if (${present}) { ${takeValueCode(aggregate, index, A)} } }`;
}

/** As `takeCode`, where `x` is the argument's value and not null. */
function takeValueCode(aggregate: Aggregate, index: number, A: string): string {
  const best = `${A}.best${index}`;
  switch (aggregate.fn) {
    case "count":
    case "count_if":
      return `${A}.count${index}[s] += 1;`;
    case "sum":
      if (!isNarrow(aggregate.range)) return `addWide(${A}.low${index}, ${A}.high${index}, s, x);`;
      return `const y = ${A}.sum${index}[s]; ${A}.sum${index}[s] = y === y ? y + x : x;`;
    case "min":
    case "max":
      return `if (${improves(aggregate, `${best}[s]`)}) ${best}[s] = x;`;
    case "histogram": {
      const bin = `binOf(${JSON.stringify(boundsOf(aggregate))}, x)`;
      return `${A}.bins${index}[s * ${binCount(aggregate)} + ${bin}] += 1;`;
    }
    case "collect_set":
      return `addToSet(${A}.set${index}, s, x);`;
  }
}

/** Whether `x` is beyond the best so far, which may be none. */
function improves({ fn, type }: Aggregate, best: string): string {
  const sign = fn === "min" ? "<" : ">";
  if (isNumeric(type)) return `!(${best} ${sign}= x)`;
  const beyond = type.kind === "string" ? `rt.compareText(x, ${best}) ${sign} 0` : `x ${sign} ${best}`;
  return `${best} === null || ${beyond}`;
}

/** Statements that return the aggregate's value over slots `W[0..count)`, newest first. */
export function valueCode(aggregate: Aggregate, index: number, A: string, table: string): string {
  const each = (statement: string) => `for (let j = 0; j < count; j++) { const s = W[j]; ${statement} }`;
  const cell = (name: string) => `${A}.${name}${index}`;
  switch (aggregate.fn) {
    case "count":
    case "count_if":
      return `let v = 0; ${each(`v += ${cell("count")}[s];`)} return v;`;
    case "sum":
      if (!isNarrow(aggregate.range))
        return `return wideSum(${cell("low")}, ${cell("high")}, W, count, ${JSON.stringify(table)});`;
      return `let v = NaN; ${each(`const x = ${cell("sum")}[s]; if (x === x) v = v === v ? v + x : x;`)} return v;`;
    case "min":
    case "max": {
      const present = isNumeric(aggregate.type) ? "x === x" : "x !== null";
      const take = `const x = ${cell("best")}[s]; if (${present} && (${improves(aggregate, "v")})) v = x;`;
      return `let v = ${isNumeric(aggregate.type) ? "NaN" : "null"}; ${each(take)} return v;`;
    }
    case "histogram": {
      const width = binCount(aggregate);
      const take = `for (let b = 0; b < ${width}; b++) v[b] += ${cell("bins")}[s * ${width} + b];`;
      return `const v = new Array(${width}).fill(0); ${each(take)} return v;`;
    }
    case "collect_set":
      return `return unionOf(${cell("set")}, W, count);`;
  }
}
