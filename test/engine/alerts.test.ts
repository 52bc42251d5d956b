import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { compile } from "../../src/engine/embedded/compile.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { TableRows } from "../../src/engine/engine.ts";
import { loadAlerts } from "../../src/pipeline/alerts.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { text } from "../../src/sql/build.ts";
import { lookup } from "../../src/sql/catalogue/catalogue.ts";
import {
  allOf,
  batchOf,
  col,
  count,
  countIf,
  type Event,
  events,
  groupBy,
  is,
  pipeline,
  project,
  table,
} from "./plans.ts";

const MINUTE = 60_000;
const flat = { ...table("flat", "append", project(events, allOf(events))), key: ["id"] };
const grouped = groupBy(events, {
  sizeMs: MINUTE,
  keys: { key: col(events, "key"), flag: col(events, "flag"), n: col(events, "n") },
  aggregates: { events: count(), a: countIf(is(col(events, "kind"), text("a"))) },
});
const KEY = ["window_start", "window_end", "key", "flag", "n"];
const open = { ...table("open", "update", grouped), key: KEY };
const closed = { ...table("closed", "final", grouped), key: KEY };

function withAlerts(alerts: Readonly<Record<string, readonly [table: string, when: string]>>): Pipeline {
  const tables = [flat, open, closed];
  const written = Object.entries(alerts).map(
    ([name, [of, when]]) => `${name}: { table: ${of}, when: "${when}", severity: info, message: "{key}" }`,
  );
  const loaded = loadAlerts({ path: "alerts.yaml", text: written.join("\n") }, tables, []);
  assert.deepEqual(loaded.diagnostics, []);
  return { ...pipeline(tables), alerts: loaded.alerts };
}

const raised = (outputs: readonly TableRows[]) =>
  outputs.filter(({ table: name }) => name.startsWith("_alert_")).flatMap(({ rows }) => rows);
const ids = (outputs: readonly TableRows[]) => raised(outputs).map(([id]) => id);
const repeated = (count: number, event: Omit<Event, "id">) =>
  Array.from(
    { length: count },
    (_, i): Event => ({ id: `${event.key}${event.kind}${event.at}${i}`, ...event }),
  );

test("an alert over a row table is raised in the step of its event, at its bound and not below", () => {
  const session = openSession(withAlerts({ many: ["flat", "small >= 50"] }));
  const batch = batchOf([
    { id: "1", at: 0, small: 49 },
    { id: "2", at: 0, small: 50 },
    { id: "3", at: 0 },
  ]);
  assert.deepEqual(
    raised(session.step(batch).rows).map((row) => row[1]),
    ["2"],
  );
  assert.deepEqual(ids(session.trigger()), []);
});

test("a count's alert is raised at the first trigger at which it holds, and never again in its window", () => {
  const session = openSession(withAlerts({ many: ["open", "events >= 3"] }));
  session.step(batchOf(repeated(2, { at: 0, key: "k" })));
  assert.deepEqual(ids(session.trigger()), []);
  session.step(batchOf(repeated(1, { at: 1, key: "k" }), { basePosition: 2 }));
  assert.equal(ids(session.trigger()).length, 1);
  session.step(batchOf(repeated(5, { at: 2, key: "k" }), { basePosition: 3 }));
  assert.deepEqual(ids(session.trigger()), []);
  session.step(batchOf(repeated(3, { at: 3 * MINUTE, key: "k" }), { basePosition: 8 }));
  assert.equal(ids(session.trigger()).length, 1);
  assert.deepEqual(ids(session.finish()), []);
});

test("an alert that could become false again waits for its window to close", () => {
  const session = openSession(
    withAlerts({ few: ["open", "events < 3"], share: ["open", "a / events > 0.5"] }),
  );
  session.step(batchOf([...repeated(2, { at: 0, key: "k", kind: "a" })]));
  assert.deepEqual(ids(session.trigger()), []);
  session.step(batchOf(repeated(3, { at: 1, key: "k", kind: "b" }), { basePosition: 2 }));
  session.step(batchOf(repeated(1, { at: MINUTE, key: "other", kind: "a" }), { basePosition: 5 }));
  assert.deepEqual(ids(session.trigger()), []);
  session.step(batchOf(repeated(1, { at: 3 * MINUTE, key: "later", kind: "b" }), { basePosition: 6 }));
  assert.deepEqual(
    raised(session.trigger()).map((row) => row[3]),
    ["other", "other"],
  );
});

test("an id is the hash of alert, table and key; no two keys have one", async () => {
  const sha = (value: string) => createHash("sha256").update(value).digest("hex");
  const made = withAlerts({ any: ["open", "events > 0"] });
  const keys: Omit<Event, "id" | "at">[] = [
    { key: "k", flag: true, n: 7 },
    { key: "k", flag: true, n: -7 },
    { key: "-" },
    { key: "|" },
    { key: "" },
    {},
    { flag: false },
    { n: 0 },
  ];
  const records = keys.map((key, i): Event => ({ id: `${i}`, at: 0, ...key }));
  const { alerts } = await embeddedEngine.analyze(made, once([records]));
  const found = ids(alerts);
  assert.equal(new Set(found).size, keys.length);
  assert.ok(found.includes(sha(`any|open|0|60000|${sha("k")}|true|-7`)));
  assert.ok(found.includes(sha("any|open|0|60000|-|-|-")));
});

async function* once(batches: readonly (readonly Event[])[]) {
  let basePosition = 0;
  for (const records of batches) {
    yield batchOf(records, { basePosition });
    basePosition += records.length;
  }
}

const mixed = withAlerts({
  with_event: ["flat", "small > 50"],
  as_soon: ["open", "events >= 2"],
  at_close: ["open", "a / events >= 0.5"],
  closed_only: ["closed", "events >= 2"],
});

test("the same alerts are raised however the records are split, wherever it triggers or starts again", async () => {
  const event = fc.record({
    id: fc.stringMatching(/^[a-f]{2}$/),
    at: fc.integer({ min: 0, max: 6 * MINUTE }),
    kind: fc.constantFrom<"a" | "b">("a", "b"),
    key: fc.constantFrom("x", "y"),
    small: fc.integer({ min: 0, max: 100 }),
  });
  const step = fc.record({
    records: fc.array(event, { maxLength: 6 }),
    after: fc.constantFrom("", "trigger", "restart"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      let session = openSession(mixed);
      const found: unknown[] = [];
      let basePosition = 0;
      for (const { records, after } of steps) {
        found.push(...ids(session.step(batchOf(records, { basePosition })).rows));
        basePosition += records.length;
        if (after === "trigger") found.push(...ids(session.trigger()));
        if (after === "restart") session = openSession(mixed, session.snapshot());
      }
      found.push(...ids(session.trigger()), ...ids(session.finish()));
      const whole = await embeddedEngine.analyze(mixed, once([steps.flatMap(({ records }) => records)]));
      assert.deepEqual([...new Set(found)].sort(), ids(whole.alerts).sort());
    }),
    { numRuns: 200 },
  );
});

test("an id that comes again after the delay raises its alert once in an analysis", async () => {
  const again: readonly Event[] = [
    { id: "1", at: 0, small: 99 },
    { id: "2", at: 10 * MINUTE },
    { id: "1", at: 10 * MINUTE, small: 98 },
  ];
  const analysis = await embeddedEngine.analyze(withAlerts({ many: ["flat", "small > 50"] }), once([again]));
  assert.equal(analysis.tables[0]?.rows.length, 3);
  assert.equal(ids(analysis.alerts).length, 1);
});

test("alerts are in no ledger, and share the groups of the table that they watch", () => {
  const session = openSession(mixed);
  session.step(batchOf(repeated(4, { at: 0, key: "k" })));
  assert.deepEqual(Object.keys(session.ledger().tables), ["flat", "open", "closed"]);
  const { windows, dictionaries } = compile(mixed, lookup);
  assert.deepEqual([windows.length, dictionaries.length], [1, 1]);
});

test("state that was saved with other alerts goes on with these", () => {
  const before = openSession(withAlerts({ gone: ["open", "events >= 2"], kept: ["open", "events >= 2"] }));
  before.step(batchOf(repeated(2, { at: 0, key: "k" })));
  assert.equal(ids(before.trigger()).length, 2);
  const changed = withAlerts({ kept: ["open", "events >= 2"], added: ["open", "events >= 3"] });
  const after = openSession(changed, before.snapshot());
  after.step(batchOf(repeated(1, { at: 1, key: "k" }), { basePosition: 2 }));
  assert.deepEqual(
    after.trigger().map((output) => output.table),
    ["open", "_alert_added"],
  );
});

test("an alert's state is given back with its window", () => {
  const session = openSession(withAlerts({ many: ["open", "events >= 1"] }));
  const sizes = Array.from({ length: 60 }, (_, minute) => {
    session.step(batchOf(repeated(1, { at: minute * MINUTE, key: "k" }), { basePosition: minute }));
    assert.equal(ids(session.trigger()).length, 1);
    return session.snapshot().length;
  });
  assert.ok(sizes[59]! < sizes[10]! + 50, `state grew: ${sizes}`);
});
