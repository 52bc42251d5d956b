import assert from "node:assert/strict";
import { test } from "node:test";
import { drawSample, measure } from "../../bench/generator-figures.ts";

const figures = measure(drawSample());
const points = 0.02;

for (const group of new Set(figures.map((figure) => figure.group))) {
  test(`${group}: within two points of the figure`, () => {
    for (const { name, stated, measured } of figures.filter((figure) => figure.group === group))
      assert.ok(Math.abs(measured - stated) <= points, `${name}: ${measured.toFixed(4)}, stated ${stated}`);
  });
}

test("the score tells defaults as well as scores do", () => {
  const auc = figures.find(({ name }) => name === "AUC of the credit score")?.measured ?? 0;
  assert.ok(auc >= 0.7 && auc <= 0.8, `${auc}`);
});

test("fraud is within its known prevalence", () => {
  const fraud = figures.find(({ group }) => group === "Fraud")?.measured ?? 0;
  assert.ok(fraud >= 0.0085 && fraud <= 0.015, `${fraud}`);
});
