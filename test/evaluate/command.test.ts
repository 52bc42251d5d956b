import assert from "node:assert/strict";
import { test } from "node:test";
import { loanstream } from "../cli/command-line.ts";
import { directory } from "./german-credit.ts";

const file = `${directory}/data/germancredit.csv`;
const base = ["evaluate", file, "--pipeline", directory];
const label = ["--label", "creditability", "--positive", "bad"];

test("evaluate prints AUC and KS as measured, with the rows of each class", async () => {
  const { exitCode, stdout, stderr } = await loanstream([...base, ...label]);
  assert.deepEqual([exitCode, stderr], [0, ""]);
  assert.match(stdout, /^risk_scores\.credit_score, higher is safer\n/);
  assert.match(stdout, /bad +300\n +other +700\n +AUC +0\.8\d{3}\n +KS +0\.\d{4}\n$/);
});

test("evaluate --json prints one object", async () => {
  const { exitCode, stdout } = await loanstream([...base, ...label, "--json"]);
  const measured: unknown = JSON.parse(stdout);
  assert.equal(exitCode, 0);
  assert.ok(typeof measured === "object" && measured !== null);
  assert.deepEqual(Object.keys(measured), [
    "table",
    "column",
    "direction",
    "positives",
    "negatives",
    "auc",
    "ks",
    "unlabelled",
    "unscored",
    "dead",
  ]);
});

test("evaluate without a label is bad usage", async () => {
  const { exitCode, stdout, stderr } = await loanstream(base);
  assert.deepEqual([exitCode, stdout], [2, ""]);
  assert.match(stderr, /--label is missing \[usage\.invalid\]/);
});

test("evaluate by a field that no record has says so and fails", async () => {
  const { exitCode, stderr } = await loanstream([...base, "--label", "outcome", "--positive", "bad"]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /\[evaluate\.one-class\]/);
});
