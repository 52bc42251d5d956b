import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readSettings } from "../../src/pipeline/settings.ts";

function settingsWith(log: string) {
  const text = `source: { event_time: time }\n${log}\noutputs: {}\n`;
  const { settings, diagnostics } = readSettings(text, "pipeline.yaml");
  return { log: settings.log, found: diagnostics.map(({ code, place }) => `${code} ${place.line}`) };
}

describe("what the log keeps", () => {
  test("is a week's records of any size where the pipeline doesn't say", () => {
    for (const log of ["", "log: {}"])
      assert.deepEqual(settingsWith(log), {
        log: { retentionMs: 7 * 86_400_000, maxBytes: null },
        found: [],
      });
  });

  test("is told by a duration and a size in decimal units", () => {
    const { log, found } = settingsWith("log: { retention: 36 hours, max_size: 10 GB }");
    assert.deepEqual(found, []);
    assert.deepEqual(log, { retentionMs: 36 * 3_600_000, maxBytes: 10_000_000_000 });
    assert.equal(settingsWith("log: { max_size: 500 MB }").log.maxBytes, 500_000_000);
  });

  test("is refused, with its line, where it is no duration or no size", () => {
    for (const log of [
      "retention: forever",
      "retention: 4000 days",
      "max_size: 10 gigabytes",
      "max_size: 0 GB",
    ])
      assert.deepEqual(settingsWith(`log:\n  ${log}`).found, ["pipeline.invalid 3"], log);
  });
});
