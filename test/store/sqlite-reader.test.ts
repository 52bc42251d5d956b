import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import type { TableRows } from "../../src/engine/engine.ts";
import { openStoreReader, type StoreReader } from "../../src/store/sqlite-reader.ts";
import { openStore } from "../../src/store/sqlite-store.ts";
import type { Commit, Store, Written } from "../../src/store/store.ts";
import { pipelineWithAlert } from "./small-pipeline.ts";

const ledger = { source: { read: 0, accepted: 0, late: 0, duplicate: 0, dead: 0 }, tables: {} };

/** A store and a reader of it; each commit puts its rows out one position further. */
function opened(t: TestContext): {
  store: Store;
  reader: StoreReader;
  put: (tables: readonly TableRows[], over?: Partial<Commit>) => Written;
} {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-reader-"));
  const store = openStore(directory, pipelineWithAlert);
  const reader = openStoreReader(directory, pipelineWithAlert);
  t.after(() => {
    reader.close();
    store.close();
    rmSync(directory, { recursive: true });
  });
  let position = 0;
  return {
    store,
    reader,
    put: (tables, over = {}) =>
      store.commit({
        positions: [++position],
        steps: [],
        tables,
        late: [],
        dead: [],
        ledger,
        watermarkMs: null,
        trigger: null,
        ...over,
      }),
  };
}

const score = (id: string, manual: boolean | null = null) => [id, 1, 0.5, manual, null, 1000];
const minute = (product: string | null, count: number) => [60_000, product, count];
const scores = (...rows: TableRows["rows"]): TableRows => ({ table: "scores", rows });
const windows = (...rows: TableRows["rows"]): TableRows => ({ table: "windows", rows });
const raised = (...ids: string[]): TableRows => ({ table: "_large", rows: ids.map((id) => [id, "e1"]) });

const every = ["scores", "windows", "alerts"];

describe("a store's writer", () => {
  it("says which rows of a commit are new: of alerts those with a new id", (t) => {
    const { put } = opened(t);
    const tables = [scores(score("e1")), raised("a1", "a2")];
    assert.deepEqual(put(tables), { seq: 3, tables });
    assert.deepEqual(put([raised("a2", "a3")]), { seq: 4, tables: [raised("a3")] });
  });
});

describe("a store's reader", () => {
  it("gives the changes of several tables as one sequence, in the order in which they were written", (t) => {
    const { reader, put } = opened(t);
    put([scores(score("e1")), windows(minute("auto", 1), minute(null, 2)), raised("a1")]);
    put([scores(score("e2"))]);
    assert.deepEqual(reader.changes(every, 0, 100), [
      { seq: 1, table: "scores", row: score("e1") },
      { seq: 2, table: "windows", row: minute("auto", 1) },
      { seq: 3, table: "windows", row: minute(null, 2) },
      {
        seq: 4,
        table: "alerts",
        row: ["a1", "large", "warning", "scores", '{"event_id":"e1"}', null, "e1 is large", 1],
      },
      { seq: 5, table: "scores", row: score("e2") },
    ]);
    assert.equal(reader.progress().seq, 5);
    assert.deepEqual(
      reader.changes(["windows"], 2, 100).map(({ seq }) => seq),
      [3],
    );
  });

  it("moves a window's row to the end of the sequence when it is put in place of another", (t) => {
    const { reader, put } = opened(t);
    put([windows(minute("auto", 1), minute(null, 1))]);
    put([windows(minute("auto", 2))]);
    assert.deepEqual(reader.changes(["windows"], 0, 100), [
      { seq: 2, table: "windows", row: minute(null, 1) },
      { seq: 3, table: "windows", row: minute("auto", 2) },
    ]);
    assert.equal(reader.count("windows"), 2);
  });

  it("raises an alert's id once, with the row of the first time", (t) => {
    const { reader, put } = opened(t);
    put([raised("a1")]);
    put([raised("a1", "a2")]);
    const ids = reader.changes(["alerts"], 0, 100).map(({ seq, row }) => [seq, row[0], row.at(-1)]);
    assert.deepEqual(ids, [
      [1, "a1", 1],
      [2, "a2", 2],
    ]);
  });

  it("goes on numbering where the last owner stopped, and where a commit failed", (t) => {
    const { store, reader, put } = opened(t);
    put([scores(score("e1"))], { late: [{ partition: 0, position: 0 }] });
    const failing = { late: [{ partition: 0, position: 0 }] };
    assert.throws(() => put([scores(score("e2"))], failing));
    put([scores(score("e3"))]);
    assert.deepEqual(reader.changes(every, 0, 9), [
      { seq: 1, table: "scores", row: score("e1") },
      { seq: 2, table: "scores", row: score("e3") },
    ]);
    assert.equal(store.progress().seq, 2);
  });

  it("sees each commit that came since, after a page that left rows unread", (t) => {
    const { reader, put } = opened(t);
    put([scores(score("e1"), score("e2")), windows(minute("auto", 1))]);
    assert.equal(reader.changes(every, 0, 1).length, 1);
    put([scores(score("e3"))]);
    assert.equal(reader.progress().seq, 4);
    assert.deepEqual(
      reader.changes(every, 2, 9).map(({ seq }) => seq),
      [3, 4],
    );
  });

  it("followed page by page gives the last value of every row, whatever is written between pages", (t) => {
    const write = fc.record({ product: fc.constantFrom("a", "b", null), count: fc.integer() });
    const step = fc.oneof(
      fc.record({ rows: fc.array(write, { maxLength: 5 }) }),
      fc.record({ limit: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { reader, put } = opened(t);
        const seen = new Map<unknown, unknown>();
        const expected = new Map<unknown, unknown>();
        let last = 0;
        const follow = (limit: number): number => {
          const page = reader.changes(every, last, limit);
          for (const { seq, row } of page) {
            assert.ok(seq > last);
            last = seq;
            seen.set(row[1], row[2]);
          }
          return page.length;
        };
        for (const next of steps) {
          if ("limit" in next) follow(next.limit);
          else {
            put([windows(...next.rows.map(({ product, count }) => minute(product, count)))]);
            for (const { product, count } of next.rows) expected.set(product, count);
          }
        }
        while (follow(2) > 0);
        assert.deepEqual(seen, expected);
        assert.equal(last, reader.progress().seq);
      }),
      { numRuns: 30 },
    );
  });

  it("finds rows by the values of columns, null and true among them, the last written first", (t) => {
    const { reader, put } = opened(t);
    put([scores(score("e1", true), score("e2"), score("e1"), score("e3", true))]);
    const seqs = (query: Partial<Parameters<StoreReader["rows"]>[1]>) =>
      reader.rows("scores", { limit: 10, ...query }).map(({ seq }) => seq);
    assert.deepEqual(seqs({}), [4, 3, 2, 1]);
    assert.deepEqual(seqs({ beforeSeq: 3, limit: 1 }), [2]);
    assert.deepEqual(seqs({ where: new Map([["event_id", "e1"]]) }), [3, 1]);
    assert.deepEqual(seqs({ where: new Map([["manual", true]]) }), [4, 1]);
    assert.deepEqual(seqs({ where: new Map([["manual", null]]), beforeSeq: 3 }), [2]);
    const at = new Map([["event_time", 1000]] as const);
    assert.deepEqual(seqs({ where: at, limit: 2 }), [4, 3]);
    assert.deepEqual(seqs({ where: new Map([["event_time", 1001]]) }), []);
  });

  it("gives late and dead records a page at a time, the oldest first", (t) => {
    const { reader, put } = opened(t);
    const dead = [4, 2, 3].map((position) => ({ partition: 0, position, path: "$", reason: "is no JSON" }));
    const late = [5, 1].map((position) => ({ partition: 0, position }));
    put([], { dead, late });
    const [first, second] = reader.deadLetters({ limit: 2 });
    assert.deepEqual(first, { partition: 0, position: 2, path: "$", reason: "is no JSON", retriedAs: null });
    assert.deepEqual(
      reader.deadLetters({ limit: 2, ...(second && { after: second }) }).map(({ position }) => position),
      [4],
    );
    assert.deepEqual(reader.lateRecords({ limit: 9, after: { partition: 0, position: 1 } }), [
      { partition: 0, position: 5 },
    ]);
    assert.deepEqual(reader.lateRecords({ limit: 1, newestFirst: true }), [{ partition: 0, position: 5 }]);
    assert.equal(reader.deadLetters({ limit: 1, newestFirst: true })[0]?.position, 4);
  });
});
