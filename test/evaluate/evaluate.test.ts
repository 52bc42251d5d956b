import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { LoanstreamError } from "../../src/errors.ts";
import { evaluate, findScore } from "../../src/evaluate/evaluate.ts";
import { batchOf } from "../simulation/simulate.ts";
import { pipeline, records, rows } from "./german-credit.ts";

const label = { path: "creditability", positive: "bad" };
const score = findScore(pipeline, {});

async function* inBatches(...batches: readonly (readonly object[])[]): AsyncGenerator<RecordBatch> {
  let position = 0;
  for (const batch of batches) {
    yield batchOf(
      batch.map((record) => ({ text: JSON.stringify(record), ingestTimeMs: null })),
      position,
    );
    position += batch.length;
  }
}

const numbers = new Set(
  pipeline.schema.leaves.filter(({ type }) => type.kind === "bigint").map(({ path }) => path),
);
const events = rows.map((row) =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, numbers.has(name) ? Number(cell) : cell]),
  ),
);

function codeOf(error: unknown): string | undefined {
  return error instanceof LoanstreamError ? error.diagnostics[0].code : undefined;
}

test("AUC and KS over the German credit data are plausible, and equal their definitions", async () => {
  const { auc, ks, positives, negatives } = await evaluate(embeddedEngine, pipeline, records(), score, label);
  assert.deepEqual([positives, negatives], [300, 700]);

  const { tables } = await embeddedEngine.analyze(pipeline, records());
  const [positionAt, scoreAt] = ["_position", "credit_score"].map((wanted) =>
    pipeline.tables[0]!.relation.columns.findIndex(({ name }) => name === wanted),
  );
  const scored = tables[0]!.rows.map((row) => ({
    score: Number(row[scoreAt!]),
    bad: rows[Number(row[positionAt!])]!.creditability === "bad",
  }));
  const bads = scored.filter(({ bad }) => bad).map((row) => row.score);
  const goods = scored.filter(({ bad }) => !bad).map((row) => row.score);
  const won = bads.flatMap((bad) => goods.map((good) => (bad < good ? 1 : bad === good ? 0.5 : 0)));
  assert.equal(auc, won.reduce((sum: number, one) => sum + one, 0) / won.length);
  const share = (of: readonly number[], at: number) => of.filter((one) => one <= at).length / of.length;
  const distances = scored.map(({ score: at }) => Math.abs(share(bads, at) - share(goods, at)));
  assert.ok(ks !== null && Math.abs(ks - Math.max(...distances)) < 1e-12);
  assert.ok(auc > 0.78 && auc < 0.86, `AUC ${auc}`);
  assert.ok(ks > 0.42 && ks < 0.58, `KS ${ks}`);
});

test("a label belongs to its record, however the records come in batches", async () => {
  const whole = await evaluate(embeddedEngine, pipeline, inBatches(events), score, label);
  const split = await evaluate(
    embeddedEngine,
    pipeline,
    inBatches(events.slice(0, 1), [], events.slice(1, 400), events.slice(400)),
    score,
    label,
  );
  assert.deepEqual(split, whole);
});

test("records without a label and dead ones are counted and left out", async () => {
  const [first, ...others] = events.slice(0, 20);
  const { creditability: _, ...unlabelled } = first!;
  const input = inBatches([unlabelled, { ...first, purpose: "no such purpose" }, ...others]);
  const measured = await evaluate(embeddedEngine, pipeline, input, score, label);
  assert.deepEqual([measured.unlabelled, measured.dead], [1, 1]);
  assert.equal(measured.positives + measured.negatives, 19);
});

test("labels of one class are refused", async () => {
  const input = inBatches(events.slice(0, 5));
  await assert.rejects(
    evaluate(embeddedEngine, pipeline, input, score, { ...label, positive: "none" }),
    (error) => codeOf(error) === "evaluate.one-class",
  );
});

test("a score that no table has is refused", () => {
  assert.throws(
    () => findScore(pipeline, { score: "risk_score" }),
    (error) => codeOf(error) === "evaluate.no-score",
  );
});
