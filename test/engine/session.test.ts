import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { Session } from "../../src/engine/embedded/session.ts";
import type { TableRows } from "../../src/engine/engine.ts";
import { LoanstreamError } from "../../src/errors.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { text } from "../../src/sql/build.ts";
import { call } from "../../src/sql/catalogue/catalogue.ts";
import {
  allOf,
  atLeast,
  batchOf,
  col,
  count,
  distinct,
  type Event,
  events,
  explode,
  greatest,
  groupBy,
  histogram,
  is,
  pipeline,
  project,
  sum,
  table,
  where,
} from "./plans.ts";

const pairs = explode(
  events,
  ["name", "value"],
  [
    [text("key"), col(events, "key")],
    [text("kind"), col(events, "kind")],
  ],
);
const known = where(pairs, call("is_not_null", [col(pairs, "value")]));
const perPair = (sizeMs: number, slideMs: number) =>
  groupBy(known, {
    sizeMs,
    slideMs,
    keys: { name: col(known, "name"), value: col(known, "value") },
    aggregates: { n: count(), ids: distinct(col(known, "id")), total: sum(col(known, "n")) },
  });
const sliding = perPair(5000, 1000);
const longer = perPair(8000, 2000);
const onlyA = where(events, is(col(events, "kind"), text("a")));
const minutes = groupBy(onlyA, {
  sizeMs: 3000,
  keys: { flag: col(onlyA, "flag") },
  aggregates: {
    h: histogram(col(onlyA, "small"), [10, 50]),
    last: greatest(col(onlyA, "key")),
    yes: greatest(col(onlyA, "flag")),
  },
});

const everything = pipeline(
  [
    table("rows", "append", project(known, { id: col(known, "id"), value: col(known, "value") })),
    table("sliding", "update", where(sliding, atLeast(col(sliding, "n"), 2), true)),
    table("longer", "final", project(longer, allOf(longer))),
    table("minutes", "final", minutes),
    table("live", "update", minutes),
  ],
  { delayMs: 2000 },
);

const record = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("junk", '{"id":"x"}') },
  {
    weight: 15,
    arbitrary: fc.record(
      {
        id: fc.nat(25).map(String),
        drift: fc.integer({ min: -2500, max: 1500 }),
        kind: fc.constantFrom("a" as const, "b" as const),
        key: fc.constantFrom("p", "q", "\u{1f600}"),
        n: fc.maxSafeInteger(),
        small: fc.nat(100),
        flag: fc.boolean(),
      },
      { requiredKeys: ["id", "drift"] },
    ),
  },
);

/** A log whose times go forward by half a second an event, more or less. */
const log = fc.array(record, { maxLength: 50 }).map((records) =>
  records.map((its, index): Event | string => {
    if (typeof its === "string") return its;
    const { drift, ...event } = its;
    return { ...event, at: index * 500 + drift };
  }),
);
type Log = readonly (Event | string)[];

/** What the log says to do next: take some records, and then perhaps trigger. */
interface Move {
  readonly from: number;
  readonly to: number;
  readonly trigger: boolean;
}

function play(session: Session, records: Log, { from, to, trigger }: Move): unknown[] {
  const { rows, late, dead } = session.step(batchOf(records.slice(from, to), { basePosition: from }));
  return [
    ...rows.map((its) => ["rows", its]),
    ["late", late],
    ["dead", dead],
    trigger ? session.trigger() : [],
  ];
}

test("results do not depend on how the log is cut into batches", () => {
  fc.assert(
    fc.property(log, fc.array(fc.nat(50)), (records, cuts) => {
      const whole = openSession(everything);
      const inOne = whole.step(batchOf(records));
      const pieces = openSession(everything);
      const places = [0, ...cuts.filter((cut) => cut < records.length).sort((a, b) => a - b), records.length];
      const outputs = places.slice(1).map((to, index) => {
        const from = places[index]!;
        return pieces.step(batchOf(records.slice(from, to), { basePosition: from }));
      });
      assert.deepEqual(
        outputs.flatMap(({ rows }) => rows.flatMap((its) => its.rows)),
        inOne.rows.flatMap((its) => its.rows),
      );
      assert.deepEqual(
        outputs.flatMap(({ late }) => late),
        inOne.late,
      );
      assert.deepEqual(pieces.trigger(), whole.trigger());
      assert.deepEqual(pieces.finish(), whole.finish());
      assert.deepEqual(pieces.ledger(), whole.ledger());
    }),
  );
});

test("a session that goes on from its snapshot puts out what an uninterrupted one does", () => {
  const moves = fc.array(fc.record({ take: fc.nat(8), trigger: fc.boolean(), stop: fc.boolean() }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(log, moves, (records, steps) => {
      const steady = openSession(everything);
      let stopped = openSession(everything);
      let from = 0;
      for (const { take, trigger, stop } of [...steps, { take: records.length, trigger: true, stop: true }]) {
        const to = Math.min(records.length, from + take);
        assert.deepEqual(
          play(stopped, records, { from, to, trigger }),
          play(steady, records, { from, to, trigger }),
        );
        if (stop) stopped = openSession(everything, stopped.snapshot());
        from = to;
      }
      assert.deepEqual(stopped.finish(), steady.finish());
      assert.deepEqual(stopped.ledger(), steady.ledger());
      assert.equal(stopped.watermarkMs(), steady.watermarkMs());
    }),
  );
});

test("a session of other tables takes over those that it has in common, with what has left of them once", () => {
  const elements = explode(
    longer,
    ["of", "least"],
    [
      [text("n"), col(longer, "n")],
      [text("total"), col(longer, "total")],
    ],
  );
  const first = table("first", "once", where(elements, atLeast(col(elements, "least"), 2), true));
  const more: Pipeline = { ...everything, tables: [first, ...everything.tables] };
  const common = ["first", "longer", "live", "minutes"];
  const fewer: Pipeline = {
    ...more,
    tables: more.tables.filter(({ name }) => common.includes(name)).reverse(),
  };
  const inCommon = (out: readonly TableRows[]) =>
    common.flatMap((name) => out.filter((its) => its.table === name).flatMap(({ rows }) => rows));
  const moves = fc.array(fc.record({ take: fc.nat(8), trigger: fc.boolean(), change: fc.boolean() }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(log, moves, (records, steps) => {
      const steady = openSession(more);
      let changing = openSession(more);
      let its = more;
      let from = 0;
      for (const { take, trigger, change } of [
        ...steps,
        { take: records.length, trigger: true, change: true },
      ]) {
        const batch = batchOf(records.slice(from, from + take), { basePosition: from });
        assert.deepEqual(inCommon(changing.step(batch).rows), inCommon(steady.step(batch).rows));
        if (trigger) assert.deepEqual(inCommon(changing.trigger()), inCommon(steady.trigger()));
        from = Math.min(records.length, from + take);
        if (!change) continue;
        its = its === more ? fewer : more;
        changing = openSession(its, changing.snapshot());
      }
      assert.deepEqual(inCommon(changing.finish()), inCommon(steady.finish()));
      for (const name of common)
        assert.deepEqual(changing.ledger().tables[name], steady.ledger().tables[name]);
    }),
  );
});

test("what has left once doesn't leave again after a snapshot, though groups have other numbers then", () => {
  const first = table("first", "once", where(longer, atLeast(col(longer, "n"), 2), true));
  const plan: Pipeline = { ...everything, tables: [first] };
  const session = openSession(plan);
  const q = { key: "q", at: 4000 };
  session.step(
    batchOf([
      { id: "1", at: 0, key: "p" },
      { id: "2", ...q },
      { id: "3", ...q },
    ]),
  );
  assert.equal(session.trigger()[0]?.rows.length, 4);
  session.step(batchOf([{ id: "4", at: 10_500, key: "p" }], { basePosition: 3 }));
  session.trigger();
  const again = openSession(plan, session.snapshot());
  again.step(batchOf([{ id: "5", at: 11_000, key: "q" }], { basePosition: 4 }));
  assert.deepEqual(again.trigger(), []);
});

test("taking a snapshot changes nothing, and the same state has the same bytes", () => {
  const session = openSession(everything);
  session.step(batchOf([{ id: "1", at: 0, kind: "a", key: "p" }]));
  const first = session.snapshot();
  assert.deepEqual(session.snapshot(), first);
  session.step(batchOf([{ id: "2", at: 1, kind: "b" }], { basePosition: 1 }));
  assert.notDeepEqual(session.snapshot(), first);
});

test("a session does not write into a snapshot that it took", () => {
  const session = openSession(everything);
  session.step(batchOf([{ id: "1", at: 0, kind: "a", key: "p" }]));
  const taken = session.snapshot();
  const copy = taken.slice();
  session.step(batchOf([{ id: "2", at: 1, kind: "a", key: "p" }], { basePosition: 1 }));
  session.trigger();
  assert.deepEqual(taken, copy);
});

test("sessions that start from one snapshot leave it and each other alone", () => {
  const records: Event[] = [0, 1, 2, 3].map((n) => ({
    id: String(n),
    at: n * 4000,
    kind: "a",
    key: "p",
    n,
    small: n,
  }));
  const session = openSession(everything);
  session.step(batchOf(records.slice(0, 2)));
  const taken = session.snapshot();
  const copy = taken.slice();
  const goOn = () => {
    const again = openSession(everything, taken);
    return [play(again, records, { from: 2, to: 4, trigger: true }), again.finish()];
  };
  const first = goOn();
  assert.deepEqual(taken, copy);
  assert.deepEqual(goOn(), first);
});

test("a snapshot of events with other ids is refused", () => {
  const other: Pipeline = { ...everything, source: { ...everything.source, eventId: "key" } };
  const refused = (error: unknown) =>
    error instanceof LoanstreamError && error.diagnostics[0].code === "engine.snapshot-mismatch";
  assert.throws(() => openSession(other, openSession(everything).snapshot()), refused);
  assert.throws(() => openSession(everything, new Uint8Array([1, 2, 3])), refused);
});

test("the ledger adds up: read by fate, accepted by use, for every table", () => {
  fc.assert(
    fc.property(log, (records) => {
      const session = openSession(everything);
      const { late, dead } = session.step(batchOf(records));
      const { source, tables } = session.ledger();
      assert.equal(source.read, records.length);
      assert.equal(source.read, source.accepted + source.late + source.duplicate + source.dead);
      assert.deepEqual([source.late, source.dead], [late.length, dead.length]);
      for (const { used, filtered } of Object.values(tables)) assert.equal(used + filtered, source.accepted);
      assert.deepEqual(Object.keys(tables), ["rows", "sliding", "longer", "minutes", "live"]);
    }),
  );
});
