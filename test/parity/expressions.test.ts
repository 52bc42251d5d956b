/**
 * Random expressions over random rows: the embedded engine's value is Spark's bit for bit, whether Spark compiles
 * or interprets, and lies where the analysis says. `LOANSTREAM_TEST_SEED=n` runs one seed again.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { functionNames } from "../../src/sql/catalogue/catalogue.ts";
import { groupDifferences, randomModel } from "./expressions-aggregates.ts";
import { type Difference, differences } from "./expressions-compare.ts";
import { giveRows } from "./expressions-evaluate.ts";
import { createGenerator, functionsIn, type Generated } from "./expressions-generator.ts";
import { choicesFrom } from "./expressions-random.ts";
import { withSpark } from "./expressions-server.ts";
import { randomRows } from "./expressions-table.ts";

const { LOANSTREAM_TEST_SEED, LOANSTREAM_NIGHTLY } = process.env;
const FIXED_SEED = 20_260_101;
const ROUNDS = LOANSTREAM_NIGHTLY ? 300 : 5;
const EXPRESSIONS = 180;
const ROWS = 250;
const DEEPEST = 5;

interface Round {
  readonly seed: number;
  readonly generated: readonly Generated[];
  readonly accepted: number;
  readonly refused: number;
  readonly rows: ReturnType<typeof randomRows>;
}

function roundOf(seed: number): Round {
  const choices = choicesFrom(seed);
  const rows = randomRows(choices, ROWS);
  const generator = createGenerator(choices);
  const generated = Array.from({ length: EXPRESSIONS }, () => generator.next(choices.integer(1, DEEPEST)));
  const { accepted, refused } = generator.tally;
  return { seed, generated, accepted, refused, rows };
}

function seeds(): readonly number[] {
  if (LOANSTREAM_TEST_SEED) return [Number(LOANSTREAM_TEST_SEED)];
  const first = LOANSTREAM_NIGHTLY ? randomInt(2 ** 31) : FIXED_SEED;
  return Array.from({ length: ROUNDS }, (_, i) => first + i);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === "bigint") return `${inner}n`;
    return Object.is(inner, -0) || Number.isNaN(inner) ? `${inner} (-0 or NaN)` : inner;
  });
}

function report(seed: number, found: readonly Difference[]): string {
  const lines = found.map(({ mode, text, part, row, embedded, other }) =>
    [
      `  ${text}`,
      `  where  ${part}`,
      `  over   ${show(row)}`,
      `  gives  ${show(embedded)}, but ${mode}: ${show(other)}`,
    ].join("\n"),
  );
  return `LOANSTREAM_TEST_SEED=${seed} finds\n${lines.join("\n\n")}`;
}

test("every function of the catalogue is among the random expressions, and most of their parts are accepted", () => {
  const rounds = Array.from({ length: 5 }, (_, i) => roundOf(FIXED_SEED + i));
  const used = new Set(
    rounds.flatMap(({ generated }) => generated.flatMap(({ expression }) => [...functionsIn(expression)])),
  );
  assert.deepEqual(
    functionNames.filter((name) => !used.has(name)),
    [],
  );
  const sum = (part: "accepted" | "refused") => rounds.reduce((total, round) => total + round[part], 0);
  assert.ok(sum("refused") < 0.1 * sum("accepted"), `${sum("refused")} of ${sum("accepted")} refused`);
});

test("random expressions have the same value on both engines, within what the analysis says of it", async (t) => {
  await withSpark(t, seeds(), async (spark, seed) => {
    const { generated, rows } = roundOf(seed);
    const found = await differences(spark, generated, rows);
    assert.ok(found.length === 0, report(seed, found));
    t.diagnostic(`seed ${seed}: ${generated.length * rows.length} cases`);
  });
});

const MODELS = 4;

test("random aggregates have the same value on both engines, within what the analysis says of it", async (t) => {
  await withSpark(t, seeds(), async (spark, seed) => {
    const choices = choicesFrom(seed);
    const rows = randomRows(choices, ROWS);
    const generator = createGenerator(choices);
    await giveRows(spark, rows, "events");
    for (let i = 0; i < MODELS; i++) {
      const model = randomModel(choices, generator);
      const found = await groupDifferences(spark, model, rows);
      const lines = found.map(({ line, key, embedded, other }) =>
        [`  ${line}`, `  of     ${show(key)}`, `  gives  ${show(embedded)}, but not: ${show(other)}`].join(
          "\n",
        ),
      );
      assert.ok(
        found.length === 0,
        `LOANSTREAM_TEST_SEED=${seed} finds\n${lines.join("\n\n")}\nin\n${model.text}`,
      );
    }
  });
});
