import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { type ArrivingEvent, feed } from "../../src/cli/feed.ts";
import type { Append } from "../../src/eventlog/event-log.ts";

/** A feed on a clock of its own, which sleeping moves on. */
function feedOf(arrivalsMs: readonly number[], { nowMs = 0, limit = Number.POSITIVE_INFINITY } = {}) {
  const appended: { texts: string[]; ingestTimeMs: number; atMs: number }[] = [];
  const controller = new AbortController();
  let clockMs = nowMs;
  const events = arrivalsMs.map((arrivalMs): ArrivingEvent => ({ json: String(arrivalMs), arrivalMs }));
  const append = async ({ records, ingestTimeMs }: Append): Promise<number> => {
    const texts = records.map((record) => Buffer.from(record).toString());
    appended.push({ texts, ingestTimeMs, atMs: clockMs });
    return 0;
  };
  const sleep = async (delayMs: number): Promise<void> => {
    clockMs += delayMs;
  };
  const start = () =>
    feed({ events: events.values(), limit, append, nowMs: () => clockMs, sleep, signal: controller.signal });
  return { appended, controller, start };
}

describe("the feed", () => {
  it("hands the past over at once and the rest when it arrives, with the time of arrival", async () => {
    const { appended, start } = feedOf([10, 20, 1500], { nowMs: 1000 });
    await start();
    assert.deepEqual(appended, [
      { texts: ["10", "20"], ingestTimeMs: 20, atMs: 1000 },
      { texts: ["1500"], ingestTimeMs: 1500, atMs: 1500 },
    ]);
  });

  it("ends after the limit, however many are due", async () => {
    const { appended, start } = feedOf([1, 2, 3, 4], { nowMs: 1000, limit: 3 });
    await start();
    assert.deepEqual(
      appended.map(({ texts }) => texts),
      [["1", "2", "3"]],
    );
  });

  it("hands a long past over in batches", async () => {
    const { appended, start } = feedOf(
      Array.from({ length: 1200 }, (_, i) => i),
      { nowMs: 10_000 },
    );
    await start();
    assert.deepEqual(
      appended.map(({ texts }) => texts.length),
      [512, 512, 176],
    );
  });

  it("hands nothing over once it is told to stop", async () => {
    const { appended, controller, start } = feedOf([1], { nowMs: 1000 });
    controller.abort();
    await start();
    assert.deepEqual(appended, []);
  });
});
