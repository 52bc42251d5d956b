/** Random models that aggregate the random table in windows, and their rows on both engines. */
import { compile } from "../../src/engine/embedded/compile.ts";
import { putOutDue } from "../../src/engine/embedded/windows.ts";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import { analyseModel } from "../../src/sql/analyse.ts";
import { lookup } from "../../src/sql/catalogue/catalogue.ts";
import type { Relation } from "../../src/sql/plan.ts";
import { renderRelation } from "../../src/sql/render/spark.ts";
import type { Value } from "../../src/sql/types.ts";
import { isPromised } from "./expressions-compare.ts";
import { batchOf, isSame, pipelineOf } from "./expressions-evaluate.ts";
import type { Generator, Scalar } from "./expressions-generator.ts";
import type { Choices } from "./expressions-random.ts";
import { type Row, table } from "./expressions-table.ts";

export interface RandomModel {
  readonly text: string;
  readonly relation: Relation;
  /** How many of the first columns identify a row. */
  readonly keys: number;
}

const KEY_KINDS: readonly Scalar[] = ["bigint", "string", "boolean", "timestamp"];
const MEASURES: readonly Scalar[] = ["bigint", "double", "string", "timestamp"];
const COLUMNS = 12;

/** What the analysis refuses is left out. */
export function randomModel(choices: Choices, generator: Generator): RandomModel {
  const { of, integer, chance } = choices;
  const [size, slide] = of([
    [10, 10],
    [60, 60],
    [10, 1],
    [15, 5],
    [20, 10],
    [1, 1],
  ] as const);
  const keys = Array.from({ length: integer(0, 2) }, () => {
    const kind = of(KEY_KINDS);
    return chance(0.5) && kind !== "double"
      ? { bigint: "b_months_sure", string: "substr(s_plain, 1, 1)", boolean: "o_any", timestamp: "t_recent" }[
          kind
        ]
      : generator.textOf(kind, 2);
  });
  const window = `window(at_sure, '${size} minutes'${size === slide ? "" : `, '${slide} minutes'`})`;
  const write = (items: readonly string[]) =>
    [
      "SELECT window.start AS w1, window.end AS w2",
      ...[...keys.map((key, i) => `${key} AS k${i}`), ...items.map((item, i) => `${item} AS a${i}`)].map(
        (item) => `, ${item}`,
      ),
      `FROM t GROUP BY ${[window, ...keys].join(", ")}`,
    ].join("\n");
  const items: string[] = [];
  const analyse = (text: string) => analyseModel(text, "random.sql", () => table);
  for (let tries = 0; items.length < COLUMNS && tries < 4 * COLUMNS; tries++) {
    const item = aggregateText(choices, generator, { size, slide });
    if (analyse(write([item])).relation) items.push(item);
  }
  const text = write(items);
  const { relation } = analyse(text);
  if (!relation) return randomModel(choices, generator);
  return { text, relation, keys: 2 + keys.length };
}

function aggregateText(
  choices: Choices,
  generator: Generator,
  { size, slide }: { readonly size: number; readonly slide: number },
): string {
  const { of, chance, integer } = choices;
  const any = (kind: Scalar) => generator.textOf(kind, integer(0, 2));
  const whole = () =>
    chance(0.5) ? of(["b_full", "b_full_sure", "b_money", "b_small", "c1_sure"]) : any("bigint");
  const bounded = () =>
    of([
      "d_small",
      "d_unit_sure",
      "d_tie",
      "round(d_small, 3)",
      `least(greatest(${any("double")}, -1e6), 1e6)`,
    ]);
  const last = () => `at_sure >= window.end - INTERVAL ${slide * integer(1, size / slide)} MINUTES`;
  const filter = () =>
    chance(0.35)
      ? ` FILTER (WHERE ${of([() => any("boolean"), last, () => `(${any("boolean")}) AND ${last()}`])()})`
      : "";
  const sum = () => `sum(${whole()})${filter()}`;
  const bounds = () => `array(${of(["0", "-1.5, 0.1, 7", "1, 10, 100", "-1000, 1e15", "0.1, 0.2"])})`;
  const histogram = () =>
    `histogram(${chance(0.4) ? of(["d_small", "d_unit_sure", "b_money", "d_tie"]) : any(of<Scalar>(["bigint", "double"]))}, ${bounds()})${filter()}`;
  const shape = of<() => string>([
    () => `count(*)${filter()}`,
    () => `count(${any(of(KEY_KINDS))})${filter()}`,
    () => `count_if(${any("boolean")})${filter()}`,
    () => `count_if((${any("boolean")}) AND ${last()})`,
    sum,
    sum,
    () => `sum_fixed(${bounded()}, ${integer(0, 9)})${filter()}`,
    () => `sum_fixed(${bounded()}, 6) / 1e6 / count(*)`,
    () => `avg(${whole()})${filter()}`,
    () => `avg(${whole()})${filter()}`,
    () => `${of(["min", "max"])}(${any(of(MEASURES))})${filter()}`,
    () => `${of(["min", "max"])}(${any(of(MEASURES))})${filter()}`,
    histogram,
    () => `quantile(${histogram()}, ${of(["0.5", "0.95", "1"])})`,
    () => `psi(histogram(${any("double")}, array(0, 1)), array(0.2, 0.5, 0.3))`,
    () => `size(collect_set(${any(of<Scalar>(["bigint", "string"]))})${filter()})`,
    () => `array_sort(collect_set(${any(of<Scalar>(["bigint", "string"]))})${filter()})`,
    () => `CAST(${sum()} AS ${of(["DOUBLE", "STRING"])})`,
    () =>
      `${sum()} ${of(["<", "<=", ">", ">=", "=", "<>", "<=>"])} ${of([sum, () => "0", () => "1e18", () => "count(*)"])()}`,
    () => `least(greatest(${sum()}, -9007199254740991), 9007199254740991)`,
    () => `${of(["greatest", "least", "coalesce"])}(${sum()}, ${sum()})`,
    () => `nullif(${sum()}, ${sum()})`,
    () => `${sum()} / nullif(count(*) - 1, 0)`,
    () => `${sum()} IN (0, 1, 9007199254740991)`,
    () => `CASE WHEN ${sum()} > 0 THEN ${sum()} ELSE ${sum()} END`,
    () => `${sum()} IS NULL`,
    () => `(${sum()}) % 7`,
    () => `array_sort(array(${sum()}, ${sum()}))`,
    () => `element_at(filter(array(${sum()}, ${sum()}), x -> x > 0), -1)`,
    () => `unix_millis(window.end) - unix_millis(min(at_sure))`,
    () => `date_trunc('HOUR', window.start)`,
  ]);
  return shape();
}

type Rows = readonly (readonly Value[])[];

function embeddedGroups({ relation }: RandomModel, rows: readonly Row[]): Rows {
  const program = compile(pipelineOf(relation, "final"), lookup);
  const { batch, columns, all } = batchOf(rows);
  const groups: (readonly Value[])[] = [];
  program.run(batch, columns, all, rows.length, [groups]);
  for (const windows of program.windows)
    putOutDue(windows, Number.POSITIVE_INFINITY, program.scratch, [groups]);
  return groups;
}

async function sparkGroups(spark: SparkSession, { relation }: RandomModel): Promise<Rows> {
  return (await spark.sql(renderRelation(relation, { inline: true }))).rows;
}

export interface GroupDifference {
  /** The column's line of the SELECT. */
  readonly line: string;
  readonly key: readonly Value[];
  readonly embedded: Value | undefined;
  /** Spark's value, or what the analysis promised. */
  readonly other: unknown;
}

/** The first of each column, over rows that Spark has under the name `events`. */
export async function groupDifferences(
  spark: SparkSession,
  model: RandomModel,
  rows: readonly Row[],
): Promise<readonly GroupDifference[]> {
  const keyOf = (row: readonly Value[]) => JSON.stringify(row.slice(0, model.keys));
  const ours = embeddedGroups(model, rows);
  const theirs = new Map((await sparkGroups(spark, model)).map((row) => [keyOf(row), row]));
  const found = new Map<string, GroupDifference>();
  const lines = model.text.split("\n");
  const add = (column: number, row: readonly Value[], other: unknown) => {
    const line = lines[Math.max(0, column - 1)] ?? "";
    const key = row.slice(0, model.keys);
    if (!found.has(line)) found.set(line, { line, key, embedded: row[column], other });
  };
  for (const row of ours) {
    const other = theirs.get(keyOf(row));
    theirs.delete(keyOf(row));
    for (const [i, column] of model.relation.columns.entries()) {
      const { range, nullable, type } = column;
      if (!other || !isSame(row[i] ?? null, other[i] ?? null)) add(i, row, other?.[i]);
      else if (!isPromised(column, row[i] ?? null)) add(i, row, { range, nullable, type });
    }
  }
  for (const row of theirs.values()) add(0, [...row.slice(0, model.keys)], "a group that only Spark has");
  return [...found.values()];
}
