import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expectedEvents, historyStartMs } from "../../src/generator/history.ts";
import { createRecordLine, createRecordStream } from "../../src/generator/records.ts";

const MOST = 250_000;
/** As many would take long to make; how they spread is the same. */
const FEWER = 25_000;
const DAY_MS = 86_400_000;
/** Monday, 00:00 UTC. */
const MONDAY_MS = Date.UTC(2026, 0, 5);
const hour = (hours: number) => MONDAY_MS + hours * 3_600_000;

function eventsBetween(ratePerSecond: number, startMs: number, endMs: number): number {
  const stream = createRecordStream({ seed: 4, startMs, ratePerSecond });
  const line = createRecordLine();
  for (let events = 0; ; events += 1) {
    line.at = 0;
    stream.next(line);
    if (stream.last.arrivalMs > endMs) return events;
  }
}

describe("a history", () => {
  for (const [ratePerSecond, endMs, when] of [
    [0.3, hour(2 * 24 + 1), "of Monday and Tuesday, the busiest"],
    [6, hour(24 + 6), "of an evening that quietens"],
  ] as const) {
    it(`${when}, at ${ratePerSecond} events a second, never has more than ${FEWER} events, and not many fewer`, () => {
      const startMs = historyStartMs(ratePerSecond, DAY_MS, FEWER, endMs);
      const events = eventsBetween(ratePerSecond, startMs, endMs);
      assert.ok(events <= FEWER && events > 0.8 * FEWER, `${events} events`);
    });
  }

  it("goes no further back than is asked for", () => {
    const endMs = hour(30) + 12_345;
    assert.equal(historyStartMs(1, DAY_MS, MOST, endMs), endMs - DAY_MS);
    assert.equal(historyStartMs(3, 0, MOST, endMs), endMs);
  });

  it("has the number of events that the rate means, over a week", () => {
    assert.ok(Math.abs(expectedEvents(3, hour(5.5), hour(173.5)) / (3 * 7 * 86_400) - 1) < 1e-9);
  });

  it("holds as many as are expected, where their number decides how far it goes back", () => {
    const endMs = hour(61.3);
    const startMs = historyStartMs(20, DAY_MS, MOST, endMs);
    assert.ok(Math.abs(expectedEvents(20, startMs, endMs) * 1.1 - MOST) < 1);
  });
});
