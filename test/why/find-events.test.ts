import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import type { LogReader } from "../../src/eventlog/event-log.ts";
import { nodeDirectory } from "../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../src/eventlog/segments/segment-log.ts";
import { openSegmentReader } from "../../src/eventlog/segments/segment-reader.ts";
import { findEvents, keysBeginning } from "../../src/why/find-events.ts";
import { newPath } from "../engine/embedded/thread/small-run.ts";
import { partitionsOf } from "../topics/partitions.ts";

describe("the search for an application's events", () => {
  it("goes on with what is kept where the log lets records go in the meantime", async () => {
    const directory = newPath();
    const log = await openSegmentLog(await nodeDirectory(directory), {
      segmentBytes: 1,
      retention: { retentionMs: Number.POSITIVE_INFINITY, maxBytes: 1, nowMs: () => 0 },
    });
    for (let n = 0; n < 6; n++)
      await log.append({ records: [Buffer.from('{"application_id":"one"}')], ingestTimeMs: n });
    const reader = await openSegmentReader(directory);
    const letsGo: LogReader = {
      ...reader,
      async *read(from, to) {
        for await (const batch of reader.read(from, to)) {
          yield batch;
          await log.release(4);
        }
      },
    };
    const found = await findEvents([letsGo], "application_id", "one");
    assert.deepEqual(
      found.map(({ position }) => position),
      [0, 4, 5],
    );
    await reader.close();
    await log.close();
  });

  it("searches every partition, and gives what it finds in the order in which it came", async () => {
    const one = '{"application_id":"one"}';
    const other = '{"application_id":"other"}';
    const partitions = await partitionsOf([
      [
        [one, 10],
        [other, 20],
        [one, 30],
      ],
      [
        [one, 20],
        ['{"application_id":"one"', 5],
      ],
    ]);
    const found = await findEvents(partitions, "application_id", "one");
    assert.deepEqual(
      found.map(({ partition, position }) => [partition, position]),
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 2],
      ],
    );
    assert.deepEqual(await keysBeginning(partitions, "application_id", "o"), ["one", "other"]);
  });
});
