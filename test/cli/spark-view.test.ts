import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeOf, sparkJson, sparkLines } from "../../src/cli/spark-view.ts";
import { count, NOTHING_COUNTED } from "../../src/engine/spark/app/count.ts";
import { type AppView, type QueryState, type QueryView, unseen } from "../../src/engine/spark/app/watch.ts";
import { lagOf, parseProgress } from "../../src/engine/spark/connect/progress.ts";
import type { Diagnostic } from "../../src/errors.ts";

const at = Date.parse("2026-01-01T00:02:00Z");

/** As Spark tells it; without a duration of its work it is of the batch to come. */
const progressOf = (batchId: number, rows: number, durations: object = { addBatch: 1300 }) =>
  parseProgress(
    JSON.stringify({
      batchId,
      timestamp: "2026-01-01T00:00:01.000Z",
      durationMs: {
        ...{ triggerExecution: 1500, latestOffset: 3, queryPlanning: 97, walCommit: 60, commitOffsets: 40 },
        ...durations,
      },
      eventTime: { watermark: "2026-01-01T00:00:00.000Z" },
      stateOperators: [
        {
          operatorName: "stateStoreSave",
          numRowsTotal: 1000,
          numRowsDroppedByWatermark: 4,
          memoryUsedBytes: 10,
        },
        {
          ...{ operatorName: "dedupeWithinWatermark", numRowsTotal: 234, numRowsDroppedByWatermark: 2 },
          customMetrics: { numDroppedDuplicateRows: 3 },
        },
      ],
      observedMetrics: {
        ledger: { values: [rows - 6, 1], schema: { fields: [{ name: "accepted" }, { name: "dead" }] } },
      },
      sources: [
        {
          numInputRows: rows,
          inputRowsPerSecond: 12.34,
          endOffset: '{"t":{"0":100,"1":5}}',
          latestOffset: '{"t":{"0":130,"1":5}}',
        },
      ],
      sink: { numOutputRows: -1 },
    }),
  );

const batch = progressOf(0, 50);
const running: QueryView = {
  ...unseen("rows", "running", count(NOTHING_COUNTED, [batch])),
  ...{ progress: batch, batch, lag: lagOf(batch) },
};
const failure: Diagnostic = {
  code: "spark.query-failed",
  message: "Spark: [OOPS] It broke",
  remedy: "Mend it.",
  place: { file: "models/a.sql", line: 3, column: 8 },
};
const died: QueryView = { ...unseen("sets", "died"), failure };
const view: AppView = { remote: "sc://h:1", connected: true, queries: [running, died] };

test("a query is a line of rate, time by phase, watermark, state, what it dropped, lag; one that died says why", () => {
  assert.deepEqual(sparkLines(view, at), [
    "sc://h:1  1 of 2 queries running",
    "",
    "query  state    events/s  batch ms  plan   work  log  watermark      state rows  late  duplicate  lag",
    "rows   running      12.3     1,500   100  1,300  100  2 minutes ago       1,234     2          3   30",
    "sets   died",
    "",
    "50 read = 44 accepted + 2 late + 3 duplicate + 1 dead",
    "as query rows counts them, in all 1 batch since its checkpoint began.",
    "Every query reads all events for itself: its late and duplicate ones are of these.",
    "Spark doesn't count what each table used and filtered, which records were late and what was repaired and sent again.",
    "",
    "sets died: models/a.sql:3:8: Spark: [OOPS] It broke [spark.query-failed]. Mend it.",
  ]);
});

test("the ledger says of how many batches it is where nobody looked at some", () => {
  const counted = count(NOTHING_COUNTED, [progressOf(2, 50), progressOf(5, 50)]);
  const lines = sparkLines({ ...view, queries: [{ ...running, counted }] }, at);
  assert.ok(lines.includes("100 read = 88 accepted + 4 late + 6 duplicate + 2 dead"));
  assert.match(
    lines.join("\n"),
    /in 2 of 6 batches since its checkpoint began; nobody looked at the others in time/,
  );
});

test("as JSON every figure has a name with its unit", () => {
  const counted = { read: 50, accepted: 44, late: 2, duplicate: 3, dead: 1, batches: 1, missedBatches: 0 };
  const { ledger, queries } = JSON.parse(JSON.stringify(sparkJson(view, at)));
  assert.deepEqual(ledger, { query: "rows", ...counted });
  assert.deepEqual(queries[0], {
    ...{ name: "rows", state: "running", failure: null, inputRowsPerSecond: 12.34 },
    batch: {
      ...{ id: 0, inputRows: 50, batchMs: 1500, planMs: 100, workMs: 1300, logMs: 100 },
      phasesMs: batch.durationsMs,
    },
    ...{ watermark: "2026-01-01T00:00:00.000Z", watermarkAgeMs: 120_000 },
    ...{ stateRows: 1234, stateBytes: 10, lagRecords: 30, counted },
  });
  assert.deepEqual(queries[1].failure, failure);
});

test("it is a failure where a query has died or is lost, and none where it was stopped", () => {
  const of = (...states: QueryState[]) =>
    exitCodeOf({ ...view, queries: states.map((state) => unseen("q", state)) });
  assert.equal(of("running", "stopped"), 0);
  assert.equal(of("running", "died"), 1);
  assert.equal(of("running", "lost"), 1);
});

test("a batch counts once, however often it is told, and one to come doesn't yet", () => {
  const once = count(NOTHING_COUNTED, [progressOf(0, 10), progressOf(1, 0, {})]);
  assert.deepEqual([once.read, once.batches], [10, 1]);
  const twice = count(once, [progressOf(0, 10), progressOf(1, 15)]);
  assert.deepEqual([twice.read, twice.late, twice.duplicate, twice.batches], [25, 4, 6, 2]);
  assert.deepEqual(count(twice, [progressOf(1, 15)]), twice);
});
