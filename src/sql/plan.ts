/**
 * The typed plan. A relation has exactly one input (there are no joins), so every table is a chain of
 * operators down to the source, and a pipeline is a tree of them rooted at the source.
 */
import type { Range, SqlType } from "./types.ts";

/** What a value derives from: paths of schema fields. */
export interface Lineage {
  /** `x-pii` fields whose value this one shows (not: a comparison, a count, a derived number, a mask). */
  readonly pii: readonly string[];
  /** `x-protected` fields that this value depends on in any way. */
  readonly protected: readonly string[];
}

interface Typed {
  readonly type: SqlType;
  /** Of BIGINT, DOUBLE, TIMESTAMP (milliseconds): bounds of every non-null value; else null. */
  readonly range: Range | null;
  readonly nullable: boolean;
  readonly lineage: Lineage;
  /** Set on a histogram: what `quantile` and `psi` must know of it. */
  readonly histogram?: HistogramTrace;
}

export interface HistogramTrace {
  /** Ascending bin edges b1…bn of n+1 bins: (-∞,b1), [b1,b2), …, [bn,∞). */
  readonly bounds: readonly number[];
  /** Least possible value of what was counted, if the schema bounds it. */
  readonly minimum: number | null;
}

export type Expr = ColumnRef | Literal | Call | Lambda | LambdaVariable;

/** A column of the input relation, by its place there. */
export interface ColumnRef extends Typed {
  readonly kind: "column";
  readonly index: number;
  readonly name: string;
}

export interface Literal extends Typed {
  readonly kind: "literal";
  /** A TIMESTAMP or an interval is in milliseconds. */
  readonly value: null | number | string | boolean;
}

/** A scalar function, operator or CASE, by its row in the catalogue. */
export interface Call extends Typed {
  readonly kind: "call";
  readonly fn: string;
  readonly args: readonly Expr[];
}

export interface Lambda extends Typed {
  readonly kind: "lambda";
  readonly parameter: string;
  readonly body: Expr;
}

export interface LambdaVariable extends Typed {
  readonly kind: "variable";
  readonly name: string;
}

export type AggregateFunction = "count" | "count_if" | "sum" | "min" | "max" | "histogram" | "collect_set";

/** One aggregate over the rows of a group. `avg` and `sum_fixed` are expressed through `sum` and `count`. */
export interface Aggregate extends Typed {
  readonly fn: AggregateFunction;
  /** Over the input: none for `count(*)`, else one. A histogram's bounds are in its trace. */
  readonly argument: Expr | null;
  /** FILTER (WHERE …) over the input. */
  readonly filter: Expr | null;
  /** Counts only events of the window's last so many milliseconds (a multiple of the slide). */
  readonly lastMs: number | null;
}

export interface Column extends Typed {
  readonly name: string;
  /** Whether this is the source's event time, unchanged. */
  readonly eventTime: boolean;
  /** Where the model writes it. */
  readonly place?: { readonly line: number; readonly column: number };
}

export interface WindowSpec {
  readonly sizeMs: number;
  /** Equals the size for a tumbling window; divides it always. */
  readonly slideMs: number;
}

export type Relation = Source | Project | Filter | Explode | AggregateRelation | Alias;

interface HasColumns {
  readonly columns: readonly Column[];
}

/** The accepted events: one column a leaf of the schema, named by its dotted path (`loan.product`). */
export interface Source extends HasColumns {
  readonly op: "source";
}

export interface Project extends HasColumns {
  readonly op: "project";
  readonly input: Relation;
  /** One an output column. */
  readonly expressions: readonly Expr[];
}

export interface Filter extends HasColumns {
  readonly op: "filter";
  readonly input: Relation;
  readonly predicate: Expr;
  /** A HAVING: its refused rows are groups, not events. */
  readonly having: boolean;
  readonly place: { readonly line: number; readonly column: number };
}

/** LATERAL VIEW explode(array(named_struct(…), …)): the input's columns, then one a field of the struct. */
export interface Explode extends HasColumns {
  readonly op: "explode";
  readonly input: Relation;
  /** The view's column name in Spark's text. */
  readonly alias: string;
  readonly fields: readonly string[];
  /** An element a row, an expression over the input a field. */
  readonly elements: readonly (readonly Expr[])[];
}

/** Columns: window_start, window_end (as `window.start`, `window.end`), keys, aggregates. */
export interface AggregateRelation extends HasColumns {
  readonly op: "aggregate";
  readonly input: Relation;
  readonly window: WindowSpec;
  /** The event time, over the input. */
  readonly time: Expr;
  readonly keys: readonly Expr[];
  readonly aggregates: readonly Aggregate[];
}

/** A model: a relation that has a name and a file. */
export interface Alias extends HasColumns {
  readonly op: "model";
  readonly input: Relation;
  readonly name: string;
}
