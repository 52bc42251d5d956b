import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../src/engine/embedded/open.ts";
import { LoanstreamError } from "../../src/errors.ts";
import { text } from "../../src/sql/build.ts";
import { call } from "../../src/sql/catalogue/catalogue.ts";
import type { Aggregate, Expr } from "../../src/sql/plan.ts";
import type { Value } from "../../src/sql/types.ts";
import {
  batchOf,
  col,
  count,
  countIf,
  distinct,
  type Event,
  events,
  explode,
  greatest,
  groupBy,
  histogram,
  is,
  least,
  pipeline,
  project,
  sum,
  table,
} from "./plans.ts";

const of = (name: string) => col(events, name);
const MAX = Number.MAX_SAFE_INTEGER;

/** The one group's aggregates, over events a second apart, all in one window. */
function aggregatesOf(
  aggregates: Readonly<Record<string, Aggregate>>,
  fields: readonly Partial<Event>[],
): Value[] {
  const grouped = groupBy(events, { sizeMs: 3_600_000, keys: {}, aggregates });
  const session = openSession(pipeline([table("t", "update", grouped)]));
  session.step(batchOf(fields.map((its, index) => ({ id: String(index), at: index * 1000, ...its }))));
  const rows = session.trigger()[0]?.rows ?? [];
  assert.equal(rows.length, 1);
  return rows[0]!.slice(2);
}

test("count counts rows, or values that are not null", () => {
  const row = aggregatesOf({ all: count(), some: count(of("n")), texts: count(of("key")) }, [
    { n: 1 },
    { key: "k" },
    { n: 0, key: "" },
  ]);
  assert.deepEqual(row, [3, 2, 2]);
});

test("count_if and FILTER take what is true, not what is unknown", () => {
  const isA = is(of("kind"), text("a"));
  const row = aggregatesOf(
    { ifs: countIf(isA), filtered: count(null, { filter: isA }), sum: sum(of("small"), { filter: isA }) },
    [{ kind: "a", small: 5 }, { kind: "b", small: 7 }, { small: 11 }],
  );
  assert.deepEqual(row, [1, 1, 5]);
});

test("sums, least and greatest skip nulls and are null over nothing", () => {
  const aggregates = {
    sum: sum(of("n")),
    narrow: sum(of("small")),
    least: least(of("n")),
    greatest: greatest(of("key")),
    flag: greatest(of("flag")),
  };
  assert.deepEqual(aggregatesOf(aggregates, [{}]), [null, null, null, null, null]);
  const some = [{}, { n: -4, small: 3, key: "b", flag: false }, { n: 9, small: 4, key: "a" }, {}];
  assert.deepEqual(aggregatesOf(aggregates, some), [5, 7, -4, "b", false]);
});

test("a sum past 2^53 is exact, and comes back to a number when it returns", () => {
  const up = [{ n: MAX }, { n: MAX }, { n: MAX }, { n: 1 }];
  assert.deepEqual(aggregatesOf({ sum: sum(of("n")) }, up), [3n * BigInt(MAX) + 1n]);
  const back = [...up, { n: -MAX }, { n: -MAX }, { n: -MAX }];
  assert.deepEqual(aggregatesOf({ sum: sum(of("n")) }, back), [1]);
  const down = up.map(({ n }) => ({ n: -n }));
  assert.deepEqual(aggregatesOf({ sum: sum(of("n")) }, down), [-3n * BigInt(MAX) - 1n]);
});

test("a sum past 64 bits is a named error", () => {
  const far = new Array<Partial<Event>>(1100).fill({ n: MAX });
  assert.throws(
    () => aggregatesOf({ sum: sum(of("n")) }, far),
    (error) => error instanceof LoanstreamError && error.diagnostics[0].code === "engine.sum-overflow",
  );
});

test("texts compare by UTF-8 bytes: an emoji is after U+FFFF", () => {
  const row = aggregatesOf({ least: least(of("key")), greatest: greatest(of("key")) }, [
    { key: "\u{1f600}" },
    { key: "\uffff" },
    { key: "z" },
  ]);
  assert.deepEqual(row, ["z", "\u{1f600}"]);
});

test("least and greatest of times, doubles and booleans", () => {
  const aggregates = {
    first: least(of("at")),
    last: greatest(of("at")),
    low: least(of("x")),
    high: greatest(of("x")),
    any: greatest(of("flag")),
    all: least(of("flag")),
  };
  const row = aggregatesOf(aggregates, [{ x: -0.5, flag: true }, { x: 0.25, flag: false }, {}]);
  assert.deepEqual(row, [0, 2000, -0.5, 0.25, true, false]);
});

test("a histogram's bins hold their lower edge, nulls are in none", () => {
  const fields = [-1, 0, 9.99, 10, 20, 1e9].map((x) => ({ x }));
  assert.deepEqual(aggregatesOf({ h: histogram(of("x"), [0, 10, 20]) }, [...fields, {}]), [[1, 2, 1, 2]]);
  assert.deepEqual(aggregatesOf({ h: histogram(of("x"), [0]) }, [{}]), [[0, 0]]);
});

test("collect_set holds each value once and no null", () => {
  const values = (fields: readonly Partial<Event>[]) => {
    const [set] = aggregatesOf({ set: distinct(of("key")) }, fields);
    return Array.isArray(set) ? [...set].sort() : set;
  };
  assert.deepEqual(values([{ key: "a" }, {}, { key: "b" }, { key: "a" }]), ["a", "b"]);
  assert.deepEqual(values([{ key: "a" }, { key: "a" }]), ["a"]);
  assert.deepEqual(values([{}]), []);
});

test("an average is a wide sum divided by a count", () => {
  const aggregates = { total: sum(of("n")), present: count(of("n")) };
  const grouped = groupBy(events, { sizeMs: 60_000, keys: {}, aggregates });
  const mean = project(grouped, { mean: call("/", [col(grouped, "total"), col(grouped, "present")]) });
  const session = openSession(pipeline([table("t", "update", mean)]));
  session.step(
    batchOf([
      { id: "1", at: 0, n: MAX },
      { id: "2", at: 1, n: MAX },
    ]),
  );
  assert.deepEqual(session.trigger()[0]?.rows, [[MAX]]);
});

test("explode above puts out a row for each element of each group", () => {
  const grouped = groupBy(events, {
    sizeMs: 60_000,
    keys: { key: of("key") },
    aggregates: { as: countIf(is(of("kind"), text("a"))), bs: countIf(is(of("kind"), text("b"))) },
  });
  const elements: Expr[][] = [
    [text("a"), col(grouped, "as")],
    [text("b"), col(grouped, "bs")],
  ];
  const exploded = explode(grouped, ["kind", "n"], elements);
  const out = project(exploded, {
    key: col(exploded, "key"),
    kind: col(exploded, "kind"),
    n: col(exploded, "n"),
  });
  const session = openSession(pipeline([table("t", "update", out)]));
  session.step(
    batchOf([
      { id: "1", at: 0, kind: "a", key: "x" },
      { id: "2", at: 1, kind: "a" },
    ]),
  );
  assert.deepEqual(session.trigger()[0]?.rows, [
    ["x", "a", 1],
    ["x", "b", 0],
    [null, "a", 1],
    [null, "b", 0],
  ]);
});

test("keys that are null, boolean, number or time make groups of their own", () => {
  const keys = { flag: of("flag"), small: of("small"), at: call("date_trunc", [text("SECOND"), of("at")]) };
  const grouped = groupBy(events, { sizeMs: 60_000, keys, aggregates: { n: count() } });
  const session = openSession(pipeline([table("t", "update", grouped)]));
  const fields: Partial<Event>[] = [{}, { flag: true }, { flag: false }, { small: 0 }, {}, { at: 1000 }];
  session.step(batchOf(fields.map((its, index) => ({ id: String(index), at: 0, ...its }))));
  assert.deepEqual(
    session.trigger()[0]?.rows.map((row) => row.slice(2)),
    [
      [null, null, 0, 2],
      [true, null, 0, 1],
      [false, null, 0, 1],
      [null, 0, 0, 1],
      [null, null, 1000, 1],
    ],
  );
});
