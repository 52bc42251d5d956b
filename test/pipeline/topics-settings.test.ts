import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPipelineFiles } from "../../src/pipeline/files.ts";
import { fingerprint } from "../../src/pipeline/fingerprint.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import { readSettings } from "../../src/pipeline/settings.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function settingsWith(topics: string) {
  const text = `source: { event_time: time }\nlog: { retention: 2 days }\n${topics}\noutputs: {}\n`;
  const { settings, diagnostics } = readSettings(text, "pipeline.yaml");
  return { topics: settings.topics, found: diagnostics.map(({ code, place }) => `${code} ${place.line}`) };
}

const DEFAULTS = {
  replication: 1,
  input: { partitions: 3, retentionMs: 2 * DAY_MS },
  outputs: { partitions: 3, retentionMs: 7 * DAY_MS },
  alerts: { partitions: 1, retentionMs: 30 * DAY_MS },
  late: { partitions: 1, retentionMs: 2 * DAY_MS },
  dlq: { partitions: 1, retentionMs: 2 * DAY_MS },
};

describe("how topics are made", () => {
  test("is sensible where the pipeline doesn't say, events kept as long as in the log", () => {
    for (const topics of ["", "topics: {}", "topics: { input: {} }"])
      assert.deepEqual(settingsWith(topics), { topics: DEFAULTS, found: [] });
  });

  test("is told a kind of topic at a time", () => {
    const { topics, found } = settingsWith(
      "topics: { replication: 3, outputs: { partitions: 12, retention: 6 hours }, dlq: { retention: 1 day } }",
    );
    assert.deepEqual(found, []);
    assert.deepEqual(topics, {
      ...DEFAULTS,
      replication: 3,
      outputs: { partitions: 12, retentionMs: 6 * HOUR_MS },
      dlq: { partitions: 1, retentionMs: DAY_MS },
    });
  });

  test("is refused, with its line, where it can't be", () => {
    for (const topics of ["replication: 0", "input: { partitions: 1001 }", "alerts: { retention: forever }"])
      assert.deepEqual(settingsWith(`topics:\n  ${topics}`).found, ["pipeline.invalid 4"], topics);
    assert.deepEqual(settingsWith("topics: { output: {} }").found, ["yaml.unknown-key 3"]);
    assert.deepEqual(settingsWith("topics: { input: { partitions: 1.5 } }").found, ["yaml.wrong-value 3"]);
  });

  test("is no part of the fingerprint", () => {
    const files = readPipelineFiles("pipeline");
    const text = files.settings.text.replace("input: { partitions: 3 }", "input: { partitions: 5 }");
    const pipelines = [files, { ...files, settings: { ...files.settings, text } }].map((each) => {
      const { pipeline } = compilePipeline(each);
      assert.ok(pipeline);
      return pipeline;
    });
    assert.deepEqual(
      pipelines.map(({ topics }) => topics.input.partitions),
      [3, 5],
    );
    assert.equal(new Set(pipelines.map(fingerprint)).size, 1);
  });
});
