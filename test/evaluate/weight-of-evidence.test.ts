import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { test } from "node:test";
import { parse } from "csv-parse";
import { type Observation, weightOfEvidence } from "../../src/evaluate/weight-of-evidence.ts";

const FILE = new URL("../../examples/german-credit/data/germancredit.csv", import.meta.url);

async function observationsOf(column: string): Promise<Observation[]> {
  const observations: Observation[] = [];
  const rows: AsyncIterable<Record<string, string>> = createReadStream(FILE).pipe(parse({ columns: true }));
  for await (const row of rows)
    observations.push({ bin: row[column] ?? "", bad: row.creditability === "bad" });
  return observations;
}

test("a bin's weight of evidence is the logarithm of its share of goods over its share of bads", () => {
  const bins = [...Array(3).fill("a"), ...Array(3).fill("b")];
  const bads = [false, false, true, false, true, true];
  const { bins: evidence, informationValue } = weightOfEvidence(
    bins.map((bin, i) => ({ bin, bad: bads[i] === true })),
  );
  assert.deepEqual(
    evidence.map(({ bin, goods, bads: bad, weightOfEvidence: weight }) => [bin, goods, bad, weight]),
    [
      ["a", 2, 1, Math.log(2)],
      ["b", 1, 2, Math.log(0.5)],
    ],
  );
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
  test(`the published information value of ${column} comes out of the German credit data`, async () => {
    const { informationValue } = weightOfEvidence(await observationsOf(column));
    assert.equal(Math.round(informationValue * 1000) / 1000, value);
  });
}
