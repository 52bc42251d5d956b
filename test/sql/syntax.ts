/** Syntax trees for the tests of the grammar: printed as SQL, and made at random. */
import fc from "fast-check";
import type { BinaryOperator, Select, Span, Syntax } from "../../src/sql/ast.ts";

const NOWHERE: Span = { start: 0, end: 0, line: 1, column: 1 };

/** The tree without its positions, for comparison. */
export function structure(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value) => (key === "span" ? undefined : value)));
}

const BINARY_LEVELS: Readonly<Record<BinaryOperator, number>> = {
  OR: 1,
  AND: 2,
  "=": 5,
  "<>": 5,
  "<": 5,
  "<=": 5,
  ">": 5,
  ">=": 5,
  "<=>": 5,
  "+": 6,
  "-": 6,
  "||": 6,
  "*": 7,
  "/": 7,
  "%": 7,
  DIV: 7,
};
const NOT = 3;
const PREDICATE = 4;
const COMPARISON = 5;
const SIGN = 8;
const PRIMARY = 9;

/** How tightly an expression holds together: what asks for more needs it in parentheses. */
function levelOf(node: Syntax): number {
  if (node.kind === "binary") return BINARY_LEVELS[node.operator];
  if (node.kind === "unary") return node.operator === "NOT" ? NOT : SIGN;
  if (["isNull", "in", "between", "like"].includes(node.kind)) return PREDICATE;
  if (node.kind === "literal" && typeof node.value === "number" && node.value < 0) return SIGN;
  return node.kind === "lambda" ? 0 : PRIMARY;
}

/** `minimal`: parentheses only where the tree would be another without them; `full`: around every operator. */
export type Style = "minimal" | "full";

/** Prints an expression as SQL. */
export function print(node: Syntax, style: Style): string {
  const at = (level: number) => (child: Syntax) => {
    const text = print(child, style);
    const asked = style === "minimal" || level === 0 ? level : Math.max(level, PRIMARY);
    const needed = levelOf(child) < asked;
    return needed ? `(${text})` : text;
  };
  return printNode(node, at, at(0));
}

type At = (level: number) => (child: Syntax) => string;

function printNode(node: Syntax, at: At, free: (child: Syntax) => string): string {
  const not = "negated" in node && node.negated ? "NOT " : "";
  switch (node.kind) {
    case "name":
      return node.parts.map(quoted).join(".");
    case "literal":
      return printLiteral(node.type, node.value);
    case "interval":
      return `INTERVAL ${node.ms} MILLISECONDS`;
    case "unary": {
      const isNumber = node.operand.kind === "literal" && typeof node.operand.value === "number";
      const operand = at(node.operator === "NOT" ? NOT : isNumber ? PRIMARY + 1 : SIGN)(node.operand);
      return `${node.operator} ${operand}`;
    }
    case "binary": {
      const level = BINARY_LEVELS[node.operator];
      return `${at(level)(node.left)} ${node.operator} ${at(level + 1)(node.right)}`;
    }
    case "isNull":
      return `${at(COMPARISON)(node.operand)} IS ${not}NULL`;
    case "in":
      return `${at(COMPARISON)(node.operand)} ${not}IN (${node.list.map(free).join(", ")})`;
    case "between":
      return `${at(COMPARISON)(node.operand)} ${not}BETWEEN ${at(COMPARISON)(node.low)} AND ${at(COMPARISON)(node.high)}`;
    case "like":
      return `${at(COMPARISON)(node.operand)} ${not}LIKE ${at(COMPARISON)(node.pattern)}`;
    case "case":
      return printCase(node, free);
    case "cast":
      return `CAST(${free(node.operand)} AS ${node.type})`;
    case "call": {
      const filter = node.filter ? ` FILTER (WHERE ${free(node.filter)})` : "";
      return `${node.name}(${node.star ? "*" : node.arguments.map(free).join(", ")})${filter}`;
    }
    case "lambda":
      return `${node.parameter} -> ${free(node.body)}`;
  }
}

const quoted = (name: string) => (UNQUOTED.has(name) ? name : `\`${name.replaceAll("`", "``")}\``);

/** Prints a SELECT; a subquery is called `s`, a LATERAL VIEW `t`. */
export function printSelect(select: Select, style: Style): string {
  const { from, lateralView, where, groupBy, having } = select;
  const items = select.items.map((item) => {
    if (item.kind === "star") return "*";
    const alias = item.alias === null ? "" : ` AS ${quoted(item.alias)}`;
    return `${print(item.expression, style)}${alias}`;
  });
  return [
    `SELECT ${items.join(", ")}`,
    `FROM ${from.kind === "relation" ? quoted(from.name) : `(${printSelect(from.select, style)}) s`}`,
    ...(lateralView
      ? [
          `LATERAL VIEW explode(${print(lateralView.argument, style)}) t AS ${quoted(lateralView.columnAlias)}`,
        ]
      : []),
    ...(where ? [`WHERE ${print(where, style)}`] : []),
    ...(groupBy.length > 0 ? [`GROUP BY ${groupBy.map((key) => print(key, style)).join(", ")}`] : []),
    ...(having ? [`HAVING ${print(having, style)}`] : []),
  ].join("\n");
}

const UNQUOTED = new Set(["a", "b", "loan", "amount_cents", "Mixed"]);

function printCase(node: Extract<Syntax, { kind: "case" }>, free: (child: Syntax) => string): string {
  const branches = node.branches.map(({ when, then }) => ` WHEN ${free(when)} THEN ${free(then)}`).join("");
  const operand = node.operand ? ` ${free(node.operand)}` : "";
  return `CASE${operand}${branches}${node.otherwise ? ` ELSE ${free(node.otherwise)}` : ""} END`;
}

function printLiteral(type: string, value: null | boolean | number | string): string {
  if (typeof value === "string") return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  if (type === "timestamp" && typeof value === "number")
    return `TIMESTAMP '${new Date(value).toISOString()}'`;
  if (type === "double") return `${value}D`;
  return String(value);
}

const name = fc
  .array(fc.constantFrom("a", "b", "loan", "amount_cents", "Mixed", "order", "a b", "gr`ave", "é", "1x"), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts): Syntax => ({ kind: "name", parts, span: NOWHERE }));

const literal = fc
  .oneof(
    fc.maxSafeInteger().map((value) => ({ type: "bigint" as const, value: value + 0 })),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((value) => ({ type: "double" as const, value: value + 0 })),
    fc.string({ unit: "binary", maxLength: 6 }).map((value) => ({ type: "string" as const, value })),
    fc.boolean().map((value) => ({ type: "boolean" as const, value })),
    fc
      .integer({ min: -62_135_596_800, max: 253_402_300_799 })
      .map((seconds) => ({ type: "timestamp" as const, value: seconds * 1000 + 7 })),
    fc.constant({ type: "null" as const, value: null }),
  )
  .map((one): Syntax => ({ kind: "literal", span: NOWHERE, ...one }));

const BINARY: BinaryOperator[] = [
  "OR",
  "AND",
  "=",
  "<>",
  "<",
  "<=",
  ">",
  ">=",
  "<=>",
  "+",
  "-",
  "||",
  "*",
  "/",
  "%",
  "DIV",
];

const interval = fc.integer().map((ms): Syntax => ({ kind: "interval", ms, span: NOWHERE }));

// biome-ignore lint/suspicious/noThenProperty: a branch of a tree; nobody awaits it
const branchOf = (when: Syntax, result: Syntax) => ({ when, then: result });

/** Any expression of the language, well typed or not. */
export const anyExpression: fc.Arbitrary<Syntax> = fc.letrec<{ any: Syntax }>((tie) => {
  const any = tie("any");
  const list = fc.array(any, { minLength: 1, maxLength: 3 });
  const negated = fc.boolean();
  const span = fc.constant(NOWHERE);
  const kind = <K extends Syntax["kind"]>(value: K) => fc.constant(value);
  const fn = fc.constantFrom("f", "coalesce", "if", "filter", "exists");
  const lambda = fc.record({ kind: kind("lambda"), parameter: fc.constantFrom("x", "y"), body: any, span });
  const argument: fc.Arbitrary<Syntax> = fc.oneof(
    { weight: 5, arbitrary: any },
    { weight: 1, arbitrary: lambda },
  );
  const filter = fc.oneof(fc.constant(null), any);
  const branch = fc.tuple(any, any).map(([when, result]) => branchOf(when, result));
  const type = fc.constantFrom(
    "BIGINT" as const,
    "DOUBLE" as const,
    "STRING" as const,
    "TIMESTAMP" as const,
    "BOOLEAN" as const,
  );
  return {
    any: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      name,
      literal,
      interval,
      fc.record({ kind: kind("binary"), operator: fc.constantFrom(...BINARY), left: any, right: any, span }),
      fc.record({ kind: kind("binary"), operator: fc.constantFrom(...BINARY), left: any, right: any, span }),
      fc.record({
        kind: kind("unary"),
        operator: fc.constantFrom("NOT" as const, "-" as const),
        operand: any,
        span,
      }),
      fc.record({ kind: kind("isNull"), operand: any, negated, span }),
      fc.record({ kind: kind("in"), operand: any, list, negated, span }),
      fc.record({ kind: kind("between"), operand: any, low: any, high: any, negated, span }),
      fc.record({ kind: kind("like"), operand: any, pattern: any, negated, span }),
      fc.record({
        kind: kind("case"),
        operand: fc.oneof(fc.constant(null), any),
        branches: fc.array(branch, { minLength: 1, maxLength: 2 }),
        otherwise: fc.oneof(fc.constant(null), any),
        span,
      }),
      fc.record({ kind: kind("cast"), operand: any, type, span }),
      fc.record({
        kind: kind("call"),
        name: fn,
        arguments: fc.array(argument, { maxLength: 3 }),
        star: fc.constant(false),
        filter,
        span,
      }),
    ),
  };
}).any;
