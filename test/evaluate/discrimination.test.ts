import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { discrimination, type Labelled } from "../../src/evaluate/discrimination.ts";

const rowsOf = (...pairs: [number, boolean][]): Labelled[] =>
  pairs.map(([score, positive]) => ({ score, positive }));

/** By definition: every pair of a positive and a negative row. */
function naiveAuc(rows: readonly Labelled[]): number {
  let won = 0;
  let pairs = 0;
  for (const one of rows.filter((row) => row.positive)) {
    for (const other of rows.filter((row) => !row.positive)) {
      won += one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0;
      pairs++;
    }
  }
  return won / pairs;
}

/** By definition: at every score, the share of each class at or below it. */
function naiveKs(rows: readonly Labelled[]): number {
  const shareAtOrBelow = (score: number, positive: boolean) => {
    const ofClass = rows.filter((row) => row.positive === positive);
    return ofClass.filter((row) => row.score <= score).length / ofClass.length;
  };
  return Math.max(
    ...rows.map(({ score }) => Math.abs(shareAtOrBelow(score, true) - shareAtOrBelow(score, false))),
  );
}

test("a score that separates the classes has AUC 1 and KS 1", () => {
  assert.deepEqual(discrimination(rowsOf([1, false], [2, false], [3, true])), {
    positives: 1,
    negatives: 2,
    auc: 1,
    ks: 1,
  });
});

test("a tie of a positive and a negative row counts half", () => {
  assert.equal(discrimination(rowsOf([5, true], [5, false])).auc, 0.5);
});

test("without rows of one class nothing is measured", () => {
  assert.deepEqual(discrimination(rowsOf([1, true], [2, true])), {
    positives: 2,
    negatives: 0,
    auc: null,
    ks: null,
  });
});

test("AUC and KS equal their definitions over every pair, ties included", () => {
  const row = fc.record({ score: fc.integer({ min: -5, max: 5 }), positive: fc.boolean() });
  const bothClasses = fc
    .array(row, { maxLength: 60 })
    .map((rows) => [...rows, ...rowsOf([0, true], [1, false])]);
  fc.assert(
    fc.property(bothClasses, (rows) => {
      const { auc, ks } = discrimination(rows);
      assert.ok(auc !== null && ks !== null);
      assert.ok(Math.abs(auc - naiveAuc(rows)) < 1e-12);
      assert.ok(Math.abs(ks - naiveKs(rows)) < 1e-12);
    }),
  );
});
