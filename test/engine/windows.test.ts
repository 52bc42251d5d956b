import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openSession } from "../../src/engine/embedded/open.ts";
import { text } from "../../src/sql/build.ts";
import { call } from "../../src/sql/catalogue/catalogue.ts";
import type { Relation } from "../../src/sql/plan.ts";
import type { Value } from "../../src/sql/types.ts";
import {
  atLeast,
  batchOf,
  col,
  count,
  distinct,
  type Event,
  events,
  explode,
  groupBy,
  least,
  pipeline,
  project,
  sum,
  table,
  where,
} from "./plans.ts";

const MINUTE = 60_000;
const counts = (sizeMs: number, slideMs = sizeMs) =>
  groupBy(events, { sizeMs, slideMs, keys: { key: col(events, "key") }, aggregates: { n: count() } });

function open(emit: "update" | "final", relation: Relation, delayMs = MINUTE) {
  const session = openSession(pipeline([table("t", emit, relation)], { delayMs, eventId: null }));
  const rowsOf = (tables: ReturnType<typeof session.trigger>) => tables[0]?.rows ?? [];
  return {
    ...session,
    step: (records: readonly Omit<Event, "id">[]) =>
      session.step(batchOf(records.map((its) => ({ id: "", ...its })))),
    trigger: () => rowsOf(session.trigger()),
    finish: () => rowsOf(session.finish()),
  };
}

test("an event on a window's end is in the next window", () => {
  const session = open("update", counts(MINUTE));
  session.step([{ at: 0 }, { at: MINUTE - 1 }, { at: MINUTE }]);
  assert.deepEqual(session.trigger(), [
    [0, MINUTE, null, 2],
    [MINUTE, 2 * MINUTE, null, 1],
  ]);
});

test("windows before 1970 are aligned to the epoch too", () => {
  const session = open("update", counts(MINUTE));
  session.step([{ at: -MINUTE - 1 }, { at: -MINUTE }, { at: -1 }, { at: 0 }]);
  assert.deepEqual(session.trigger(), [
    [-2 * MINUTE, -MINUTE, null, 1],
    [-MINUTE, 0, null, 2],
    [0, MINUTE, null, 1],
  ]);
});

test("an update table puts out the groups that changed since the last trigger, and no others", () => {
  const session = open("update", counts(MINUTE));
  session.step([
    { at: 0, key: "a" },
    { at: 0, key: "b" },
  ]);
  assert.equal(session.trigger().length, 2);
  assert.deepEqual(session.trigger(), []);
  session.step([{ at: 1, key: "b" }]);
  assert.deepEqual(session.trigger(), [[0, MINUTE, "b", 2]]);
  assert.deepEqual(session.finish(), []);
});

test("a changed group whose window closed before the trigger still leaves", () => {
  const session = open("update", counts(MINUTE), 0);
  session.step([
    { at: 0, key: "a" },
    { at: 10 * MINUTE, key: "b" },
  ]);
  assert.deepEqual(session.trigger(), [
    [0, MINUTE, "a", 1],
    [10 * MINUTE, 11 * MINUTE, "b", 1],
  ]);
});

test("a group leaves an update table only where HAVING holds", () => {
  const grouped = counts(MINUTE);
  const session = open("update", where(grouped, atLeast(col(grouped, "n"), 2), true));
  session.step([{ at: 0, key: "a" }]);
  assert.deepEqual(session.trigger(), []);
  session.step([{ at: 1, key: "a" }]);
  assert.deepEqual(session.trigger(), [[0, MINUTE, "a", 2]]);
});

test("a final table puts out a window once, when the watermark reaches its end", () => {
  const session = open("final", counts(MINUTE), 1000);
  session.step([{ at: 0, key: "a" }, { at: 1, key: "a" }, { at: MINUTE + 999 }]);
  assert.deepEqual(session.trigger(), []);
  session.step([{ at: MINUTE + 1000 }]);
  assert.deepEqual(session.trigger(), [[0, MINUTE, "a", 2]]);
  assert.deepEqual(session.trigger(), []);
  assert.deepEqual(session.finish(), [[MINUTE, 2 * MINUTE, null, 2]]);
  assert.deepEqual(session.finish(), []);
});

test("a window far from the last one closes at once, with none between them", () => {
  const session = open("final", counts(MINUTE, 1000), 0);
  const year = 365 * 24 * 60 * MINUTE;
  session.step([{ at: 0 }, { at: 60 * year }]);
  assert.equal(session.trigger().length, 60);
});

test("an event is in as many sliding windows as slides fit into one, in each once", () => {
  const session = open("update", counts(3000, 1000));
  session.step([{ at: 1500 }, { at: 2500 }]);
  assert.deepEqual(session.trigger(), [
    [-1000, 2000, null, 1],
    [0, 3000, null, 2],
    [1000, 4000, null, 2],
    [2000, 5000, null, 1],
  ]);
});

test("a count over a window's last milliseconds sees its last panes only", () => {
  const last = groupBy(events, {
    sizeMs: 3000,
    slideMs: 1000,
    keys: {},
    aggregates: {
      n: count(),
      last: count(null, { lastMs: 1000 }),
      least: least(col(events, "small"), { lastMs: 2000 }),
    },
  });
  const session = open("final", last);
  session.step([
    { at: 500, small: 1 },
    { at: 1500, small: 2 },
    { at: 1600, small: 3 },
  ]);
  assert.deepEqual(session.finish(), [
    [-2000, 1000, 1, 1, 1],
    [-1000, 2000, 3, 2, 1],
    [0, 3000, 3, 0, 2],
    [1000, 4000, 2, 0, null],
  ]);
});

test("columns above the aggregate may use the window's bounds, keys and aggregates", () => {
  const grouped = counts(MINUTE);
  const doubled = project(grouped, {
    key: call("coalesce", [col(grouped, "key"), text("none")]),
    start: call("unix_millis", [col(grouped, "window_start")]),
    share: call("/", [col(grouped, "n"), col(grouped, "n")]),
  });
  const session = open("update", doubled);
  session.step([{ at: MINUTE }]);
  assert.deepEqual(session.trigger(), [["none", MINUTE, 1]]);
});

test("state is given back with the last window over it, and its places are used again", () => {
  const grouped = groupBy(events, {
    sizeMs: 2000,
    slideMs: 1000,
    keys: { key: col(events, "key") },
    aggregates: { n: count(), set: distinct(col(events, "small")) },
  });
  const session = open("update", grouped, 0);
  const sizes: number[] = [];
  for (let second = 0; second < 50; second += 1) {
    session.step([{ at: second * 1000, key: `k${second}`, small: 1 }]);
    const rows = session.trigger();
    assert.deepEqual(
      rows.map((row) => row.slice(2)),
      [
        [`k${second}`, 1, [1]],
        [`k${second}`, 1, [1]],
      ],
    );
    sizes.push(session.snapshot().length);
  }
  assert.ok(sizes[49]! < sizes[10]! + 50, `state grew: ${sizes}`);
});

const SLIDE = 1000;
const someEvents = fc.array(
  fc.record(
    {
      at: fc.integer({ min: -8000, max: 8000 }),
      key: fc.constantFrom("p", "q"),
      kind: fc.constantFrom("a" as const, "b" as const),
      small: fc.nat(100),
      n: fc.maxSafeInteger(),
    },
    { requiredKeys: ["at"] },
  ),
  { maxLength: 40 },
);

test("sliding windows over panes equal windows counted one by one", () => {
  fc.assert(
    fc.property(someEvents, fc.integer({ min: 1, max: 5 }), fc.nat(6), (records, span, triggerEvery) => {
      const pairs = explode(
        events,
        ["name", "value"],
        [
          [text("key"), col(events, "key")],
          [text("kind"), col(events, "kind")],
        ],
      );
      const grouped = groupBy(pairs, {
        sizeMs: span * SLIDE,
        slideMs: SLIDE,
        keys: { value: col(pairs, "value"), name: col(pairs, "name") },
        aggregates: {
          n: count(),
          total: sum(col(pairs, "n")),
          least: least(col(pairs, "small")),
          last: count(null, { lastMs: SLIDE }),
        },
      });
      for (const emit of ["update", "final"] as const) {
        const session = open(emit, grouped, 100_000);
        const last = new Map<string, readonly Value[]>();
        const keep = (rows: readonly (readonly Value[])[]) => {
          for (const row of rows) last.set(String(row.slice(0, 4)), row);
        };
        for (const [index, record] of records.entries()) {
          session.step([record]);
          if (index % (triggerEvery + 1) === 0) keep(session.trigger());
        }
        keep(session.finish());
        assert.deepEqual(sorted([...last.values()]), sorted(naive(records, span)));
      }
    }),
  );
});

const sorted = (rows: readonly (readonly Value[])[]) => rows.map((row) => row.map(String).join("|")).sort();

function naive(records: readonly Omit<Event, "id">[], span: number): Value[][] {
  const pairs = records.flatMap((record) => [
    { ...record, name: "key", value: record.key ?? null },
    { ...record, name: "kind", value: record.kind ?? null },
  ]);
  const rows: Value[][] = [];
  for (let start = -20 * SLIDE; start <= 20 * SLIDE; start += SLIDE) {
    const end = start + span * SLIDE;
    const inside = pairs.filter(({ at }) => at >= start && at < end);
    for (const group of Map.groupBy(inside, ({ name, value }) => `${name}|${value}`).values()) {
      const ns = group.flatMap(({ n }) => n ?? []);
      const smalls = group.flatMap(({ small }) => small ?? []);
      rows.push([
        ...[start, end, group[0]!.value, group[0]!.name, group.length],
        ns.length === 0 ? null : ns.reduce((sum, n) => sum + BigInt(n), 0n),
        smalls.length === 0 ? null : Math.min(...smalls),
        group.filter(({ at }) => at >= end - SLIDE).length,
      ]);
    }
  }
  return rows;
}
