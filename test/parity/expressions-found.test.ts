/** What differed between the engines once, or left what the analysis said of it, each as a case of its own. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { localTable } from "../../src/engine/spark/connect/local-data.ts";
import { analyseExpression, analyseModel } from "../../src/sql/analyse.ts";
import { NO_LINEAGE } from "../../src/sql/build.ts";
import { renderExpression } from "../../src/sql/render/spark.ts";
import { exponential, mask } from "../../src/sql/runtime.ts";
import { STRING, type Value } from "../../src/sql/types.ts";
import { sharedSpark } from "../spark/server.ts";
import { groupDifferences } from "./expressions-aggregates.ts";
import { differences } from "./expressions-compare.ts";
import { giveRows } from "./expressions-evaluate.ts";
import { choicesFrom } from "./expressions-random.ts";
import { type Row, randomRows, source, table } from "./expressions-table.ts";

const origin = { file: "found.sql", line: 1, column: 1 };

function typed(text: string) {
  const { expression, diagnostics } = analyseExpression(text, origin, table.columns);
  assert.ok(expression, `${text}: ${diagnostics[0]?.message}`);
  return { text, expression };
}

/** Random rows, with these values in the first of them. */
function rowsWith(values: Readonly<Record<string, Value>>): readonly Row[] {
  const [first = [], ...others] = randomRows(choicesFrom(7), 20);
  const changed = source.columns.map(({ name }, i) =>
    name in values ? (values[name] ?? null) : (first[i] ?? null),
  );
  return [changed, ...others];
}

async function assertEqualGroups(t: TestContext, text: string, keys: number): Promise<void> {
  const { relation, diagnostics } = analyseModel(text, "found.sql", () => table);
  assert.ok(relation, diagnostics[0]?.message);
  const spark = await sharedSpark(t);
  if (!spark) return;
  const rows = rowsWith({});
  await giveRows(spark, rows, "events");
  assert.deepEqual(await groupDifferences(spark, { text, relation, keys }, rows), []);
}

interface Case {
  readonly texts: readonly string[];
  /** Of one row; the others are random. */
  readonly values?: Readonly<Record<string, Value>>;
}

const cases: Readonly<Record<string, Case>> = {
  "e itself has the last bit that Java gives it, one more than V8's": {
    texts: ["exp(d_small)", "exp(1)", "exp(b_months_sure)"],
    values: { d_small: 1, b_months_sure: 1 },
  },
  "the range of what always overflows is finite": {
    texts: ["exp(unix_millis(t_recent))", "least(d_limit, exp(unix_millis(t_recent)))"],
  },
  "what may overflow may be null": {
    texts: [
      "d_full_sure + d_full_sure",
      "d_full_sure * 2.0",
      "-1e308 - d_full_sure",
      "coalesce(d_full_sure * 1e308, 7.0)",
      "coalesce(1e308 * 1e308, d_small)",
      "greatest(d_full_sure * 1e308, d_small)",
      "1e308 + 1e308 + d_unit_sure",
    ],
    values: { d_full_sure: Number.MAX_VALUE },
  },
  "LIKE takes an emoji in the text for one character; in the pattern it is refused, since Spark never finds it":
    {
      texts: ["s_any LIKE '_'", "s_any LIKE '__%'", "s_any NOT LIKE '_\\uffff'"],
      values: { s_any: "😀" },
    },
  "a quantile may round beyond the last edge": {
    texts: ["quantile(h_rare, 1)", "quantile(h_rare, 0.5)"],
    values: { c1_sure: 0, c3_sure: 3 },
  },
  "a lambda's parameter hides a column, whatever their case": {
    texts: [
      "filter(array(1, 2, 3), B_SMALL -> b_small > 1)",
      "filter(array(b_small, 2), X -> x > 1)",
      "filter(array(b_small, 2), x -> size(filter(array(x, 3), X -> x > 2)) > 1)",
    ],
  },
  "a lambda's parameter may be any name in back quotes": {
    texts: ["filter(tags, `a tag` -> `a tag` <> 'a')", "filter(tags, `é` -> `é` <> 'a')"],
  },
  "a lambda's parameter doesn't mix with those of the rendered text": {
    texts: [
      "filter(array(d_full, 1.0), v -> exp(v) > d_small)",
      "filter(array(d_full, 1.0), h -> quantile(h_four, 0.5) > h)",
      "filter(array(d_full, 1.0), c -> psi(h_four, array(0.1, 0.2, 0.3, 0.4)) > c)",
    ],
  },
};

test("expressions", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const rows = Object.values(cases).flatMap(({ values = {} }) => rowsWith(values));
  const found = await differences(
    spark,
    Object.values(cases).flatMap(({ texts }) => texts.map(typed)),
    rows,
  );
  for (const [name, { texts }] of Object.entries(cases))
    await t.test(name, () => {
      const its = found.filter(({ text }) => texts.includes(text));
      assert.deepEqual(its, []);
    });
});

test("a window starts before the first time and ends after the last", async (t) => {
  const text =
    "SELECT window.start AS a, window.end AS b, unix_millis(window.end) AS c FROM t GROUP BY window(at_sure, '7 minutes')";
  await assertEqualGroups(t, text, 2);
});

test("sums past 2^53 can be sorted in an array", async (t) => {
  const sums = "sum(b_full), sum(b_full_sure), sum(b_small), sum(b_money) FILTER (WHERE false)";
  const text = `SELECT window.start AS a, window.end AS b,
    array_sort(array(${sums})) AS c,
    element_at(filter(array(${sums}), x -> x > 0), 1) AS d
  FROM t GROUP BY window(at_sure, '60 minutes')`;
  await assertEqualGroups(t, text, 2);
});

test("a line end within a string or a name stays as it is in a nested SELECT", async (t) => {
  const text = `SELECT w1 AS a, w2 AS b, \`k
1\` AS c, n AS d FROM (
    SELECT window.start AS w1, window.end AS w2, coalesce(s_plain, 'no
  text') AS \`k
1\`, count_if(s_any <> 'a
b') AS n
    FROM t GROUP BY window(at_sure, '60 minutes'), coalesce(s_plain, 'no
  text'))`;
  await assertEqualGroups(t, text, 3);
});

test("e of the runtime is fdlibm's", () => {
  assert.equal(exponential(1), Math.E + 2 ** -51);
});

test("every character of the basic plane is masked as by Java 17, whose Unicode is version 13", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const characters = Array.from({ length: 0xffff }, (_, i) => String.fromCharCode(i + 1)).filter((one) =>
    one.isWellFormed(),
  );
  characters.push("\u{1d400}\u{1d41a}", "李明 <li@x.org>", "e\u0301\u{1f600}9");
  await spark.createView(
    "characters",
    localTable(
      [{ name: "s", type: STRING }],
      characters.map((one) => [one]),
    ),
  );
  const columns = [
    { name: "s", type: STRING, range: null, nullable: true, lineage: NO_LINEAGE, eventTime: false },
  ];
  const { expression } = analyseExpression("mask(s)", origin, columns);
  assert.ok(expression);
  const { rows } = await spark.sql(`SELECT s, ${renderExpression(expression, columns)} FROM characters`);
  assert.equal(rows.length, characters.length);
  assert.deepEqual(
    rows.filter(([one, masked]) => mask(String(one)) !== masked),
    [],
  );
});

test("BETWEEN and CASE repeat their operand, so an expression has a largest size", () => {
  let text = "b_small";
  for (let depth = 0; depth < 20; depth++) text = `CASE WHEN ${text} BETWEEN 0 AND 1 THEN 1 ELSE 2 END`;
  const { expression, diagnostics } = analyseExpression(text, origin, table.columns);
  assert.equal(expression, null);
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ["sql.unsupported"],
  );
});

test("a chain of operators deeper than Spark's stack is refused", () => {
  const chain = (length: number) => Array.from({ length }, () => "d_small").join(" + ");
  assert.ok(analyseExpression(chain(100), origin, table.columns).expression);
  const { diagnostics } = analyseExpression(chain(300), origin, table.columns);
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ["sql.unsupported"],
  );
});
