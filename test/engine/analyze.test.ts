import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { batchOf, col, count, events, groupBy, pipeline, project, table } from "./plans.ts";

async function* inOrder(batches: readonly RecordBatch[]): AsyncGenerator<RecordBatch> {
  yield* batches;
}

test("an analysis ends with every window closed, each group once, whatever its table's emit", async () => {
  const grouped = groupBy(events, {
    sizeMs: 60_000,
    keys: { key: col(events, "key") },
    aggregates: { n: count() },
  });
  const tables = [
    table("rows", "append", project(events, { id: col(events, "id") })),
    table("live", "update", grouped),
    table("closed", "final", grouped),
  ];
  const batches = [
    batchOf([{ id: "1", at: 0, key: "a" }, "junk"]),
    batchOf(
      [
        { id: "2", at: 1, key: "a" },
        { id: "3", at: 500_000 },
      ],
      { basePosition: 2 },
    ),
    batchOf(
      [
        { id: "4", at: 2, key: "a" },
        { id: "3", at: 500_000 },
      ],
      { basePosition: 4 },
    ),
  ];
  const analysis = await embeddedEngine.analyze(pipeline(tables), inOrder(batches));
  const windows = [
    [0, 60_000, "a", 2],
    [480_000, 540_000, null, 1],
  ];
  assert.deepEqual(analysis.tables, [
    { table: "rows", rows: [["1"], ["2"], ["3"]] },
    { table: "live", rows: windows },
    { table: "closed", rows: windows },
  ]);
  assert.deepEqual(analysis.late, [{ partition: 0, position: 4 }]);
  assert.equal(analysis.dead.length, 1);
  assert.deepEqual(analysis.ledger.source, { read: 6, accepted: 3, late: 1, duplicate: 1, dead: 1 });
});

test("an analysis of nothing has every table, empty", async () => {
  const tables = [table("rows", "append", project(events, { id: col(events, "id") }))];
  const analysis = await embeddedEngine.analyze(pipeline(tables), inOrder([]));
  assert.deepEqual(analysis.tables, [{ table: "rows", rows: [] }]);
  assert.deepEqual(analysis.ledger.tables, { rows: { used: 0, filtered: 0 } });
});
