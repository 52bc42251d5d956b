import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeOf, sparkLines } from "../../src/cli/spark-view.ts";
import { type AppView, createTally, unseen } from "../../src/engine/spark/app/watch.ts";
import { lagOf, parseProgress } from "../../src/engine/spark/connect/progress.ts";

const at = Date.parse("2026-01-01T00:02:00Z");

const batch = (batchId: number, rows: number) =>
  parseProgress(
    JSON.stringify({
      batchId,
      timestamp: "2026-01-01T00:00:01.000Z",
      durationMs: {
        triggerExecution: 1500,
        latestOffset: 3,
        queryPlanning: 97,
        addBatch: 1300,
        walCommit: 60,
        commitOffsets: 40,
      },
      eventTime: { watermark: "2026-01-01T00:00:00.000Z" },
      stateOperators: [
        { numRowsTotal: 1000, numRowsDroppedByWatermark: 0, memoryUsedBytes: 10 },
        { numRowsTotal: 234, numRowsDroppedByWatermark: 2, customMetrics: { numDroppedDuplicateRows: 3 } },
      ],
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

test("a query is a line of rate, time by phase, watermark, state, what it dropped, lag", () => {
  const progress = batch(7, 50);
  const seen = createTally().count("run", [progress]);
  const running = { ...unseen("rows", "running"), progress, batch: progress, lag: lagOf(progress), seen };
  const died = { ...unseen("sets", "died"), failure: "[OOPS] It broke" };
  const view: AppView = { remote: "sc://h:1", connected: true, queries: [running, died] };
  assert.deepEqual(sparkLines(view, at), [
    "sc://h:1  1 of 2 queries running",
    "",
    "query  state    events/s  batch ms  plan   work  log  watermark      state rows  late  duplicate  lag",
    "rows   running      12.3     1,500   100  1,300  100  2 minutes ago       1,234     2          3   30",
    "sets   died",
    "",
    "sets died: [OOPS] It broke",
  ]);
  assert.equal(exitCodeOf(view), 1);
  assert.equal(exitCodeOf({ ...view, queries: [running] }), 0);
});

test("a batch counts once, however often it is told, and one to come doesn't yet", () => {
  const tally = createTally();
  assert.equal(tally.count("run", [batch(1, 10), batch(2, 0)]).read, 10);
  assert.equal(tally.count("run", [batch(1, 10), batch(2, 5)]).read, 15);
  assert.deepEqual(tally.count("run", [batch(2, 5), batch(3, 1)]), { read: 16, late: 6, duplicates: 9 });
  assert.equal(tally.count("another", [batch(0, 4)]).read, 4);
});
