/** What the grammar accepts, Spark's own parser accepts, and reads as the same tree. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import { parseExpression, parseSelect } from "../../src/sql/parse.ts";
import { sharedSpark } from "../spark/server.ts";
import { anyExpression, print, printSelect } from "../sql/syntax.ts";
import { anyWords, cutModel, editedModel } from "../sql/texts.ts";

const origin = { file: "any.sql", line: 1, column: 1 };

async function sparkFor(t: TestContext): Promise<SparkSession | null> {
  const spark = await sharedSpark(t);
  await spark?.config({ "spark.sql.debug.maxToStringFields": "100000" });
  return spark;
}

/** How Spark's parser read a query, before it knows any table or column; throws where it can't read it. */
async function parsedPlan(spark: SparkSession, query: string): Promise<string> {
  const { rows } = await spark.sql(`EXPLAIN EXTENDED ${query}`);
  const text = String(rows[0]?.[0]);
  const plan = /== Parsed Logical Plan ==\n([\s\S]*?)\n\n?== Analyzed Logical Plan ==/.exec(text)?.[1];
  assert.ok(plan, text);
  return plan;
}

test("random expressions are the same tree in Spark with all parentheses as with the fewest", async (t) => {
  const spark = await sparkFor(t);
  if (!spark) return;
  const many = fc.array(anyExpression, { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(many, async (trees) => {
      const selectOf = (style: "minimal" | "full") =>
        `SELECT ${trees.map((tree) => print(tree, style)).join(",\n")} FROM t`;
      assert.equal(await parsedPlan(spark, selectOf("minimal")), await parsedPlan(spark, selectOf("full")));
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

/** Without what our tree leaves out: names of subqueries and views, the case of functions; and Spark's own numbers. */
const comparable = (plan: string) =>
  plan
    .replace(/SubqueryAlias \S+/g, "")
    .replace(/, false, \S+, \[/g, "")
    .replace(/#\d+L?/g, "")
    .replace(/'\w+\(/g, (call) => call.toLowerCase());

test("every edited model that the grammar accepts, Spark's parser accepts, as the same tree", async (t) => {
  const spark = await sparkFor(t);
  if (!spark) return;
  const text = fc.oneof({ weight: 8, arbitrary: editedModel }, { weight: 1, arbitrary: cutModel });
  const accepted = text
    .map((text) => ({ text, select: parseSelect(text, origin).select }))
    .filter(({ select }) => select !== null);
  await fc.assert(
    fc.asyncProperty(accepted, async ({ text, select }) => {
      const again = select && printSelect(select, "full");
      assert.equal(
        comparable(await parsedPlan(spark, text)),
        comparable(await parsedPlan(spark, again ?? "")),
      );
    }),
    { numRuns: 150 },
  );
});

test("every row of words that is an expression to the grammar is one to Spark's parser, as the same tree", async (t) => {
  const spark = await sparkFor(t);
  if (!spark) return;
  const accepted = anyWords
    .map((text) => text.split(" ").slice(0, 7).join(" "))
    .map((text) => ({ text, expression: parseExpression(text, origin).expression }))
    .filter(({ expression }) => expression !== null);
  const selectOf = (texts: readonly string[]) => `SELECT (${texts.join("\n),\n(")}\n) FROM t`;
  await fc.assert(
    fc.asyncProperty(fc.array(accepted, { minLength: 20, maxLength: 20 }), async (expressions) => {
      const given = selectOf(expressions.map(({ text }) => text));
      const again = selectOf(
        expressions.map(({ expression }) => (expression ? print(expression, "full") : "")),
      );
      assert.equal(comparable(await parsedPlan(spark, given)), comparable(await parsedPlan(spark, again)));
    }),
    { numRuns: 30 },
  );
});

test("Spark's plans tell two trees of one text apart", async (t) => {
  const spark = await sparkFor(t);
  if (!spark) return;
  const plans = ["a = b IS NULL", "a = (b IS NULL)", "- a * b", "- (a * b)", "NOT a = b", "(NOT a) = b"].map(
    (text) => parsedPlan(spark, `SELECT ${text} FROM t`),
  );
  assert.equal(new Set(await Promise.all(plans)).size, plans.length);
  await assert.rejects(parsedPlan(spark, "SELECT a FROM t WHERE = b"), /PARSE_SYNTAX_ERROR/);
});

const anyEscape = fc.oneof(
  fc.constantFrom(
    "n",
    "t",
    "r",
    "b",
    "0",
    "Z",
    "%",
    "_",
    "'",
    '"',
    "\\",
    "x",
    "101",
    "008",
    "177",
    "200",
    "u00e9",
    "u00g9",
  ),
  fc.constantFrom("U0001F600", "U0000004e", "u20", "N", "1", "18", "\n", "é"),
);
const stringText = fc
  .array(
    fc.oneof(
      anyEscape.map((one) => `\\${one}`),
      fc.string({ unit: "binary", maxLength: 2 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => `'${parts.join("").replace(/(?<!\\)'/g, "")}'`);
const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => `${value}`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => `${value}D`),
  fc.maxSafeInteger().map((value) => `${value}L`),
  fc.constantFrom("1.", ".5", "1e3", "1.E-2", "-0.0", "- 7", "12d", "1e-400"),
);
const digits = (value: number, width: number) => String(value).padStart(width, "0");
const timeText = fc
  .record({
    ms: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
    fraction: fc.nat(999),
    form: fc.nat(4),
  })
  .map(({ ms, fraction, form }) => {
    const iso = new Date(ms * 1000).toISOString();
    const day = iso.slice(0, 10);
    const time = iso.slice(11, 19);
    const texts = [
      day,
      `${day} ${time}`,
      `${day}T${time}Z`,
      `${day}T${time}.${digits(fraction, 3)}Z`,
      `${day} ${time}.5`,
    ];
    return `TIMESTAMP '${texts[form]}'`;
  });
const unit = fc.constantFrom("MILLISECOND", "milliseconds", "SECOND", "MINUTES", "HOUR", "DAYS", "WEEKS");
const span = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.boolean(), unit);
const intervalText = fc
  .array(span, { minLength: 1, maxLength: 3 })
  .map(
    (spans) =>
      `INTERVAL ${spans.map(([n, quoted, unit]) => (quoted ? `'${n}' ${unit}` : `${n} ${unit}`)).join(" ")}`,
  );

/** What a literal is worth to us, and a query for what it is worth to Spark. */
function worth(text: string): { ours: unknown; query: string } | null {
  const { expression } = parseExpression(text, origin);
  if (expression?.kind === "interval") {
    return { ours: expression.ms, query: `unix_millis(TIMESTAMP '1970-01-01' + ${text})` };
  }
  if (expression?.kind !== "literal") return null;
  return {
    ours: expression.value,
    query: expression.type === "double" ? `CAST(${text} AS DOUBLE) + 0D` : text,
  };
}

for (const [what, texts] of Object.entries({
  string: stringText,
  number: numberText,
  timestamp: timeText,
  interval: intervalText,
})) {
  test(`every ${what} that the grammar accepts has the same value in Spark`, async (t) => {
    const spark = await sparkFor(t);
    if (!spark) return;
    const accepted = texts
      .map((text) => ({ text, worth: worth(text) }))
      .filter(({ worth }) => worth !== null);
    await fc.assert(
      fc.asyncProperty(fc.array(accepted, { minLength: 50, maxLength: 50 }), async (literals) => {
        const query = `SELECT ${literals.map(({ worth }, index) => `${worth?.query} AS c${index}`).join(", ")}`;
        const { rows } = await spark.sql(query);
        const ours = literals.map(({ text, worth }) => [text, worth?.ours]);
        assert.deepEqual(
          literals.map(({ text }, index) => [text, rows[0]?.[index]]),
          ours,
        );
      }),
      { numRuns: 8 },
    );
  });
}
