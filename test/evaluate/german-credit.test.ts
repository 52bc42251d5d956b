import assert from "node:assert/strict";
import { test } from "node:test";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { weightOfEvidence } from "../../src/evaluate/weight-of-evidence.ts";
import { readPipelineFiles } from "../../src/pipeline/files.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import { evaluate } from "../simulation/interpret.ts";
import { directory, pipeline, records, rows } from "./german-credit.ts";

const card = pipeline.scorecards[0]!;
const applications = pipeline.models.get("applications")!;
const applicants = rows.map((row, position) =>
  applications.columns.map(({ name, type }) =>
    name === "_position" ? position : type.kind === "bigint" ? Number(row[name]) : row[name],
  ),
);

for (const { name, bins, referencePoints } of card.characteristics) {
  const found = applicants.map(
    (applicant) =>
      bins.find(({ condition }) => condition === null || evaluate(condition, applicant) === true)!,
  );

  test(`the points of ${name} are the weight of evidence of its bins, scaled and rounded`, () => {
    const points = new Map(bins.map((bin, i) => [String(i), bin.points]));
    const { bins: evidence } = weightOfEvidence(
      found.map((bin, i) => ({ bin: String(bins.indexOf(bin)), bad: rows[i]!.creditability === "bad" })),
    );
    const pairs = evidence.map(({ bin, weightOfEvidence: weight }) => ({
      weight,
      points: points.get(bin) ?? 0,
    }));
    const products = pairs.reduce((sum, pair) => sum + pair.weight * pair.points, 0);
    const scale = products / pairs.reduce((sum, pair) => sum + pair.weight ** 2, 0);
    for (const pair of pairs)
      assert.ok(Math.abs(pair.points - scale * pair.weight) < 1, JSON.stringify(pair));
  });

  test(`mean_points of ${name} is the mean of the applicants`, () => {
    const mean = found.reduce((sum, bin) => sum + bin.points, 0) / found.length;
    assert.ok(Math.abs(mean - referencePoints) <= 0.006, String(mean));
  });
}

test("the mean probability of a bad loan is the share of bad loans", async () => {
  const { tables } = await embeddedEngine.analyze(pipeline, records());
  const at = pipeline.tables[0]!.relation.columns.findIndex(({ name }) => name === "credit_probability");
  const probabilities = tables[0]!.rows.map((row) => Number(row[at]));
  const mean = probabilities.reduce((sum, one) => sum + one, 0) / probabilities.length;
  assert.ok(Math.abs(mean - 0.3) < 0.01, String(mean));
});

test("a card that looks at a protected column is refused at its place", () => {
  const files = readPipelineFiles(directory);
  const edit = (of: string, from: string, to: string) => (file: { path: string; text: string }) =>
    file.path.endsWith(of) ? { ...file, text: file.text.replace(from, to) } : file;
  const { diagnostics } = compilePipeline({
    ...files,
    models: files.models.map(
      edit("applications.sql", "_position,", "_position, age_in_years DIV 10 AS decade,"),
    ),
    scorecards: files.scorecards.map(edit("credit.yaml", "duration_in_month < 9", "decade < 3")),
  });
  const line =
    files.scorecards[0]!.text.split("\n").findIndex((text) => text.includes("duration_in_month < 9")) + 1;
  assert.deepEqual(
    diagnostics.map(({ code, place }) => [code, place.line]),
    [["scorecard.protected-column", line]],
  );
});
