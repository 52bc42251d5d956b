import assert from "node:assert/strict";
import {
  cpSync,
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
import type { EventLog } from "../../../src/eventlog/event-log.ts";
import { nodeDirectory, type SegmentDirectory } from "../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog, type SegmentLogSettings } from "../../../src/eventlog/segments/segment-log.ts";
import { ENTRY_BYTES } from "../../../src/eventlog/segments/sidecar.ts";
import { append, hasCode as code, eventLogConformance, readAll } from "../../conformance/event-log.ts";
import { simulatedDirectory } from "./simulated-directory.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-segments-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "log-"));

async function openAt(path: string, settings: SegmentLogSettings = {}): Promise<EventLog> {
  return openSegmentLog(await nodeDirectory(path), settings);
}

function place(settings: SegmentLogSettings) {
  return async () => {
    const path = newPath();
    return { open: () => openAt(path, settings) };
  };
}

const FIRST = "0".repeat(20);
const records = (path: string, base = FIRST) => join(path, `${base}.ndjson`);
const sidecar = (path: string, base = FIRST) => join(path, `${base}.batches`);

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

async function logOf(
  appends: readonly (readonly string[])[],
  settings: SegmentLogSettings = {},
): Promise<string> {
  const path = newPath();
  const log = await openAt(path, settings);
  for (const texts of appends) await log.append(append(texts));
  await log.close();
  return path;
}

async function textsAt(path: string): Promise<string[]> {
  const log = await openAt(path);
  const texts = (await readAll(log)).map(({ text }) => text);
  await log.close();
  return texts;
}

eventLogConformance("a directory of segments", place({}));
eventLogConformance("a directory of tiny segments and batches", place({ segmentBytes: 30, batchBytes: 16 }));
eventLogConformance("a simulated directory of segments", async () => {
  const directory = simulatedDirectory(1);
  const retention = { retentionMs: 1, maxBytes: 100, nowMs: () => 1_000_000 };
  return { open: () => openSegmentLog(directory, { batchBytes: 100, retention }) };
});

describe("a segment", () => {
  it("is named by the position of its first record, and only its owner can read it", async () => {
    const path = await logOf([["a", "b"], ["c"], ["d"]], { segmentBytes: 4 });
    const names = readdirSync(path).sort();
    assert.deepEqual(names, [
      `${FIRST}.batches`,
      `${FIRST}.ndjson`,
      `${"0".repeat(19)}2.batches`,
      `${"0".repeat(19)}2.ndjson`,
    ]);
    for (const name of names) assert.equal(statSync(join(path, name)).mode & 0o777, 0o600);
    assert.equal(readFileSync(records(path), "utf8"), "a\nb\n");
  });

  it("is read in batches of at most the size set, unless one record is longer", async () => {
    const log = await openAt(newPath(), { batchBytes: 8 });
    await log.append(append(["aa", "bb", "cc", "a record that is longer", "dd"]));
    await log.append(append(["ee"]));
    const counts: number[] = [];
    for await (const { count } of log.read(0)) counts.push(count);
    assert.deepEqual(counts, [2, 1, 1, 2]);
    await log.close();
  });
});

describe("a torn write", () => {
  const group = ["three", "four", "five"];

  /** Cuts the file at every byte of what the last append added. */
  async function cutAt(file: (path: string) => string, from: number, whole: string): Promise<void> {
    for (let size = from; size < statSync(file(whole)).size; size++) {
      const path = newPath();
      cpSync(whole, path, { recursive: true });
      truncateSync(file(path), size);
      assert.deepEqual(await textsAt(path), ["one", "two"], `cut at byte ${size}`);
      const log = await openAt(path);
      assert.equal(await log.append(append(["again"])), 2);
      await log.close();
      assert.deepEqual(await textsAt(path), ["one", "two", "again"]);
    }
  }

  it("of records, torn at any byte, is cut back to the last whole batch", async () => {
    await cutAt(records, "one\ntwo\n".length, await logOf([["one"], ["two"], group]));
  });

  it("of the sidecar, torn at any byte, is cut back to the last whole batch", async () => {
    await cutAt(sidecar, 2 * ENTRY_BYTES, await logOf([["one"], ["two"], group]));
  });

  it("with any byte of the last group changed is cut back as well", async () => {
    const whole = await logOf([["one"], ["two"], group]);
    for (const [file, from] of [
      [records, 8],
      [sidecar, 2 * ENTRY_BYTES],
    ] as const) {
      for (let at: number = from; at < statSync(file(whole)).size; at++) {
        const path = newPath();
        cpSync(whole, path, { recursive: true });
        flipByte(file(path), at);
        assert.deepEqual(await textsAt(path), ["one", "two"], `byte ${at}`);
      }
    }
  });

  it("keeps the whole batches of its group", async () => {
    const path = newPath();
    const log = await openAt(path);
    await Promise.all([["one"], ["two"], ["three"]].map((texts) => log.append(append(texts))));
    await log.close();
    truncateSync(records(path), "one\ntwo\nth".length);
    assert.deepEqual(await textsAt(path), ["one", "two"]);
  });

  it("that left a new segment empty leaves nothing to do", async () => {
    const path = await logOf([["one"]]);
    writeFileSync(records(path, `${"0".repeat(19)}1`), "");
    const log = await openAt(path);
    assert.equal(await log.append(append(["two"])), 1);
    await log.close();
    assert.deepEqual(await textsAt(path), ["one", "two"]);
  });
});

describe("damage to what was durable", () => {
  it("is never cut away: a later group shows that it was acknowledged", async () => {
    for (const [file, at] of [
      [records, 1],
      [sidecar, 1],
    ] as const) {
      const path = await logOf([["one"], ["two"], ["three"]]);
      flipByte(file(path), at);
      await assert.rejects(openAt(path), code("log.corrupt"));
      assert.equal(readFileSync(records(path)).length, "one\ntwo\nthree\n".length);
    }
  });

  it("in an earlier segment is found when it is read", async () => {
    const path = await logOf([["one"], ["two"]], { segmentBytes: 1 });
    flipByte(records(path), 0);
    const log = await openAt(path);
    await assert.rejects(readAll(log), code("log.corrupt"));
    assert.deepEqual(
      (await readAll(log, 1)).map(({ text }) => text),
      ["two"],
    );
    await log.close();
  });

  it("is found where a segment between others is missing", async () => {
    const path = await logOf([["one"], ["two"], ["three"]], { segmentBytes: 1 });
    for (const file of [records, sidecar]) rmSync(file(path, `${"0".repeat(19)}1`));
    const log = await openAt(path);
    await assert.rejects(readAll(log), code("log.corrupt"));
    await log.close();
  });

  it("doesn't hide that the oldest segments were let go", async () => {
    const path = await logOf([["one"], ["two"]], { segmentBytes: 1 });
    for (const file of [records, sidecar]) rmSync(file(path));
    const log = await openAt(path);
    await assert.rejects(readAll(log, 0), code("log.position-gone"));
    assert.deepEqual(
      (await readAll(log, 1)).map(({ text }) => text),
      ["two"],
    );
    await log.close();
  });
});

describe("a disk that fails", () => {
  it("fails the appends that were waiting and every later one; what was acknowledged stays", async () => {
    const path = newPath();
    const disk = await nodeDirectory(path);
    let broken = false;
    const failing: SegmentDirectory = {
      ...disk,
      open: async (name) => {
        const file = await disk.open(name);
        const sync = () => (broken ? Promise.reject(new Error("no space left")) : file.sync());
        return { ...file, sync };
      },
    };
    const log = await openSegmentLog(failing);
    await log.append(append(["one"]));
    broken = true;
    const results = await Promise.allSettled([log.append(append(["two"])), log.append(append(["three"]))]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    broken = false;
    await assert.rejects(log.append(append(["four"])), code("log.failed"));
    assert.deepEqual(
      (await readAll(log)).map(({ text }) => text),
      ["one"],
    );
    await log.close();
  });
});
