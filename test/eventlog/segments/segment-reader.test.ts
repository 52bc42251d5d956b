import assert from "node:assert/strict";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import type { LogReader } from "../../../src/eventlog/event-log.ts";
import { nodeDirectory } from "../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog, type SegmentLogSettings } from "../../../src/eventlog/segments/segment-log.ts";
import { openSegmentReader, segmentReader } from "../../../src/eventlog/segments/segment-reader.ts";
import { append, hasCode, readAll, textsOf } from "../../conformance/event-log.ts";
import { simulatedDirectory } from "./simulated-directory.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-reader-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "log-"));
const FIRST = "0".repeat(20);

async function openAt(path: string, settings: SegmentLogSettings = {}) {
  return openSegmentLog(await nodeDirectory(path), settings);
}

/** A log of one record an append, taken in at the times given, and a reader of it. */
async function logOf(times: readonly number[], settings: SegmentLogSettings = {}) {
  const path = newPath();
  const log = await openAt(path, settings);
  for (const [i, timeMs] of times.entries()) await log.append(append([`${i}`], timeMs));
  return { path, log, reader: await openSegmentReader(path) };
}

const allOf = async (reader: LogReader) => textsOf(await readAll(reader, await reader.start()));

describe("a reader beside the process that writes", () => {
  it("checks all of the newest segment and the end of every other, and knows how large they are", async () => {
    const { path, log, reader } = await logOf([0, 10, 20], { segmentBytes: 2 });
    await log.append(append(["3", "4"], 30));
    assert.deepEqual(await reader.check(), { segments: 4, newestRecords: 2 });
    const sizes = readdirSync(path).map((name) => statSync(join(path, name)).size);
    assert.equal(
      await reader.bytes(),
      sizes.reduce((sum, size) => sum + size),
    );
    await log.close();
    writeFileSync(join(path, `${FIRST}.ndjson`), "x\n");
    await assert.rejects(reader.check(), hasCode("log.corrupt"));
    await reader.close();
  });

  it("sees at each call what has come and what has gone", async () => {
    const clock = { nowMs: 0 };
    const retention = { retentionMs: 100, maxBytes: null, nowMs: () => clock.nowMs };
    const { log, reader } = await logOf([0, 10, 20], { retention });
    assert.deepEqual([await reader.start(), await reader.end()], [0, 3]);
    await log.append(append(["3", "4"], 30));
    assert.deepEqual(await allOf(reader), ["0", "1", "2", "3", "4"]);
    clock.nowMs = 115;
    await log.release(log.end());
    assert.deepEqual([await reader.start(), await reader.end()], [2, 5]);
    assert.deepEqual(await allOf(reader), ["2", "3", "4"]);
    await assert.rejects(readAll(reader, 1), hasCode("log.position-gone"));
    await log.close();
    await reader.close();
  });

  it("reads any stretch of positions, a single one as well, across segments", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(12), async (from, count) => {
        const directory = simulatedDirectory(3);
        const log = await openSegmentLog(directory, { segmentBytes: 12, batchBytes: 6 });
        const texts = Array.from({ length: 12 }, (_, i) => `${i}`);
        for (let i = 0; i < 12; i += 3) await log.append(append(texts.slice(i, i + 3)));
        assert.deepEqual(
          textsOf(await readAll(segmentReader(directory), from, from + count)),
          texts.slice(from, from + count),
        );
        await log.close();
      }),
      { numRuns: 50 },
    );
  });

  it("finds where a time begins", async () => {
    for (const segmentBytes of [1, 6, 1000]) {
      const times = [10, 20, 20, 30, 50];
      const { log, reader } = await logOf(times, { segmentBytes });
      for (const timeMs of [0, 10, 11, 20, 30, 31, 50, 51]) {
        const found = times.findIndex((time) => time >= timeMs);
        const position = found < 0 ? 5 : found;
        assert.equal(await reader.positionAtTime(timeMs), position, `at ${timeMs}`);
      }
      await log.close();
    }
  });

  it("takes a directory that isn't there for an empty log, and makes none", async () => {
    const path = join(newPath(), "log");
    const reader = await openSegmentReader(path);
    assert.deepEqual([await reader.start(), await reader.end()], [0, 0]);
    assert.deepEqual(await readAll(reader), []);
    assert.equal(await reader.positionAtTime(0), 0);
    assert.equal(existsSync(path), false);
    const log = await openAt(path);
    await log.append(append(["a"]));
    assert.deepEqual(await allOf(reader), ["a"]);
    await log.close();
  });

  it("isn't misled by a segment that goes between its looks", async () => {
    const directory = simulatedDirectory(5);
    const clock = { nowMs: 0 };
    const retention = { retentionMs: 100, maxBytes: null, nowMs: () => clock.nowMs };
    const log = await openSegmentLog(directory, { retention });
    await log.append(append(["a", "b"], 0));
    const reader = segmentReader({
      ...directory,
      list: async () => {
        const names = await directory.list();
        clock.nowMs = 200;
        await log.release(log.end());
        return names;
      },
    });
    assert.equal(await reader.end(), 2);
    assert.equal(await reader.start(), 2);
    await log.close();
  });

  it("says what it can't read", async () => {
    const path = join(newPath(), "file");
    writeFileSync(path, "");
    await assert.rejects(openSegmentReader(path), hasCode("file.unreadable"));
  });

  it("sees nothing of a write that isn't whole, cut at any byte, and changes nothing", async () => {
    const { path: whole, log } = await logOf([0, 0]);
    await log.append(append(["three", "four"]));
    await log.close();
    for (const [name, from] of [
      [`${FIRST}.ndjson`, 4],
      [`${FIRST}.batches`, 80],
    ] as const)
      for (let size: number = from; size < statSync(join(whole, name)).size; size++) {
        const path = newPath();
        cpSync(whole, path, { recursive: true });
        truncateSync(join(path, name), size);
        const reader = await openSegmentReader(path);
        assert.equal(await reader.end(), 2);
        assert.deepEqual(await allOf(reader), ["0", "1"], `${name} cut at ${size}`);
        assert.equal(statSync(join(path, name)).size, size);
        appendFileSync(join(path, name), readFileSync(join(whole, name)).subarray(size));
        assert.deepEqual(await allOf(reader), ["0", "1", "three", "four"]);
      }
  });

  it("says where records are damaged", async () => {
    const { path, log, reader } = await logOf([0, 0, 0], { segmentBytes: 4 });
    await log.close();
    writeFileSync(join(path, `${FIRST}.ndjson`), "x\n1\n");
    await assert.rejects(readAll(reader), hasCode("log.corrupt"));
    assert.deepEqual(textsOf(await readAll(reader, 2)), ["2"]);
  });
});

describe("the files of a log", () => {
  it("are lines of JSON in order, as any tool reads them", async () => {
    const path = newPath();
    const log = await openAt(path, { segmentBytes: 100 });
    const events = Array.from({ length: 30 }, (_, i) => ({ event_id: `${i}`, name: "Zoë 😀\u2028" }));
    for (const event of events) await log.append(append([JSON.stringify(event)]));
    await log.close();
    const names = readdirSync(path).filter((name) => name.endsWith(".ndjson"));
    const text = names
      .sort()
      .map((name) => readFileSync(join(path, name), "utf8"))
      .join("");
    assert.ok(names.length > 5);
    assert.deepEqual(
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
      events,
    );
  });
});
