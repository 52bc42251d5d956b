import assert from "node:assert/strict";
import { test } from "node:test";
import { type Scanned, verdicts } from "./oracle.ts";

const DELAY_MS = 60;
const at = (eventTime: number, eventId: string, more: Partial<Scanned> = {}): Scanned => ({
  position: 0,
  dead: false,
  eventTime,
  eventId,
  ingestTime: null,
  values: [],
  ...more,
});

test("an event at the watermark is late, one a millisecond after it is not", () => {
  const log = [at(100, "a"), at(40, "b"), at(41, "c")];
  assert.deepEqual(verdicts(log, DELAY_MS), ["accepted", "late", "accepted"]);
});

test("an id is remembered until the watermark reaches its time and the delay", () => {
  const log = [at(100, "a"), at(219, "b"), at(219, "a"), at(220, "c"), at(220, "a"), at(221, "a")];
  assert.deepEqual(verdicts(log, DELAY_MS), [
    "accepted",
    "accepted",
    "duplicate",
    "accepted",
    "accepted",
    "duplicate",
  ]);
});

test("a late event is no duplicate, and is not remembered", () => {
  const log = [at(100, "a"), at(30, "b"), at(90, "b"), at(30, "a")];
  assert.deepEqual(verdicts(log, DELAY_MS), ["accepted", "late", "accepted", "late"]);
});

test("a duplicate moves the watermark, a dead event does not", () => {
  const log = [at(100, "a"), at(150, "a"), at(90, "b"), at(999, "c", { dead: true }), at(91, "d")];
  assert.deepEqual(verdicts(log, DELAY_MS), ["accepted", "duplicate", "late", "dead", "accepted"]);
});

test("an event more than an hour ahead of its ingest is dead, one an hour ahead is not", () => {
  const log = [at(3_600_001, "a", { ingestTime: 0 }), at(3_600_000, "b", { ingestTime: 0 })];
  assert.deepEqual(verdicts(log, DELAY_MS), ["dead", "accepted"]);
});
