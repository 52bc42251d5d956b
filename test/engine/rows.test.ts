import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../src/engine/embedded/open.ts";
import { bigint, boolean, text } from "../../src/sql/build.ts";
import { call } from "../../src/sql/catalogue/catalogue.ts";
import type { Relation } from "../../src/sql/plan.ts";
import {
  atLeast,
  batchOf,
  col,
  type Event,
  events,
  explode,
  is,
  pipeline,
  project,
  table,
  where,
} from "./plans.ts";

const base: Event = { id: "1", at: 1000 };

function rowsOf(relation: Relation, records: readonly (Event | string)[], basePosition = 0) {
  const session = openSession(pipeline([table("rows", "append", relation)]));
  const { rows } = session.step(batchOf(records, { basePosition, partition: 3 }));
  return { rows: rows[0]?.rows ?? [], ledger: session.ledger().tables.rows };
}

test("a row table has a row for each accepted event, in log order, with nulls where fields are absent", () => {
  const relation = project(events, {
    id: col(events, "id"),
    at: col(events, "at"),
    small: col(events, "small"),
    key: col(events, "key"),
    flag: col(events, "flag"),
    tags: col(events, "tags"),
  });
  const full: Event = { id: "2", at: 500, small: 7, key: "k", flag: false, tags: ["x", "y"] };
  assert.deepEqual(rowsOf(relation, [base, full]).rows, [
    ["1", 1000, null, null, null, null],
    ["2", 500, 7, "k", false, ["x", "y"]],
  ]);
});

test("a record's partition and position are columns of the source", () => {
  const relation = project(events, { p: col(events, "_partition"), n: col(events, "_position") });
  const { rows } = rowsOf(relation, ["junk", base, { id: "2", at: 1000 }], 40);
  assert.deepEqual(rows, [
    [3, 41],
    [3, 42],
  ]);
});

test("WHERE keeps what is true: neither false nor null", () => {
  const relation = project(where(events, col(events, "flag")), { id: col(events, "id") });
  const { rows, ledger } = rowsOf(relation, [
    { ...base, flag: true },
    { id: "2", at: 1000, flag: false },
    { id: "3", at: 1000 },
  ]);
  assert.deepEqual(rows, [["1"]]);
  assert.deepEqual(ledger, { used: 1, filtered: 2 });
});

test("NOT of an unknown condition is unknown, also through a projected column", () => {
  const named = project(events, { id: col(events, "id"), big: atLeast(col(events, "small"), 5) });
  const not = where(named, call("not", [col(named, "big")]));
  const relation = project(not, { id: col(not, "id"), big: col(not, "big") });
  const { rows } = rowsOf(relation, [base, { id: "2", at: 1000, small: 9 }, { id: "3", at: 1000, small: 1 }]);
  assert.deepEqual(rows, [["3", false]]);
});

test("a condition put out as a value is true, false or null", () => {
  const relation = project(events, { big: atLeast(col(events, "small"), 5) });
  const { rows } = rowsOf(relation, [base, { id: "2", at: 1000, small: 9 }, { id: "3", at: 1000, small: 1 }]);
  assert.deepEqual(rows, [[null], [true], [false]]);
});

test("an expression over projected columns sees what they were projected from", () => {
  const once = project(events, { id: col(events, "id"), next: call("+", [col(events, "small"), bigint(1)]) });
  const twice = project(once, { a: col(once, "next"), b: call("*", [col(once, "next"), col(once, "next")]) });
  assert.deepEqual(
    rowsOf(twice, [
      { ...base, small: 4 },
      { id: "2", at: 1000, small: 5 },
    ]).rows,
    [
      [5, 25],
      [6, 36],
    ],
  );
});

test("what two tables share is right in both, batch after batch", () => {
  const next = call("+", [col(events, "small"), bigint(1)]);
  const left = project(where(events, atLeast(next, 5)), { next });
  const right = project(events, { next, square: call("*", [next, next]) });
  const session = openSession(pipeline([table("left", "append", left), table("right", "append", right)]));
  const first = session.step(batchOf([{ ...base, small: 9 }]));
  const second = session.step(batchOf([{ id: "2", at: 1000, small: 1 }], { basePosition: 1 }));
  assert.deepEqual(first.rows, [
    { table: "left", rows: [[10]] },
    { table: "right", rows: [[10, 100]] },
  ]);
  assert.deepEqual(second.rows, [{ table: "right", rows: [[2, 4]] }]);
});

test("explode below puts out a row an element; an event counts as used once", () => {
  const elements = [
    [text("key"), col(events, "key")],
    [text("kind"), col(events, "kind")],
  ];
  const pairs = explode(events, ["name", "value"], elements);
  const known = where(pairs, call("is_not_null", [col(pairs, "value")]));
  const relation = project(known, {
    id: col(known, "id"),
    name: col(known, "name"),
    value: col(known, "value"),
  });
  const { rows, ledger } = rowsOf(relation, [
    { ...base, key: "k", kind: "a" },
    { id: "2", at: 1000, kind: "b" },
    { id: "3", at: 1000 },
  ]);
  assert.deepEqual(rows, [
    ["1", "key", "k"],
    ["1", "kind", "a"],
    ["2", "kind", "b"],
  ]);
  assert.deepEqual(ledger, { used: 2, filtered: 1 });
});

test("a lambda's variable is the element, the columns around it stay the row's", () => {
  const parameter = { kind: "variable", name: "t", ...typedText } as const;
  const keep = call("<>", [parameter, col(events, "key")]);
  const lambda = { kind: "lambda", parameter: "t", body: keep, ...typed(keep) } as const;
  const relation = project(events, { tags: call("filter", [col(events, "tags"), lambda]) });
  const { rows } = rowsOf(relation, [
    { ...base, key: "x", tags: ["x", "y"] },
    { id: "2", at: 1000, tags: ["x"] },
  ]);
  assert.deepEqual(rows, [[["y"]], [[]]]);
});

test("a literal keeps its quotes, backslashes and line ends", () => {
  const odd = "it's \"\\\n\u2028`";
  const relation = project(events, { odd: text(odd), yes: boolean(true), same: is(text(odd), text(odd)) });
  assert.deepEqual(rowsOf(relation, [base]).rows, [[odd, true, true]]);
});

const typed = ({ type, range, nullable, lineage }: ReturnType<typeof call>) => ({
  type,
  range,
  nullable,
  lineage,
});
const typedText = typed(call("coalesce", [text("x")]));
