/** The syntax tree of the SQL subset, as `parse.ts` makes it: a position on every node, nothing resolved. */

export interface Span {
  /** Offset of the first character in the text. */
  readonly start: number;
  /** Offset after the last character. */
  readonly end: number;
  /** Of the first character, from 1. */
  readonly line: number;
  readonly column: number;
}

interface Node {
  readonly span: Span;
}

export interface Select extends Node {
  readonly items: readonly SelectItem[];
  readonly from: From;
  readonly lateralView: LateralView | null;
  readonly where: Syntax | null;
  readonly groupBy: readonly Syntax[];
  readonly having: Syntax | null;
}

export type SelectItem = StarItem | ExpressionItem;

export interface StarItem extends Node {
  readonly kind: "star";
}

export interface ExpressionItem extends Node {
  readonly kind: "expression";
  readonly expression: Syntax;
  readonly alias: string | null;
}

export type From = RelationName | Subquery;

export interface RelationName extends Node {
  readonly kind: "relation";
  readonly name: string;
}

export interface Subquery extends Node {
  readonly kind: "subquery";
  readonly select: Select;
}

/** `LATERAL VIEW explode(argument) tableAlias AS columnAlias` */
export interface LateralView extends Node {
  readonly argument: Syntax;
  readonly columnAlias: string;
}

export type Syntax =
  | NameSyntax
  | LiteralSyntax
  | IntervalSyntax
  | UnarySyntax
  | BinarySyntax
  | IsNullSyntax
  | InSyntax
  | BetweenSyntax
  | LikeSyntax
  | CaseSyntax
  | CastSyntax
  | CallSyntax
  | LambdaSyntax;

/** `amount_cents`, `loan.amount_cents`, `window.start`; back-quoted parts without their quotes. */
export interface NameSyntax extends Node {
  readonly kind: "name";
  readonly parts: readonly string[];
}

export interface LiteralSyntax extends Node {
  readonly kind: "literal";
  readonly type: "null" | "boolean" | "bigint" | "double" | "string" | "timestamp";
  /** A timestamp in milliseconds since the epoch. */
  readonly value: null | boolean | number | string;
}

/** `INTERVAL 5 MINUTES` */
export interface IntervalSyntax extends Node {
  readonly kind: "interval";
  readonly ms: number;
}

export interface UnarySyntax extends Node {
  readonly kind: "unary";
  readonly operator: "-" | "NOT";
  readonly operand: Syntax;
}

export type BinaryOperator =
  | "OR"
  | "AND"
  | "="
  | "<>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "<=>"
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "DIV"
  | "||";

export interface BinarySyntax extends Node {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Syntax;
  readonly right: Syntax;
}

export interface IsNullSyntax extends Node {
  readonly kind: "isNull";
  readonly operand: Syntax;
  readonly negated: boolean;
}

export interface InSyntax extends Node {
  readonly kind: "in";
  readonly operand: Syntax;
  readonly list: readonly Syntax[];
  readonly negated: boolean;
}

export interface BetweenSyntax extends Node {
  readonly kind: "between";
  readonly operand: Syntax;
  readonly low: Syntax;
  readonly high: Syntax;
  readonly negated: boolean;
}

export interface LikeSyntax extends Node {
  readonly kind: "like";
  readonly operand: Syntax;
  readonly pattern: Syntax;
  readonly negated: boolean;
}

export interface CaseSyntax extends Node {
  readonly kind: "case";
  /** `CASE operand WHEN …`; null for `CASE WHEN condition …`. */
  readonly operand: Syntax | null;
  readonly branches: readonly { readonly when: Syntax; readonly then: Syntax }[];
  readonly otherwise: Syntax | null;
}

export interface CastSyntax extends Node {
  readonly kind: "cast";
  readonly operand: Syntax;
  readonly type: "BIGINT" | "DOUBLE" | "STRING" | "TIMESTAMP" | "BOOLEAN";
}

export interface CallSyntax extends Node {
  readonly kind: "call";
  /** Lower case. */
  readonly name: string;
  readonly arguments: readonly Syntax[];
  /** `count(*)` */
  readonly star: boolean;
  /** FILTER (WHERE …) */
  readonly filter: Syntax | null;
}

/** `x -> x IS NOT NULL` */
export interface LambdaSyntax extends Node {
  readonly kind: "lambda";
  readonly parameter: string;
  readonly body: Syntax;
}
