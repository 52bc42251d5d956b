/**
 * JavaScript text of expressions. What stands in a scope more than once becomes a function that remembers its
 * value for the row at hand, so that it is computed at most once a row, and not at all where no branch asks.
 */
import { isNumeric } from "../../sql/build.ts";
import type { Operands, ScalarFunction } from "../../sql/catalogue/function.ts";
import type { Call, ColumnRef, Literal } from "../../sql/plan.ts";
import { SAFE } from "../../sql/types.ts";
import type { Node } from "./expressions.ts";

export type Lookup = (name: string) => ScalarFunction;

/** How a scope's base columns read in JavaScript; `i` is the row at hand. */
export interface ColumnCode {
  value(column: ColumnRef): string;
  isTrue(column: ColumnRef): string;
  isFalse(column: ColumnRef): string;
}

export interface Scope {
  /** Keeps the names of one scope apart from those of another. */
  readonly prefix: string;
  readonly columns: ColumnCode;
  readonly lookup: Lookup;
  /** Places in the array `N`, where remembered numbers live (a variable would box each). */
  readonly numbers: { count: number };
}

export interface Emitter {
  value(node: Node): string;
  isTrue(node: Node): string;
  isFalse(node: Node): string;
}

/** `body` uses the emitter's text; `definitions` must stand before it, `reset` runs before a new run of rows. */
export interface Written {
  readonly definitions: string;
  readonly reset: string;
  readonly body: string;
}

/** Has `write` done twice: once to learn what is shared, once for the text. */
export function writeShared(scope: Scope, write: (emitter: Emitter) => string): Written {
  const uses = new Map<string, number>();
  const count: Share = (key, _type, text) => {
    const before = uses.get(key) ?? 0;
    uses.set(key, before + 1);
    return before === 0 ? text() : "0";
  };
  write(createEmitter(scope, count));

  const memos = new Map<string, string>();
  const stamps: string[] = [];
  const remember: Share = (key, type, text) => {
    if ((uses.get(key) ?? 0) < 2) return text();
    const name = `${scope.prefix}${key}`;
    if (!memos.has(key)) {
      memos.set(key, "");
      stamps.push(`${name}_at = -1;`);
      memos.set(
        key,
        memoCode(name, type !== null && isPlainNumber(type) ? scope.numbers.count++ : null, text()),
      );
    }
    return `${name}(i)`;
  };
  const body = write(createEmitter(scope, remember));
  return { definitions: [...memos.values()].join("\n"), reset: stamps.join(" "), body };
}

/** Text of one node in one mode: as it is, or as a call of what remembers it. `type` is null for a condition. */
type Share = (key: string, type: Call | null, text: () => string) => string;

function memoCode(name: string, number: number | null, text: string): string {
  const place = number === null ? `${name}_is` : `N[${number}]`;
  const declaration = number === null ? `let ${name}_at = -1, ${name}_is;` : `let ${name}_at = -1;`;
  return `${declaration}
function ${name}(i) { if (${name}_at !== i) { ${place} = ${text}; ${name}_at = i; } return ${place}; }`;
}

/** Whether its values are never of JavaScript's `bigint`. */
function isPlainNumber({ type, range }: Call): boolean {
  if (type.kind !== "bigint") return isNumeric(type);
  return range !== null && range.low >= SAFE.low && range.high <= SAFE.high;
}

function createEmitter(scope: Scope, share: Share): Emitter {
  const emitter: Emitter = {
    value: (node) => textOf(node),
    isTrue: (node) => condition(node, true),
    isFalse: (node) => condition(node, false),
  };

  function textOf(node: Node): string {
    const { expr } = node;
    switch (expr.kind) {
      case "column":
        return scope.columns.value(expr);
      case "literal":
        return literalCode(expr);
      case "variable":
        return variableName(expr.name);
      case "lambda":
        return `((${variableName(expr.parameter)}) => ${textOf(node.args[0]!)})`;
      case "call":
        return once(node, "v", expr, () => callValue(node, expr));
    }
  }

  function once(node: Node, mode: string, type: Call | null, text: () => string): string {
    const fleeting = node.free.size > 0 || (type === null ? isCheap(node) : isCast(node) && isCheap(node));
    return fleeting ? text() : share(`${mode}${node.id}`, type, text);
  }

  function callValue(node: Node, call: Call): string {
    const { embedded } = scope.lookup(call.fn);
    if (embedded.kind === "value") return `(${embedded.code(operandsOf(node), call)})`;
    if (!call.nullable) return emitter.isTrue(node);
    return `(${emitter.isTrue(node)} ? true : ${emitter.isFalse(node)} ? false : null)`;
  }

  function condition(node: Node, wanted: boolean): string {
    const { expr } = node;
    if (expr.kind === "column") return wanted ? scope.columns.isTrue(expr) : scope.columns.isFalse(expr);
    if (expr.kind === "literal") return String(expr.value === wanted);
    if (expr.kind !== "call") return `(${textOf(node)} === ${wanted})`;
    const { embedded } = scope.lookup(expr.fn);
    if (embedded.kind === "value") return `(${textOf(node)} === ${wanted})`;
    const code = wanted ? embedded.isTrue : embedded.isFalse;
    return once(node, wanted ? "t" : "f", null, () => `(${code.call(embedded, operandsOf(node), expr)})`);
  }

  function operandsOf(node: Node): Operands {
    return {
      count: node.args.length,
      value: (index) => textOf(node.args[index]!),
      isTrue: (index) => condition(node.args[index]!, true),
      isFalse: (index) => condition(node.args[index]!, false),
      predicate: (index) => predicateCode(node.args[index]!),
    };
  }

  function predicateCode(lambda: Node): string {
    if (lambda.expr.kind !== "lambda") return `(() => ${condition(lambda, true)})`;
    return `((${variableName(lambda.expr.parameter)}) => ${condition(lambda.args[0]!, true)})`;
  }

  return emitter;
}

/** Whether it looks at numbers at hand only: to do that again costs less than to look up what it gave. */
function isCheap({ args }: Node): boolean {
  return args.every(
    ({ args: deeper, expr }) => deeper.length === 0 && (isNumeric(expr.type) || expr.type.kind === "boolean"),
  );
}

function isCast({ expr }: Node): boolean {
  return expr.kind === "call" && expr.fn.startsWith("cast_") && isNumeric(expr.type);
}

function literalCode({ value, type }: Literal): string {
  if (value === null) return isNumeric(type) ? "NaN" : "null";
  if (typeof value === "number") return `(${value})`;
  return JSON.stringify(value);
}

function variableName(name: string): string {
  return `v_${name.replaceAll(/[^A-Za-z0-9]/g, (character) => `_${character.codePointAt(0)}_`)}`;
}
