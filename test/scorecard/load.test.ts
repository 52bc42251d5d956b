import assert from "node:assert/strict";
import { test } from "node:test";
import { card, complaints, load } from "./card.ts";

test("a card is named after its file", () => {
  const { card: loaded, diagnostics } = load(card);
  assert.deepEqual(diagnostics, []);
  assert.equal(loaded.name, "small");
});

test("every complaint has a place and a remedy", () => {
  for (const { place, remedy } of load(card.replace("purpose: credit", "purpose: profit")).diagnostics) {
    assert.equal(place.file, "scorecards/small.yaml");
    assert.ok(place.line !== undefined && remedy !== "");
  }
});

const refusals = [
  [
    "a characteristic without a null bin",
    "      - { null: true, points: 3 }\n",
    "",
    ["scorecard.no-null-bin:23"],
  ],
  [
    "a characteristic without an else bin",
    "      - { else: true, points: 10 }\n",
    "",
    ["scorecard.no-else-bin:23"],
  ],
  [
    "a bin that repeats another",
    "debt > 1000, points: -10",
    "debt IS NULL, points: -10",
    ["scorecard.duplicate-bin:24"],
  ],
  [
    "a bin that repeats another in other spacing",
    "{ when: debt > 1000, points: -10 }",
    "{ when: debt > 1, points: 1 }\n      - { when: debt>1, points: 2 }",
    ["scorecard.duplicate-bin:25"],
  ],
  [
    "a bin after the else bin",
    "{ else: true, points: 10 }",
    "{ else: true, points: 10 }\n      - { when: debt > 5, points: 1 }",
    ["scorecard.unreachable-bin:26"],
  ],
  [
    "a bin whose rows those before it take",
    "{ when: debt > 1000, points: -10 }",
    "{ when: debt > 1000, points: -10 }\n      - { when: debt > 2000, points: -20 }",
    ["scorecard.unreachable-bin:25"],
  ],
  [
    "a bin that nothing can match",
    "debt > 1000, points: -10",
    "debt > 1000 AND debt < 500, points: -10",
    ["scorecard.unreachable-bin:24"],
  ],
  ["a reason that is not in the list", "reason: debt", "reason: dept", ["scorecard.unknown-reason:20"]],
  [
    "a reason of what the characteristic doesn't look at",
    "mean_points: 2\n    bins:\n      - { null: true, points: 0 }",
    "mean_points: 2\n    bins:\n      - { null: true, points: 0, reason: late }",
    ["scorecard.reason-without-field:30"],
  ],
  [
    "a reason of what is not known at all",
    "reason: debt",
    "reason: attached",
    ["scorecard.reason-without-field:20"],
  ],
  [
    "a wrong condition, once: what its reason speaks of is not known then",
    "{ null: true, points: 0 }\n      - { when: verified",
    "{ null: true, points: 0, reason: late }\n      - { when: verifed",
    ["sql.unknown-column:31"],
  ],
  ["a reason of another purpose", "reason: debt", "reason: age", ["scorecard.unknown-reason:20"]],
  ["a protected column in a credit card", "debt > 1000", "age < 25", ["scorecard.protected-column:24"]],
  [
    "a loss without a reason",
    "debt > 1000, points: -10",
    "debt > 1000, points: -10, reason: null",
    ["scorecard.loss-without-reason:24"],
  ],
  ["an unknown reason of a bin", "points: -10", "points: -10, reason: dept", ["scorecard.unknown-reason:24"]],
  ["points that are no whole number", "points: -10", "points: -10.5", ["yaml.wrong-value:24"]],
  ["bands out of order", "from: 530", "from: 510", ["scorecard.bands-unordered:10"]],
  ["a beginning of the first band", "name: high", "name: high, from: 3", ["scorecard.bands-unordered:8"]],
  ["a bin that is no condition", "when: debt > 1000", "when: debt", ["scorecard.not-a-condition:24"]],
  ["a missing mean", "    mean_points: 6.5\n", "", ["yaml.missing-key:19"]],
  [
    "two bins' marks in one",
    "null: true, points: 3",
    "null: true, else: true, points: 3",
    ["yaml.wrong-value:23", "scorecard.no-null-bin:23"],
  ],
] as const;

for (const [what, from, to, expected] of refusals) {
  test(`${what} is refused`, () => {
    assert.ok(card.includes(from));
    assert.deepEqual(complaints(card.replace(from, to)), expected);
  });
}

test("a reason may speak of a column that the characteristic looks at", () => {
  assert.deepEqual(complaints(card.replace("reason: debt", "reason: late")), []);
});

test("an unknown column is refused at its place in the file", () => {
  const [complaint] = load(card.replace("debt > 1000", "dept > 1000")).diagnostics;
  assert.deepEqual([complaint?.place.line, complaint?.place.column], [24, 17]);
});

test("points that no sum could hold are refused", () => {
  assert.deepEqual(complaints(card.replace("points: -10", "points: -1000001")), ["yaml.wrong-value:24"]);
});

test("a condition that can't be read is reported once, and not as a duplicate of another", () => {
  const broken = card.replace("debt > 1000", "debt >").replace("score < 600", "scores < 600");
  assert.deepEqual(complaints(broken), ["sql.unknown-column:17", "sql.syntax:24"]);
});

test("a file whose name can't begin a column's, or whose columns exist, is refused", () => {
  const codesFor = (file: string) => load(card, file).diagnostics.map(({ code }) => code);
  assert.deepEqual(codesFor("scorecards/my-card.yaml"), ["scorecard.invalid-name"]);
  assert.deepEqual(codesFor("scorecards/other.yaml"), ["scorecard.invalid-name"]);
});

test("a missing or wrong key is reported once", () => {
  const lines = card.split("\n");
  const without = (from: number, to: number) => [...lines.slice(0, from), ...lines.slice(to)].join("\n");
  assert.deepEqual(complaints(without(21, 25)), ["yaml.missing-key:19"]);
  assert.deepEqual(complaints(without(21, 25).replace("mean_points: 6.5", "mean_points: 6.5\n    bins: 3")), [
    "yaml.wrong-type:22",
  ]);
});

test("several mistakes are reported at once", () => {
  const broken = card.replace("reason: debt", "reason: dept").replace("from: 530", "from: 1");
  assert.deepEqual(complaints(broken), ["scorecard.unknown-reason:20", "scorecard.bands-unordered:10"]);
});

test("a fraud card may depend on a protected column", () => {
  const fraud = card
    .replace("purpose: credit", "purpose: fraud")
    .replace("debt > 1000", "age < 25")
    .replaceAll(/reason: .*/g, "reason: age");
  assert.deepEqual(complaints(fraud), []);
});
