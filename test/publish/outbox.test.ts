import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { standingOf } from "../../src/publish/outbox.ts";

/** A run's commits: each takes in some records of some partitions, and writes some rows. */
const runs = fc
  .array(fc.record({ steps: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)), rows: fc.nat(3) }), { minLength: 1 })
  .map((commits) => {
    let seq = 0;
    let positions: readonly number[] = [0, 0, 0];
    const all = commits.map(({ steps, rows }) => {
      seq += rows;
      positions = positions.map((position, partition) => position + (steps[partition] ?? 0));
      return { seq, positions };
    });
    return [{ seq: 0, positions: [0, 0, 0] }, ...all];
  });

const order = (one: { seq: number; positions: readonly number[] }) =>
  one.seq + one.positions.reduce((sum, position) => sum + position, 0);

test("of two commits of one run the outputs stand behind or ahead as the run went", () => {
  fc.assert(
    fc.property(runs, fc.nat(), fc.nat(), (run, first, second) => {
      const published = run[first % run.length]!;
      const store = run[second % run.length]!;
      const difference = order(published) - order(store);
      const expected = difference === 0 ? "equal" : difference < 0 ? "behind" : "ahead";
      assert.equal(standingOf(published, store), expected);
    }),
  );
});

test("without a marker the outputs stand as before the first commit", () => {
  fc.assert(
    fc.property(runs, fc.nat(), (run, at) => {
      const store = run[at % run.length]!;
      assert.equal(standingOf(null, store), order(store) === 0 ? "equal" : "behind");
    }),
  );
});

test("a page of the outbox, whose positions are those of before, is behind until the last one", () => {
  const store = { seq: 30, positions: [10, 20] };
  assert.equal(standingOf({ seq: 20, positions: [10, 19] }, store), "behind");
  assert.equal(standingOf({ seq: 30, positions: [10, 19] }, store), "behind");
  assert.equal(standingOf({ seq: 30, positions: [10, 20] }, store), "equal");
});

test("a store and outputs of which each has what the other lacks stand apart", () => {
  assert.equal(standingOf({ seq: 5, positions: [3, 1] }, { seq: 5, positions: [1, 3] }), "apart");
  assert.equal(standingOf({ seq: 9, positions: [1, 1] }, { seq: 5, positions: [2, 2] }), "apart");
  assert.equal(standingOf({ seq: 5, positions: [2, 2] }, { seq: 9, positions: [1, 1] }), "apart");
});
