import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openSession } from "../../src/engine/embedded/open.ts";
import { batchOf, col, type Event, events, type PipelineOptions, pipeline, project, table } from "./plans.ts";

const accepted = table("accepted", "append", project(events, { n: col(events, "_position") }));
const open = (options: PipelineOptions) => openSession(pipeline([accepted], options));
const positions = (step: ReturnType<ReturnType<typeof open>["step"]>) =>
  step.rows.flatMap(({ rows }) => rows.map(([position]) => position));

test("an event at the watermark is late; a millisecond after it is not", () => {
  const session = open({ delayMs: 100 });
  const records = [
    { id: "1", at: 1000 },
    { id: "2", at: 900 },
    { id: "3", at: 901 },
  ];
  const step = session.step(batchOf(records));
  assert.deepEqual(positions(step), [0, 2]);
  assert.deepEqual(step.late, [{ partition: 0, position: 1 }]);
  assert.equal(session.watermarkMs(), 900);
  assert.deepEqual(session.ledger().source, { read: 3, accepted: 2, late: 1, duplicate: 0, dead: 0 });
});

test("the watermark before an event is exact within a batch", () => {
  const step = open({ delayMs: 100 }).step(
    batchOf([
      { id: "1", at: 1000 },
      { id: "2", at: 5000 },
      { id: "3", at: 1001 },
    ]),
  );
  assert.deepEqual(step.late, [{ partition: 0, position: 2 }]);
});

test("there is no watermark before the first live event", () => {
  const session = open({});
  const step = session.step(batchOf(["{", "[]"]));
  assert.equal(session.watermarkMs(), null);
  assert.deepEqual(
    step.dead.map(({ position }) => position),
    [0, 1],
  );
});

test("an event more than an hour after its own ingest time is dead and moves no watermark", () => {
  const session = open({ delayMs: 0 });
  const records = [
    { id: "1", at: 3_600_000 },
    { id: "2", at: 3_600_001 },
  ];
  const { dead } = session.step(batchOf([...records, "junk"], { ingestTimesMs: [0, 0, 0], basePosition: 7 }));
  assert.deepEqual(
    dead.map(({ position, path }) => [position, path]),
    [
      [8, "$.at"],
      [9, "$"],
    ],
  );
  assert.equal(session.watermarkMs(), 3_600_000);
});

test("a file's records have no ingest time, so none is of the far future", () => {
  const { dead } = open({}).step(batchOf([{ id: "1", at: 9_000_000_000_000 }]));
  assert.deepEqual(dead, []);
});

test("an id comes again until the watermark reaches its time plus the delay", () => {
  const session = open({ delayMs: 100 });
  const step = session.step(
    batchOf([
      { id: "same", at: 1000 },
      { id: "same", at: 1050 },
      { id: "other", at: 1199 },
      { id: "same", at: 1150 },
      { id: "more", at: 1200 },
      { id: "same", at: 1150 },
    ]),
  );
  assert.deepEqual(positions(step), [0, 2, 4, 5]);
  assert.equal(session.ledger().source.duplicate, 2);
});

test("a duplicate does not keep its id alive for longer", () => {
  const session = open({ delayMs: 100 });
  session.step(
    batchOf([
      { id: "a", at: 1000 },
      { id: "a", at: 1099 },
      { id: "b", at: 1200 },
      { id: "a", at: 1150 },
    ]),
  );
  assert.equal(session.ledger().source.accepted, 3);
});

const event = (id: string, at: number, partition: number) => batchOf([{ id, at }], { partition });

test("the slowest partition that has unread records holds the watermark, and it never goes back", () => {
  const session = open({ delayMs: 100 });
  session.step(event("1", 5000, 0), [1]);
  assert.equal(session.watermarkMs(), null, "nothing was read of the other");
  session.step(event("2", 4000, 1), [0]);
  assert.equal(session.watermarkMs(), 3900);
  session.step(event("3", 9000, 0), [1]);
  assert.equal(session.watermarkMs(), 3900);
  const late = session.step(event("4", 3900, 1), [0]).late;
  assert.deepEqual(late, [{ partition: 1, position: 0 }]);
  session.step(event("5", 7000, 1), []);
  assert.equal(session.watermarkMs(), 6900);
});

test("where nothing is unread the watermark is that of the newest event, from the next trigger or record on", () => {
  const session = open({ delayMs: 100 });
  session.step(event("1", 5000, 0), [1]);
  session.step(event("2", 4000, 1), []);
  assert.equal(session.watermarkMs(), 3900);
  session.trigger([0]);
  assert.equal(session.watermarkMs(), 4900, "what is unread has been read up to there");
  session.step(event("3", 9000, 1), [0]);
  session.trigger([0]);
  assert.equal(session.watermarkMs(), 4900);
  session.trigger([]);
  assert.equal(session.watermarkMs(), 8900);
  assert.equal(session.step(event("4", 8900, 0), [1]).late.length, 1);
});

test("without an event time nothing is late, and without an id nothing is a duplicate", () => {
  const records = [
    { id: "1", at: 90_000_000 },
    { id: "1", at: 0 },
  ];
  const timeless = open({ eventTime: null, eventId: null });
  assert.deepEqual(positions(timeless.step(batchOf(records))), [0, 1]);
  assert.equal(timeless.watermarkMs(), null);
  const nameless = open({ eventId: null, delayMs: 90_000_001 });
  assert.deepEqual(positions(nameless.step(batchOf(records))), [0, 1]);
});

test("late and duplicate are as their definitions say, in any order of arrival", () => {
  const arbitrary = fc.array(fc.record({ id: fc.constantFrom("a", "b", "c", "d"), at: fc.nat(2000) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 0, max: 500 }), (records, delayMs) => {
      const session = open({ delayMs });
      const step = session.step(batchOf(records));
      const expected = naive(records, delayMs);
      assert.deepEqual(
        positions(step),
        [...expected.keys()].filter((index) => expected[index] === "accepted"),
      );
      assert.deepEqual(
        step.late.map(({ position }) => position),
        [...expected.keys()].filter((index) => expected[index] === "late"),
      );
    }),
  );
});

function naive(records: readonly Event[], delayMs: number): string[] {
  const verdicts: string[] = [];
  for (const [index, { id, at }] of records.entries()) {
    const before = records.slice(0, index);
    const watermark = Math.max(...before.map((event) => event.at)) - delayMs;
    const known = before.some(
      (event, i) => verdicts[i] === "accepted" && event.id === id && event.at + delayMs > watermark,
    );
    verdicts.push(at <= watermark ? "late" : known ? "duplicate" : "accepted");
  }
  return verdicts;
}
