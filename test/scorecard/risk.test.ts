import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { scorecardColumns } from "../../src/scorecard/columns.ts";
import { loadReasons } from "../../src/scorecard/reasons.ts";
import { evaluate, nullOf } from "../simulation/interpret.ts";

const directory = fileURLToPath(new URL("../../pipeline", import.meta.url));
const pipeline = loadPipeline(directory);
const { columns } = pipeline.models.get("applications")!;
const risk = pipeline.scorecards.find(({ name }) => name === "risk")!;

type Applicant = Readonly<Record<string, unknown>>;

const applicant: Applicant = {
  event_type: "submitted",
  submitted_at: Date.UTC(2026, 0, 1),
  product: "personal",
  credit_score: 800,
  dti: 0.1,
  annual_income_cents: 12_000_000,
  income_verified: true,
  years_employed: 10,
  revolving_utilization: 0.05,
  delinquencies_24m: 0,
  inquiries_6m: 0,
  oldest_account_months: 200,
  bankruptcies: 0,
  collections: 0,
};

function scored(of: Applicant): Applicant {
  const row = columns.map((column) => of[column.name] ?? nullOf(column));
  const added = scorecardColumns(risk, columns);
  return Object.fromEntries(added.columns.map(({ name }, i) => [name, evaluate(added.expressions[i]!, row)]));
}

test("an applicant who is better than the mean everywhere has no reason against", () => {
  const { risk_reasons, risk_band } = scored(applicant);
  assert.deepEqual([risk_reasons, risk_band], [[], "very_low"]);
});

test("an event without a submitted application has no score", () => {
  const { risk_score, risk_band, risk_reasons } = scored({ event_type: "started", product: "auto" });
  assert.deepEqual([risk_score, risk_band, risk_reasons], [Number.NaN, null, null]);
});

test("the same submitted application has the same score when it is decided", () => {
  assert.deepEqual(scored({ ...applicant, event_type: "decided" }), scored(applicant));
});

test("without a credit file the reason is that, and not a bad history", () => {
  const { credit_score: _, oldest_account_months: __, ...noFile } = applicant;
  assert.deepEqual(scored(noFile).risk_reasons, ["no_credit_file"]);
});

test("small business without DTI is not told of excessive obligations", () => {
  const { dti: _, ...business } = applicant;
  assert.deepEqual(scored({ ...business, product: "small_business" }).risk_reasons, []);
});

test("without income the reason is the income, and DTI is not taken as zero", () => {
  const { dti: _, annual_income_cents: __, ...noIncome } = applicant;
  assert.deepEqual(scored(noIncome).risk_reasons, ["income_insufficient"]);
});

test("the codes for credit are those that a decision may carry", () => {
  const path = `${directory}/reasons.yaml`;
  const { reasons, diagnostics } = loadReasons(readFileSync(path, "utf8"), path);
  assert.deepEqual(diagnostics, []);
  const decided = pipeline.schema.leaves.find(({ path: leaf }) => leaf === "decision.reasons");
  assert.deepEqual([...reasons.credit.keys()], decided?.values);
});
