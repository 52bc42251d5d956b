import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createGathering } from "../../src/cli/feed.ts";
import { embeddedLog, openGeneration } from "../../src/cli/run-generate.ts";
import { readOrigin } from "../../src/cli/run-origin.ts";
import { type EngineThread, startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { createRecordStream } from "../../src/generator/records.ts";
import { parseLogLevels, SILENT } from "../../src/log.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-generate-"));
after(() => rmSync(scratch, { recursive: true }));
const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const settings = { seed: 1, ratePerSecond: 1, historyMs: 3_600_000, limit: 1 };

/** Hands the history over, or the begin of it; gives how many records that were. */
async function takeHistory(directory: string, thread: EngineThread, nowMs: number, most: number) {
  const stop = new AbortController();
  const store = openStoreReader(directory, pipeline);
  let taken = 0;
  const generation = await openGeneration(
    {
      ...{ settings, dataDirectory: directory, logger: SILENT, signal: stop.signal },
      nowMs: () => nowMs,
      sleep: async () => {},
      log: embeddedLog(directory, store, (batch) => {
        taken += batch.records.length;
        if (taken >= most) stop.abort();
        return thread.append(batch);
      }),
    },
    await thread.newestEventMs(),
  );
  await generation.takeHistory();
  store.close();
  return taken;
}

describe("a start after a history that was interrupted", () => {
  it("takes in the rest of it, though a dead letter was retried in between", async () => {
    const directory = join(scratch, "data");
    const nowMs = Date.now();
    const open = () =>
      startEngineThread({ pipeline, dataDirectory: directory, logLevels: parseLogLevels("silent") });

    const first = await open();
    await first.append({ records: [Buffer.from("{")], ingestTimeMs: nowMs - 3_600_000 });
    const before = await takeHistory(directory, first, nowMs, 100);
    await first.drain();
    const retrying = await open();
    await retrying.retry([{ partition: 0, position: 0, record: Buffer.from("{}") }]);
    await retrying.drain();
    const second = await open();
    const rest = await takeHistory(directory, second, nowMs, Number.POSITIVE_INFINITY);
    await second.drain();

    const origin = readOrigin(directory);
    assert.ok(origin !== null && before < 1000);
    const events = createGathering(createRecordStream(origin));
    let all = 0;
    for (let some = events.take(nowMs, 1000); some; some = events.take(nowMs, 1000))
      all += some.records.length;
    assert.equal(before + rest, all);
  });
});
