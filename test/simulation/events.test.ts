import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { logs } from "./events.ts";
import { verdicts, watermarkBefore } from "./oracle.ts";
import { scanned } from "./simulate.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("pipeline", import.meta.url)));

test("random logs hold plenty of every verdict, and events at the watermark", () => {
  const seen = { accepted: 0, late: 0, duplicate: 0, dead: 0 };
  let atWatermark = 0;
  for (const log of fc.sample(logs, { numRuns: 100, seed: 1 })) {
    const records = scanned(pipeline, log);
    for (const verdict of verdicts(records, pipeline.delayMs)) seen[verdict]++;
    atWatermark += records.filter(
      ({ eventTime }, i) => eventTime === watermarkBefore(records, i, pipeline.delayMs),
    ).length;
  }
  assert.ok(Math.min(...Object.values(seen)) > 100, JSON.stringify(seen));
  assert.ok(seen.accepted > seen.dead, JSON.stringify(seen));
  assert.ok(atWatermark > 20, String(atWatermark));
});
