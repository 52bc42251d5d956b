import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { type ArrivingRecords, createGathering, createUnderWay, feed } from "../../src/cli/feed.ts";
import type { Append } from "../../src/eventlog/event-log.ts";

/** Records whose text is their time of arrival. */
function recordsOf(arrivalsMs: readonly number[]): ArrivingRecords {
  const last = { arrivalMs: 0 };
  let index = 0;
  return {
    last,
    next(line) {
      last.arrivalMs = arrivalsMs[index] ?? Number.POSITIVE_INFINITY;
      index += 1;
      line.at += Buffer.from(line.bytes.buffer).write(String(last.arrivalMs), line.at);
    },
  };
}

const textsOf = ({ records }: Append): string[] => records.map((record) => Buffer.from(record).toString());

/** A feed on a clock of its own, which sleeping moves on. */
function feedOf(arrivalsMs: readonly number[], { nowMs = 0, limit = Infinity, untilMs = 1e15 } = {}) {
  const appended: { texts: string[]; ingestTimeMs: number; atMs: number }[] = [];
  const controller = new AbortController();
  let clockMs = nowMs;
  const events = createGathering(recordsOf(arrivalsMs));
  const append = async (batch: Append): Promise<void> => {
    appended.push({ texts: textsOf(batch), ingestTimeMs: batch.ingestTimeMs, atMs: clockMs });
  };
  const sleep = async (delayMs: number): Promise<void> => {
    clockMs += delayMs;
  };
  const parts = { append, oneAtATime: false, nowMs: () => clockMs, sleep, signal: controller.signal };
  const start = (until = untilMs) => feed({ events, limit, untilMs: until, ...parts });
  return { appended, controller, start };
}

const everyMs = (count: number, gapMs: number) => Array.from({ length: count }, (_, i) => i * gapMs);

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
      appended.flatMap(({ texts }) => texts),
      ["1", "2", "3"],
    );
  });

  it("goes on where it ended, so that a history and what comes after it are one stream", async () => {
    const { appended, start } = feedOf([10, 20, 30, 40], { nowMs: 1000 });
    await start(25);
    assert.deepEqual(
      appended.flatMap(({ texts }) => texts),
      ["10", "20"],
    );
    await start();
    assert.deepEqual(
      appended.flatMap(({ texts }) => texts),
      ["10", "20", "30", "40"],
    );
  });

  it("hands a long past over in batches, in order", async () => {
    const arrivals = everyMs(2200, 1);
    const { appended, start } = feedOf(arrivals, { nowMs: 10_000 });
    await start();
    assert.deepEqual(
      appended.map(({ texts }) => texts.length),
      [1000, 1000, 200],
    );
    assert.deepEqual(
      appended.flatMap(({ texts }) => texts),
      arrivals.map(String),
    );
  });

  it("gives none an ingest time before its arrival, nor ten seconds after it", async () => {
    const { appended, start } = feedOf(everyMs(100, 900), { nowMs: 1e6 });
    await start();
    for (const { texts, ingestTimeMs } of appended)
      for (const text of texts) {
        const heldMs = ingestTimeMs - Number(text);
        assert.ok(heldMs >= 0 && heldMs <= 10_000, `${heldMs} ms`);
      }
  });

  it("hands nothing over once it is told to stop", async () => {
    const { appended, controller, start } = feedOf([1], { nowMs: 1000 });
    controller.abort();
    await start();
    assert.deepEqual(appended, []);
  });

  it("has several appends under way, but not more and more", async () => {
    const megabyte = { records: [new Uint8Array(1 << 20)], ingestTimeMs: 0 };
    const durable: PromiseWithResolvers<number>[] = [];
    const underWay = createUnderWay(() => {
      const append = Promise.withResolvers<number>();
      durable.push(append);
      return append.promise;
    });
    const adding = (async () => {
      for (let added = 0; added < 20; added += 1) await underWay.add(megabyte);
      await underWay.all();
    })();
    const most: number[] = [];
    for (let acknowledged = 0; acknowledged < 20; acknowledged += 1) {
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      most.push(durable.length - acknowledged);
      durable[acknowledged]?.resolve(0);
    }
    await adding;
    assert.deepEqual([durable.length, Math.max(...most), most[0]], [20, 5, 5]);
  });

  it("hands over one append at a time where it is to", async () => {
    const most = async (oneAtATime: boolean) => {
      let [underWay, atOnce] = [0, 0];
      const append = async (): Promise<void> => {
        underWay += 1;
        atOnce = Math.max(atOnce, underWay);
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
        underWay -= 1;
      };
      const parts = { append, oneAtATime, nowMs: () => 100_000, sleep: async () => {} };
      const events = createGathering(recordsOf(everyMs(10, 10_001)));
      await feed({ ...parts, events, limit: 9, untilMs: 100_000, signal: new AbortController().signal });
      return atOnce;
    };
    assert.equal(await most(true), 1);
    assert.ok((await most(false)) > 1);
  });

  it("fails with what an append fails with", async () => {
    const events = createGathering(recordsOf([1, 2]));
    const append = () => Promise.reject(new Error("no room"));
    const parts = {
      append,
      oneAtATime: false,
      nowMs: () => 5,
      sleep: async () => {},
      signal: new AbortController().signal,
    };
    await assert.rejects(feed({ events, limit: 9, untilMs: 10, ...parts }), /no room/);
  });
});
