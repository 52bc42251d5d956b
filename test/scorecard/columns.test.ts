import assert from "node:assert/strict";
import { test } from "node:test";
import { scorecardColumns } from "../../src/scorecard/columns.ts";
import { evaluate } from "../simulation/interpret.ts";
import { card, columns, load } from "./card.ts";

interface Applicant {
  readonly score?: number;
  readonly debt?: number;
  readonly verified?: boolean;
}

/** The card's columns by name for one applicant. */
function scored(text: string, { score = Number.NaN, debt = Number.NaN, verified }: Applicant) {
  const { card: loaded, diagnostics } = load(text);
  assert.deepEqual(diagnostics, []);
  const row = [score, debt, verified ?? null, null, Number.NaN];
  const added = scorecardColumns(loaded, columns);
  return Object.fromEntries(added.columns.map(({ name }, i) => [name, evaluate(added.expressions[i]!, row)]));
}

const good: Applicant = { score: 700, debt: 0, verified: true };

test("the score is the start and the points of the first bin that matches, of each characteristic", () => {
  assert.equal(scored(card, good).small_score, 500 + 30 + 10 + 15);
  assert.equal(scored(card, { score: 500, debt: 2000, verified: false }).small_score, 500 + 0 - 10 - 15);
});

test("what is not known takes the points of the null bin", () => {
  assert.equal(scored(card, {}).small_score, 500 + 5 + 3 + 0);
});

test("base_points stand for base_odds, and points_to_double_odds more double them", () => {
  const at = (start: number) =>
    scored(card.replace("start_points: 500", `start_points: ${start}`), good).small_odds_implied;
  assert.equal(at(545), 50);
  assert.ok(Math.abs(Number(at(565)) - 100) < 1e-9);
  assert.ok(Math.abs(Number(at(525)) - 25) < 1e-9);
});

test("where higher is riskier, points_to_double_odds more halve the odds", () => {
  const riskier = card
    .replace("higher_is_safer", "higher_is_riskier")
    .replace("start_points: 500", "start_points: 565");
  assert.ok(Math.abs(Number(scored(riskier, good).small_odds_implied) - 25) < 1e-9);
});

test("only a card that names its data has a probability, and it has no implied odds", () => {
  const fitted = `${card.replace("start_points: 500", "start_points: 545")}fitted_on: data.csv\n`;
  const row = scored(fitted, good);
  assert.ok(Math.abs(Number(row.small_probability) - 1 / 51) < 1e-12);
  assert.ok(!("small_odds_implied" in row));
});

test("a band begins at its score", () => {
  const bandAt = (start: number) =>
    scored(card.replace("start_points: 500", `start_points: ${start}`), good).small_band;
  assert.deepEqual([454, 455, 474, 475].map(bandAt), ["high", "medium", "medium", "low"]);
});

test("reasons are where points are below the mean, the greatest loss first", () => {
  assert.deepEqual(scored(card, { score: 500, debt: 2000, verified: true }).small_reasons, [
    "debt",
    "history",
  ]);
});

test("characteristics that share a reason are merged before any is dropped", () => {
  // history: (20 - 0) + (2 - 15) = 7 lost together
  assert.deepEqual(scored(card, { score: 500, debt: 0, verified: true }).small_reasons, ["history"]);
  // history: (20 - 30) + (2 + 15) = 7 lost together
  assert.deepEqual(scored(card, { score: 700, debt: 0, verified: false }).small_reasons, ["history"]);
});

test("a bin may have a reason of its own, which comes after its characteristic's in the card's order", () => {
  const own = card.replace("{ null: true, points: 5 }", "{ null: true, points: 5, reason: income }");
  assert.deepEqual(scored(own, { debt: 0, verified: true }).small_reasons, ["income"]);
  assert.deepEqual(scored(own, { score: 500, debt: 0, verified: true }).small_reasons, ["history"]);
});

test("a bin whose reason is null gives none, and may be a fraction of a point below the mean", () => {
  const none = card.replace("{ null: true, points: 3 }", "{ null: true, points: 6, reason: null }");
  assert.deepEqual(scored(none, { ...good, debt: Number.NaN }).small_reasons, []);
});

test("equal losses come in the card's order", () => {
  const tied = card.replace("points: -10", "points: 0").replace("mean_points: 6.5", "mean_points: 7");
  assert.deepEqual(scored(tied, { score: 500, debt: 2000, verified: true }).small_reasons, [
    "history",
    "debt",
  ]);
});

test("below_maximum measures a loss from the safest bin", () => {
  const method = `${card}reasons: below_maximum\n`;
  assert.deepEqual(scored(method, good).small_reasons, []);
  assert.deepEqual(scored(method, { ...good, debt: Number.NaN }).small_reasons, ["debt"]);
});

test("below_maximum measures from the fewest points where higher is riskier, and merges what shares a reason", () => {
  const riskier = `${card.replace("higher_is_safer", "higher_is_riskier")}reasons: below_maximum\n`;
  assert.deepEqual(scored(riskier, { score: 500, debt: 2000, verified: false }).small_reasons, []);
  // history: 30 - 0 and 15 + 15 together, debt: 10 + 10
  assert.deepEqual(scored(riskier, { score: 700, debt: 0, verified: true }).small_reasons, [
    "history",
    "debt",
  ]);
  // history: 15 + 15 of one alone, still more than 20
  assert.deepEqual(scored(riskier, { score: 500, debt: 0, verified: true }).small_reasons, [
    "history",
    "debt",
  ]);
});

test("equal losses come in the card's order by the other methods too", () => {
  const maximum = `${card.replace("points: -15", "points: 5")}reasons: below_maximum\n`;
  // history: 30 - 30 and 15 - 5; debt: 10 - 0
  const tied = maximum.replace("debt > 1000, points: -10", "debt > 1000, points: 0");
  assert.deepEqual(scored(tied, { score: 700, debt: 2000, verified: false }).small_reasons, [
    "history",
    "debt",
  ]);
  const cutoff = card.replace(/mean_points: (20|2)\n/g, "mean_points_at_cutoff: $1\n");
  const atCutoff = `${cutoff.replace("mean_points: 6.5", "mean_points_at_cutoff: 7")}reasons: below_mean_at_cutoff\n`;
  // history: 20 - 0 and 2 - 15; debt: 7 - 0
  const even = atCutoff.replace("debt > 1000, points: -10", "debt > 1000, points: 0");
  assert.deepEqual(scored(even, { score: 500, debt: 2000, verified: true }).small_reasons, [
    "history",
    "debt",
  ]);
});

test("below_mean_at_cutoff measures a loss from the mean at the cutoff", () => {
  const method = `${card.replaceAll(/mean_points: .*/g, "mean_points_at_cutoff: 10")}reasons: below_mean_at_cutoff\n`;
  assert.deepEqual(scored(method, good).small_reasons, []);
  assert.deepEqual(scored(method, { ...good, debt: Number.NaN }).small_reasons, ["debt"]);
});

test("a card's columns are null where its condition does not hold", () => {
  const row = scored(`${card}when: debt < 100\n`, { ...good, debt: 100 });
  assert.deepEqual(
    [row.small_score, row.small_odds_implied, row.small_band, row.small_reasons],
    [Number.NaN, Number.NaN, null, null],
  );
});

test("reasons are at most four", () => {
  const more = ["income", "kind", "fifth"].map(
    (reason, i) =>
      `  - { name: ${reason}, value: kind, reason: ${reason}, mean_points: ${4 - i}, ` +
      "bins: [{ null: true, points: 0 }, { else: true, points: 9 }] }\n",
  );
  const row = scored(`${card}${more.join("")}`, {});
  assert.deepEqual(row.small_reasons, ["history", "income", "debt", "kind"]);
});

test("a card that is wrong still has its columns, so that what reads them is not complained of as well", () => {
  const { card: broken, diagnostics } = load(card.replace("reason: debt", "reason: dept"));
  assert.equal(diagnostics.length, 1);
  assert.deepEqual(
    scorecardColumns(broken, columns).columns.map(({ name, type }) => [name, type.kind]),
    [
      ["small_score", "bigint"],
      ["small_odds_implied", "double"],
      ["small_band", "string"],
      ["small_reasons", "array"],
    ],
  );
});
