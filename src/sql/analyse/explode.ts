/** LATERAL VIEW explode(array(named_struct(…), …)). */
import type { LateralView, Syntax } from "../ast.ts";
import { mergeLineage } from "../build.ts";
import { hull, unify } from "../catalogue/signature.ts";
import type { Column, Explode, Expr, Relation } from "../plan.ts";
import { chain } from "../trace.ts";
import type { SqlType } from "../types.ts";
import { literalText, type Scope, typeExpression } from "./expression.ts";
import type { Reporter } from "./reporter.ts";

/** Null where something was reported. `scope` is over the input's columns. */
export function analyseExplode(view: LateralView, input: Relation, scope: Scope): Explode | null {
  const { reporter } = scope;
  const above = [...chain(input)].some(({ op }) => op === "aggregate");
  const twice = [...chain(input)].some(
    (at) => at.op === "explode" && [...chain(at)].some(({ op }) => op === "aggregate") === above,
  );
  if (twice)
    return reporter.report(
      "sql.explode",
      view.span,
      "rows are exploded twice",
      "Explode once below the aggregate and once above it",
    );
  const elements = readElements(view, reporter);
  const typed = elements?.map(({ values }) => values.map((value) => typeExpression(value, scope)));
  if (!elements || !typed || typed.some((values) => values.some((value) => value === null))) return null;
  const fields = (elements[0] as StructSyntax).fields;
  const known = typed.map((values) => values.filter((value) => value !== null));
  const unified = fields.map((_, place) => unify(known.map((values) => values[place] as Expr)));
  if (unified.some((field) => field === null))
    return reporter.report(
      "sql.type-mismatch",
      view.span,
      "the structs differ in the type of a field",
      "Give each field one type in all of them",
    );
  return explodeOf(
    view.columnAlias,
    fields,
    unified.filter((field) => field !== null),
    input,
  );
}

function explodeOf(
  alias: string,
  fields: readonly string[],
  unified: readonly { readonly type: SqlType; readonly args: readonly Expr[] }[],
  input: Relation,
): Explode {
  const columns = unified.map(
    ({ type, args }, place): Column => ({
      name: `${alias}.${fields[place]}`,
      type,
      range: hull(args),
      nullable: args.some((arg) => arg.nullable),
      lineage: mergeLineage(
        args.map((arg) => arg.lineage),
        true,
      ),
      eventTime: false,
    }),
  );
  const count = unified[0]?.args.length ?? 0;
  const elements = Array.from({ length: count }, (_, row) => unified.map(({ args }) => args[row] as Expr));
  return { op: "explode", input, alias, fields, elements, columns: [...input.columns, ...columns] };
}

interface StructSyntax {
  readonly fields: readonly string[];
  readonly values: readonly Syntax[];
}

function readElements(view: LateralView, reporter: Reporter): readonly StructSyntax[] | null {
  const { argument } = view;
  const usage = "Write LATERAL VIEW explode(array(named_struct('name', value, …), …)) t AS k";
  const structs =
    argument.kind === "call" && argument.name === "array" ? argument.arguments.map(readStruct) : [];
  const [first] = structs;
  if (!first || structs.some((struct) => struct === null))
    return reporter.report("sql.explode", view.span, "explode takes an array of structs", usage);
  const found = structs.filter((struct) => struct !== null);
  if (
    found.some((struct) => struct.fields.join() !== first.fields.join()) ||
    new Set(first.fields).size < first.fields.length
  )
    return reporter.report(
      "sql.explode",
      view.span,
      "the structs differ in their fields",
      "Name the same fields in the same order in each of them",
    );
  return found;
}

function readStruct(syntax: Syntax): StructSyntax | null {
  if (syntax.kind !== "call" || syntax.name !== "named_struct") return null;
  const names = syntax.arguments.filter((_, index) => index % 2 === 0).map(literalText);
  const values = syntax.arguments.filter((_, index) => index % 2 === 1);
  if (names.length === 0 || names.length !== values.length || names.some((name) => name === null))
    return null;
  return { fields: names.filter((name) => name !== null), values };
}
