import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventLog } from "../../../src/eventlog/event-log.ts";
import { openSegmentLog } from "../../../src/eventlog/segments/segment-log.ts";
import { append, hasCode, readAll, textsOf } from "../../conformance/event-log.ts";
import { type SimulatedDirectory, simulatedDirectory } from "./simulated-directory.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A log whose clock stands where the test puts it. */
function clocked(limits: { maxBytes?: number }) {
  const directory = simulatedDirectory(1);
  const clock = { nowMs: 1_000 * DAY };
  const retention = { retentionMs: 10 * DAY, maxBytes: limits.maxBytes ?? null, nowMs: () => clock.nowMs };
  return { directory, clock, open: () => openSegmentLog(directory, { retention }) };
}

const held = async (log: EventLog) => textsOf(await readAll(log, log.start()));
const segments = async (directory: SimulatedDirectory) =>
  (await directory.list()).filter((name) => name.endsWith(".ndjson")).length;

describe("what is older than the retention", () => {
  it("goes once it is released, segment by segment, and no later than a tenth of the retention after", async () => {
    const { clock, directory, open } = clocked({});
    const log = await open();
    for (let hour = 0; hour < 20 * 24; hour++) {
      await log.append(append([`${clock.nowMs}`], clock.nowMs));
      await log.release(log.end());
      const times = (await held(log)).map(Number);
      assert.ok(Math.min(...times) > clock.nowMs - 11 * DAY);
      assert.ok(times.length >= Math.min(hour + 1, 10 * 24), "what is younger stays");
      clock.nowMs += HOUR;
    }
    assert.ok((await segments(directory)) <= 12);
    await log.close();
  });

  it("stays as long as it isn't released", async () => {
    const { clock, open } = clocked({});
    let log = await open();
    for (let day = 0; day < 30; day++) {
      await log.append(append([`${day}`], clock.nowMs));
      await log.release(3);
      clock.nowMs += DAY;
    }
    assert.equal(log.start(), 3);
    await log.close();
    log = await open();
    assert.equal(log.start(), 3);
    await log.release(0);
    assert.equal(log.start(), 3);
    await log.release(log.end());
    assert.equal(log.start(), 21);
    await log.close();
  });

  it("goes from a log that nothing comes to any more, whose positions go on", async () => {
    const { clock, directory, open } = clocked({});
    let log = await open();
    await log.append(append(["the last"], clock.nowMs));
    await log.release(log.end());
    assert.deepEqual(await held(log), ["the last"]);
    clock.nowMs += 10 * DAY;
    await log.release(log.end());
    assert.deepEqual([log.start(), log.end()], [1, 1]);
    assert.equal(directory.text(`${"0".repeat(20)}.ndjson`), "");
    assert.equal(await segments(directory), 1);
    await assert.rejects(readAll(log, 0), hasCode("log.position-gone"));
    await log.close();
    log = await open();
    assert.deepEqual([log.start(), log.end()], [1, 1]);
    assert.equal(await log.append(append(["another"], clock.nowMs)), 1);
    await log.close();
  });

  it("is told by the time at which it came, also after the log was opened again", async () => {
    const { clock, open } = clocked({});
    let log = await open();
    for (let day = 0; day < 5; day++) await log.append(append([`${day}`], clock.nowMs + day * DAY));
    await log.close();
    clock.nowMs += 12 * DAY;
    log = await open();
    await log.release(log.end());
    assert.deepEqual(await held(log), ["3", "4"]);
    await log.close();
  });
});

describe("what is more than the log may hold", () => {
  it("goes from the oldest on, once it is released; the newest segment stays", async () => {
    const { clock, directory, open } = clocked({ maxBytes: 1000 });
    const log = await open();
    for (let i = 0; i < 100; i++) await log.append(append([`${i}`.padEnd(59)], clock.nowMs));
    assert.equal(log.start(), 0);
    await log.release(40);
    assert.equal(log.start(), 40);
    await log.release(100);
    const texts = (await held(log)).map((text) => text.trim());
    assert.deepEqual(
      texts,
      Array.from({ length: texts.length }, (_, i) => `${100 - texts.length + i}`),
    );
    const entryBytes = 40;
    const bytes = texts.length * (60 + entryBytes);
    assert.ok(bytes <= 1000 && bytes > 700, `${bytes} bytes are kept`);
    assert.ok((await segments(directory)) > 1);
    await log.close();
  });

  it("may be one segment larger than that, which stays", async () => {
    const { clock, open } = clocked({ maxBytes: 10 });
    const log = await open();
    for (const text of ["one", "a record longer than the log may be"])
      await log.append(append([text], clock.nowMs));
    await log.release(2);
    assert.deepEqual(await held(log), ["a record longer than the log may be"]);
    await log.close();
  });
});

describe("a reader of what goes", () => {
  it("reads on in the segment that it is in, and is told at the next that it is gone", async () => {
    const { clock, open } = clocked({});
    const log = await open();
    for (let day = 0; day < 4; day++)
      for (const half of ["a", "b"])
        await log.append(append([`${day}${half}`.padEnd(600_000)], clock.nowMs + day * DAY));
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const { bytes } of log.read(0)) {
        seen.push(String.fromCharCode(bytes[0]!, bytes[1]!));
        clock.nowMs += 20 * DAY;
        await log.release(log.end());
      }
    }, hasCode("log.position-gone"));
    assert.deepEqual(seen, ["0a", "0b"]);
    await log.close();
  });
});
