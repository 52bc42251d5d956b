/** Finds where the engines differ on an expression, or a value leaves what the analysis says of it. */
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import { isWide } from "../../src/sql/build.ts";
import type { Expr } from "../../src/sql/plan.ts";
import { renderExpression } from "../../src/sql/render/spark.ts";
import type { SqlType, Value } from "../../src/sql/types.ts";
import {
  embeddedValues,
  giveRows,
  isSame,
  SPARK_MODES,
  type SparkMode,
  sparkValues,
  type Values,
} from "./expressions-evaluate.ts";
import { type Generated, partsOf } from "./expressions-generator.ts";
import { type Row, table } from "./expressions-table.ts";

export interface Difference {
  readonly mode: SparkMode | "range";
  readonly text: string;
  /** The smallest part that differs, in Spark's SQL. */
  readonly part: string;
  readonly row: Readonly<Record<string, Value>>;
  readonly embedded: Value;
  /** Spark's value, or what the analysis promised. */
  readonly other: unknown;
}

/** Spark plans a query of more columns than this without generating code for the whole of it. */
const ONE_ROW = "expression_row";
const COLUMNS_A_QUERY = 90;

/** The first difference of each expression that has one. */
export async function differences(
  spark: SparkSession,
  generated: readonly Generated[],
  rows: readonly Row[],
): Promise<readonly Difference[]> {
  await giveRows(spark, rows);
  const found: Difference[] = [];
  for (const chunk of chunksOf(generated)) {
    const expressions = chunk.map(({ expression }) => expression);
    const embedded = embeddedValues(expressions, rows);
    found.push(...beyondPromise(chunk, embedded, rows));
    for (const mode of ["compiled", "interpreted"] as const) {
      await spark.config(SPARK_MODES[mode]);
      const theirs = await sparkValues(spark, expressions);
      for (const [i, one] of chunk.entries()) {
        const row = rows.findIndex((_, at) => !isSame(embedded[at]?.[i] ?? null, theirs[at]?.[i] ?? null));
        if (row >= 0) found.push(await shrunk(spark, one, rows[row] ?? [], mode));
      }
    }
  }
  return found;
}

/** Those whose text has a lambda apart from the others: Spark generates no code around a lambda. */
function chunksOf(generated: readonly Generated[]): readonly (readonly Generated[])[] {
  const hasLambda = ({ expression }: Generated) => renderExpression(expression, table.columns).includes("->");
  const ordered = [...generated.filter((one) => !hasLambda(one)), ...generated.filter(hasLambda)];
  const count = Math.ceil(ordered.length / COLUMNS_A_QUERY);
  return Array.from({ length: count }, (_, i) =>
    ordered.slice(i * COLUMNS_A_QUERY, (i + 1) * COLUMNS_A_QUERY),
  );
}

async function shrunk(
  spark: SparkSession,
  { text, expression }: Generated,
  row: Row,
  mode: SparkMode,
): Promise<Difference> {
  const parts = partsOf(expression).toReversed();
  const ours = embeddedValues(parts, [row])[0] ?? [];
  await giveRows(spark, [row], ONE_ROW);
  const theirs = await sparkValues(spark, parts, ONE_ROW);
  const at = parts.findIndex((_, i) => !isSame(ours[i] ?? null, theirs[0]?.[i] ?? null));
  const part = parts[at] ?? expression;
  return {
    mode,
    text,
    part: renderExpression(part, table.columns),
    row: inputsOf(part, row),
    embedded: ours[at] ?? null,
    other: theirs[0]?.[at] ?? null,
  };
}

/** Values of the columns that an expression reads. */
function inputsOf(expression: Expr, row: Row): Record<string, Value> {
  const names = new Set<string>();
  const visit = (at: Expr): void => {
    if (at.kind === "column") names.add(at.name);
    if (at.kind === "lambda") visit(at.body);
    if (at.kind === "call") at.args.forEach(visit);
  };
  visit(expression);
  const isHistogram = [...names].some((name) => name.startsWith("h_"));
  return Object.fromEntries(
    table.columns.flatMap(({ name }, i) =>
      names.has(name) || (isHistogram && /^c\d/.test(name)) ? [[name, row[i] ?? null]] : [],
    ),
  );
}

function beyondPromise(chunk: readonly Generated[], values: Values, rows: readonly Row[]): Difference[] {
  return chunk.flatMap(({ text, expression }, i) => {
    const at = values.findIndex((row) => !isPromised(expression, row[i] ?? null));
    if (at < 0) return [];
    const { range, nullable, type } = expression;
    const row = rows[at] ?? [];
    return [
      {
        mode: "range" as const,
        text,
        part: "",
        row: inputsOf(expression, row),
        embedded: values[at]?.[i] ?? null,
        other: { range, nullable, type },
      },
    ];
  });
}

/** Whether the analysis allows the value: its range, its null, and the normal form of a number. */
export function isPromised(expression: Pick<Expr, "type" | "range" | "nullable">, value: Value): boolean {
  const { type, range, nullable } = expression;
  if (value === null) return nullable;
  if (Array.isArray(value)) {
    const element: SqlType = type.kind === "array" ? type.element : type;
    return value.every((each) => isPromised({ type: element, range, nullable: true }, each));
  }
  if (typeof value !== "number") return typeof value !== "bigint" || isWide(expression);
  if (Object.is(value, -0) || !Number.isFinite(value)) return false;
  return range !== null && value >= range.low && value <= range.high;
}
