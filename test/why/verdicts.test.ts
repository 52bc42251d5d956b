import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openSegmentReader } from "../../src/eventlog/segments/segment-reader.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { textReader } from "../../src/topics/event-record.ts";
import { findEvents } from "../../src/why/find-events.ts";
import { forgottenIds } from "../../src/why/forgotten-ids.ts";
import { verdictsOf } from "../../src/why/verdicts.ts";
import { variant } from "../engine/embedded/rebuild/variants.ts";
import { newPath, start } from "../engine/embedded/thread/small-run.ts";
import { type Came, partitionsOf } from "../topics/partitions.ts";

const NOON_MS = Date.UTC(2026, 0, 1, 12);
const pipeline = variant();

/** Of the events of one id, each at so many seconds after noon; the engine's own counts beside them. */
async function judged(events: readonly (readonly [id: string, second: number])[], id: string) {
  const directory = newPath();
  const run = await start(directory, { pipeline });
  const records = events.map(([each, second]) =>
    Buffer.from(`{"id":"${each}","at":"${new Date(NOON_MS + second * 1000).toISOString()}"}`),
  );
  await run.loop.append({ records, ingestTimeMs: NOON_MS });
  const { source } = await run.loop.drain();
  const [log, store] = [
    await openSegmentReader(join(directory, "log")),
    openStoreReader(directory, pipeline),
  ];
  const found = await findEvents([log], "id", id);
  const verdicts = await verdictsOf(found, store, textReader("id"), forgottenIds(pipeline, [log]));
  await log.close();
  store.close();
  return { kinds: verdicts.map(({ kind }) => kind), source };
}

describe("what became of an event whose id comes again", () => {
  it("is a duplicate until the watermark has reached the first one's time plus the delay", async () => {
    const { kinds, source } = await judged(
      [
        ["a", 0],
        ["b", 119],
        ["a", 60],
        ["a", 200],
        ["a", 201],
      ],
      "a",
    );
    assert.deepEqual(kinds, ["accepted", "duplicate", "duplicate", "accepted"]);
    assert.deepEqual([source.accepted, source.duplicate], [3, 2]);
  });

  it("is accepted from then on, and not by an event that is dead for its far future", async () => {
    const { kinds, source } = await judged(
      [
        ["a", 0],
        ["far", 3601],
        ["a", 1],
        ["b", 120],
        ["a", 61],
        ["a", 62],
      ],
      "a",
    );
    assert.deepEqual(kinds, ["accepted", "duplicate", "accepted", "duplicate"]);
    assert.deepEqual([source.accepted, source.duplicate, source.dead], [3, 2, 1]);
  });

  it("goes by the watermark over all partitions, as an engine has it that keeps up", async () => {
    const at = (id: string, second: number, partition: number): Came => [
      `{"id":"${id}","at":"${new Date(NOON_MS + second * 1000).toISOString()}"}`,
      NOON_MS + second * 1000 + partition,
    ];
    const isAgain = async (otherSecond: number) => {
      const partitions = await partitionsOf([
        [at("a", 0, 0), at("a", 122, 0)],
        [at("b", otherSecond, 1), at("b", 180, 1)],
      ]);
      const [accepted, again] = await findEvents(partitions, "id", "a");
      assert.ok(accepted && again);
      return !(await forgottenIds(pipeline, partitions)(accepted, again));
    };
    assert.deepEqual([await isAgain(119), await isAgain(121)], [true, false]);
  });
});
