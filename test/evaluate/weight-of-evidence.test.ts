import assert from "node:assert/strict";
import { test } from "node:test";
import { weightOfEvidence } from "../../src/evaluate/weight-of-evidence.ts";
import { rows } from "./german-credit.ts";

test("a bin's weight of evidence is the logarithm of its share of goods over its share of bads", () => {
  const observed = [
    ["a", false],
    ["a", false],
    ["a", true],
    ["b", false],
    ["b", true],
    ["b", true],
  ] as const;
  const { bins, informationValue } = weightOfEvidence(observed.map(([bin, bad]) => ({ bin, bad })));
  assert.deepEqual(bins, [
    { bin: "a", goods: 2, bads: 1, weightOfEvidence: Math.log(2) },
    { bin: "b", goods: 1, bads: 2, weightOfEvidence: Math.log(0.5) },
  ]);
  assert.ok(Math.abs(informationValue - (2 / 3) * Math.log(2)) < 1e-15);
});

test("a bin without a class has a finite weight", () => {
  const { bins } = weightOfEvidence([
    { bin: "a", bad: false },
    { bin: "b", bad: true },
  ]);
  assert.ok(bins.every(({ weightOfEvidence: weight }) => Number.isFinite(weight)));
});

const published = [
  ["status_of_existing_checking_account", 0.666],
  ["credit_history", 0.293],
  ["housing", 0.083],
] as const;
for (const [column, value] of published) {
  test(`the published information value of ${column} comes out of the German credit data`, () => {
    const observed = rows.map((row) => ({ bin: row[column] ?? "", bad: row.creditability === "bad" }));
    assert.equal(Math.round(weightOfEvidence(observed).informationValue * 1000) / 1000, value);
  });
}
