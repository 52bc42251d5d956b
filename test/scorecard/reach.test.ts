import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unreachable } from "../../src/scorecard/reach.ts";
import { analyseExpression } from "../../src/sql/analyse.ts";
import type { Expr } from "../../src/sql/plan.ts";
import { evaluate } from "../simulation/interpret.ts";
import { columns } from "./card.ts";

function read(sql: string): Expr {
  const { expression, diagnostics } = analyseExpression(sql, { file: "card", line: 1, column: 1 }, columns);
  assert.deepEqual(diagnostics, []);
  assert.ok(expression);
  return expression;
}

const unreachableOf = (...conditions: readonly string[]) => unreachable(conditions.map(read));

test("a bound that an earlier one takes in is not reached, and one beyond it is", () => {
  assert.deepEqual(unreachableOf("score < 620", "score < 580"), [1]);
  assert.deepEqual(unreachableOf("score < 580", "score < 620"), []);
  assert.deepEqual(unreachableOf("score < 580", "score <= 579"), [1]);
  assert.deepEqual(unreachableOf("score < 580", "score <= 580"), []);
  assert.deepEqual(unreachableOf("score < 0.5", "score <= 0.4"), [1]);
});

test("what several bins take together is not reached, null is another matter", () => {
  assert.deepEqual(unreachableOf("score < 5", "score >= 5", "score <> 7"), [2]);
  assert.deepEqual(unreachableOf("score < 5", "score >= 5", "score <> 7 OR score IS NULL"), []);
  assert.deepEqual(unreachableOf("verified", "NOT verified", "verified IS NULL", "score > 3"), [3]);
});

test("what contradicts itself is not reached", () => {
  assert.deepEqual(
    unreachableOf("score < 2 AND score > 5", "kind = 'a' AND kind = 'b'", "score = NULL"),
    [0, 1, 2],
  );
});

test("text is known by its values", () => {
  assert.deepEqual(unreachableOf("kind IN ('a', 'b')", "kind = 'b'", "kind = 'c'"), [1]);
  assert.deepEqual(unreachableOf("kind < 'b'", "kind = 'a'", "kind >= 'b'"), []);
});

test("what can't be followed is taken to be reached", () => {
  assert.deepEqual(
    unreachableOf("score < debt", "score < 5", "debt < 3", "score % 5 = 0", "kind LIKE 'a%'"),
    [],
  );
});

const number = fc.integer({ min: 0, max: 5 });
const leaf = fc.oneof(
  fc
    .tuple(fc.constantFrom("score", "debt"), fc.constantFrom("<", "<=", ">", ">=", "=", "<>", "<=>"), number)
    .map((parts) => parts.join(" ")),
  fc.tuple(number, number).map(([low, high]) => `score BETWEEN ${low} AND ${high}`),
  fc
    .array(fc.constantFrom("'a'", "'b'", "'c'"), { minLength: 1, maxLength: 3 })
    .map((list) => `kind IN (${list})`),
  fc.constantFrom("verified", "score IS NULL", "kind IS NOT NULL", "kind <> 'a'"),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc
      .tuple(tie("condition"), fc.constantFrom("AND", "OR"), tie("condition"))
      .map((parts) => `(${parts.join(" ")})`),
    tie("condition").map((inner) => `NOT (${inner})`),
  ),
}));

const integers = [Number.NaN, -1, 0, 1, 2, 3, 4, 5, 6];
const rows = integers.flatMap((score) =>
  integers.flatMap((debt) =>
    [null, true, false].flatMap((verified) =>
      [null, "a", "b", "c", "d"].map((kind) => [score, debt, verified, kind, Number.NaN, null]),
    ),
  ),
);

test("a bin is unreachable exactly if no row has it first", () => {
  fc.assert(
    fc.property(fc.array(condition, { minLength: 1, maxLength: 4 }), (texts) => {
      const conditions = texts.map(read);
      const reached = new Set(
        rows.map((row) => conditions.findIndex((expression) => evaluate(expression, row) === true)),
      );
      const expected = conditions.flatMap((_, i) => (reached.has(i) ? [] : [i]));
      assert.deepEqual(unreachable(conditions), expected);
    }),
    { numRuns: 150 },
  );
});
