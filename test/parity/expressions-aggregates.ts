/** Random models that aggregate the random table in windows, and their rows on both engines. */
import { compile } from "../../src/engine/embedded/compile.ts";
import { rowsDue } from "../../src/engine/embedded/windows.ts";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import type { Diagnostic } from "../../src/errors.ts";
import { analyseModel } from "../../src/sql/analyse.ts";
import { lookup } from "../../src/sql/catalogue/catalogue.ts";
import type { Relation } from "../../src/sql/plan.ts";
import { renderRelation } from "../../src/sql/render/spark.ts";
import type { Value } from "../../src/sql/types.ts";
import { batchOf, pipelineOf } from "./expressions-evaluate.ts";
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

/** What the analysis refuses is left out, and told to `refused`. */
export function randomModel(
  choices: Choices,
  generator: Generator,
  refused: (diagnostic: Diagnostic) => void,
): RandomModel {
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
    return chance(0.5)
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
    const { relation, diagnostics } = analyse(write([item]));
    if (relation) items.push(item);
    else diagnostics.forEach(refused);
  }
  const text = write(items);
  const { relation } = analyse(text);
  if (!relation) return randomModel(choices, generator, refused);
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

export function embeddedGroups({ relation }: RandomModel, rows: readonly Row[]): Rows {
  const program = compile(pipelineOf(relation, "final"), lookup);
  const { batch, columns, all } = batchOf(rows);
  program.run(batch, columns, all, rows.length, [[]]);
  return program.windows.flatMap((window) => rowsDue(window, Number.POSITIVE_INFINITY, program.scratch));
}

export async function sparkGroups(spark: SparkSession, { relation }: RandomModel): Promise<Rows> {
  return (await spark.sql(renderRelation(relation, { inline: true }))).rows;
}
