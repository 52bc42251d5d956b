import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createReadingProgress, readingText } from "../../src/cli/reading-progress.ts";
import type { RecordBatch } from "../../src/engine/batch.ts";

function batchOf(count: number): RecordBatch {
  const bytes = new Uint8Array(0);
  return {
    partition: 0,
    basePosition: 0,
    count,
    bytes,
    offsets: new Uint32Array(count + 1),
    ingestTimesMs: null,
  };
}

async function* batches(counts: readonly number[]): AsyncGenerator<RecordBatch> {
  for (const count of counts) yield batchOf(count);
}

async function countsOf(
  passed: AsyncIterable<RecordBatch>,
  onBatch: () => void = () => {},
): Promise<number[]> {
  const counts: number[] = [];
  for await (const { count } of passed) {
    counts.push(count);
    onBatch();
  }
  return counts;
}

function fakeScreen(columns: number) {
  const written: string[] = [];
  return { columns, written, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
}

describe("the progress of reading", () => {
  it("shows bytes, records, rate and remaining time on one line, and clears it at the end", async () => {
    const screen = fakeScreen(200);
    let nowMs = 5_000;
    const progress = createReadingProgress({ totalBytes: 4_000_000, screen, nowMs: () => nowMs });
    const counts = await countsOf(progress.along(batches([100, 200, 300])), () => {
      progress.addBytes(1_000_000);
      nowMs += 500;
    });
    assert.deepEqual(counts, [100, 200, 300]);
    assert.deepEqual(screen.written, [
      "\r\x1b[K1.0 of 4.0 MB (25%), 100 records, 200 a second, 2 s left",
      "\r\x1b[K2.0 of 4.0 MB (50%), 300 records, 300 a second, 1 s left",
      "\r\x1b[K3.0 of 4.0 MB (75%), 600 records, 400 a second, 1 s left",
      "\r\x1b[K",
    ]);
  });

  it("writes nothing where there is no terminal, and no more than fits where there is", async () => {
    const none = createReadingProgress({ totalBytes: 1, screen: null, nowMs: () => 0 });
    assert.deepEqual(await countsOf(none.along(batches([1, 2]))), [1, 2]);
    const screen = fakeScreen(11);
    let nowMs = 0;
    const narrow = createReadingProgress({ totalBytes: null, screen, nowMs: () => nowMs });
    await countsOf(narrow.along(batches([1])), () => {
      nowMs += 1000;
    });
    assert.deepEqual(screen.written, ["\r\x1b[K0.0 MB, 1 ", "\r\x1b[K"]);
  });

  it("clears its line before an error is told", async () => {
    const screen = fakeScreen(80);
    const progress = createReadingProgress({ totalBytes: 1, screen, nowMs: () => 0 });
    async function* failing(): AsyncGenerator<RecordBatch> {
      yield batchOf(1);
      throw new Error("no more");
    }
    await assert.rejects(countsOf(progress.along(failing())), /no more/);
    assert.equal(screen.written.at(-1), "\r\x1b[K");
  });

  it("tells bytes and rate only where the size isn't known, and long waits in minutes and hours", () => {
    const reading = { bytes: 12_340_000, totalBytes: null, records: 8192, elapsedMs: 2000 };
    assert.equal(readingText(reading), "12.3 MB, 8,192 records, 4,096 a second");
    const left = (elapsedMs: number) =>
      readingText({ ...reading, totalBytes: 123_400_000, elapsedMs })
        .split(", ")
        .at(-1);
    assert.deepEqual([left(10_000), left(1_000_000)], ["90 s left", "2 hours left"]);
    assert.match(
      readingText({ bytes: 0, totalBytes: 5, records: 0, elapsedMs: 0 }),
      /\(0%\), 0 records, 0 a second$/,
    );
  });
});
