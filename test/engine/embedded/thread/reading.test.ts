import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openReading, type Reading } from "../../../../src/engine/embedded/thread/reading.ts";
import type { EventLog, PartitionedLog } from "../../../../src/eventlog/event-log.ts";
import { nodeDirectory } from "../../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../../src/eventlog/segments/segment-log.ts";
import { append } from "../../../conformance/event-log.ts";
import { severalLogs } from "./several-logs.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-reading-"));
const opened: EventLog[] = [];
after(async () => {
  for (const log of opened) await log.close();
  rmSync(scratch, { recursive: true });
});

async function newLog(): Promise<EventLog> {
  const log = await openSegmentLog(await nodeDirectory(mkdtempSync(join(scratch, "log-"))), {
    batchBytes: 1,
  });
  opened.push(log);
  return log;
}

async function partitioned(count: number): Promise<PartitionedLog> {
  const logs: EventLog[] = [];
  for (let i = 0; i < count; i++) logs.push(await newLog());
  return severalLogs(logs);
}

/** A log of Kafka whose last position is the end of a transaction. */
const behindMarker = (log: EventLog): EventLog => ({ ...log, end: () => log.end() + 1 });

/** What is read: the partition, and the others that had unread records. */
async function all(reading: Reading): Promise<unknown[]> {
  const read: unknown[] = [];
  for (let next = await reading.next(); next !== null; next = await reading.next())
    read.push([next.batch.partition, next.unread]);
  await reading.rest();
  return read;
}

describe("reading a log of several partitions", () => {
  it("takes what came first first, and says which others have unread records", async () => {
    const log = await partitioned(3);
    await log.partitions[1]!.append(append(["a"], 1));
    await log.partitions[0]!.append(append(["b"], 2));
    await log.partitions[1]!.append(append(["c"], 3));
    const reading = openReading(log, [0, 0, 0]);
    assert.deepEqual([reading.lag(), reading.unread()], [3, [0, 1]]);
    assert.deepEqual(await all(reading), [
      [1, [0]],
      [0, [1]],
      [1, []],
    ]);
    assert.deepEqual([reading.positions(), reading.lag()], [[1, 2, 0], 0]);
    await log.partitions[2]!.append(append(["d"], 0));
    assert.deepEqual(await all(reading), [[2, []]]);
  });

  it("goes up to where it is to end, and counts as unread what is behind that", async () => {
    const log = await partitioned(2);
    for (const partition of log.partitions) await partition.append(append(["a", "b", "c"], 1));
    const reading = openReading(log, [0, 0], [2, 1]);
    assert.deepEqual(await all(reading), [
      [0, [1]],
      [0, [1]],
      [1, [0]],
    ]);
    assert.deepEqual([reading.positions(), reading.lag(), reading.unread()], [[2, 1], 0, [0, 1]]);
  });

  it("reads nothing of a partition that it is told no end of", async () => {
    const log = await partitioned(2);
    for (const partition of log.partitions) await partition.append(append(["a"], 1));
    const reading = openReading(log, [0], [1]);
    assert.deepEqual(await all(reading), [[0, [1]]]);
    assert.deepEqual(reading.positions(), [1, 0]);
  });

  it("passes over what holds no records", async () => {
    const log = await newLog();
    await log.append(append(["a"], 1));
    const reading = openReading(severalLogs([behindMarker(log)]), [0]);
    assert.deepEqual(await all(reading), [[0, []]]);
    assert.deepEqual([reading.positions(), reading.lag(), reading.unread()], [[2], 0, []]);
  });

  it("ends where it is told to while it is under way", async () => {
    const log = await partitioned(1);
    await log.partitions[0]!.append(append(["a", "b"], 1));
    const reading = openReading(log, [0]);
    reading.endAt([1]);
    assert.deepEqual(await all(reading), [[0, []]]);
    assert.deepEqual(reading.positions(), [1]);
  });
});
