import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { recordsAcross } from "../../src/topics/event-records.ts";
import { partitionsOf } from "./partitions.ts";

describe("records by their places", () => {
  it("are those of the partition that each place names", async () => {
    const partitions = await partitionsOf([
      [
        ['"a0"', 1],
        ['"a1"', 2],
      ],
      [
        ['"b0"', 3],
        ['"b1"', 4],
      ],
    ]);
    const places = [
      [1, 1],
      [0, 0],
      [1, 7],
      [2, 0],
    ].map(([partition = 0, position = 0]) => ({ partition, position }));
    const recordAt = await recordsAcross(partitions, places);
    const found = places.map((place) => {
      const record = recordAt(place);
      return record && [Buffer.from(record.value).toString(), record.partition, record.timeMs];
    });
    assert.deepEqual(found, [['"b1"', 1, 4], ['"a0"', 0, 1], null, null]);
    assert.equal(recordAt({ partition: 0, position: 1 }), null);
  });
});
