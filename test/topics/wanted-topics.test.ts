import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KafkaTopic } from "../../src/kafka/admin.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { differenceOf, type WantedTopic, wantedTopics } from "../../src/topics/wanted-topics.ts";

const pipeline = loadPipeline("pipeline");
const HOUR_MS = 3_600_000;

function named(name: string, wanted = wantedTopics(pipeline)): WantedTopic {
  const found = wanted.find((topic) => topic.name === name);
  assert.ok(found, name);
  return found;
}

/** As it would be found, but for what is given. */
function found({ name, partitions, replication, configs }: WantedTopic, other: Partial<KafkaTopic> = {}) {
  const partition = { leader: 1, start: 0, end: 0, bytes: 0 };
  return {
    ...{ name, replication, configs },
    partitions: Array.from({ length: partitions }, (_, number) => ({ ...partition, partition: number })),
    ...other,
  };
}

describe("the topics of a pipeline", () => {
  it("are kept by kind: rows by their newest, too, commits by that alone", () => {
    assert.deepEqual(
      wantedTopics(pipeline).map(({ name, configs }) => [name, configs["cleanup.policy"]]),
      [
        ["loan.applications", "delete"],
        ...["risk", "fraud", "stats", "segment", "channel"].map((name) => [
          `loan.output.${name}`,
          "compact,delete",
        ]),
        ["loan.alerts", "delete"],
        ["loan.applications.late", "delete"],
        ["loan.applications.dlq", "delete"],
        ["loan.commits", "compact"],
      ],
    );
  });

  it("have the broker's times, whatever the clock of who writes", () => {
    for (const { configs } of wantedTopics(pipeline))
      assert.equal(configs["message.timestamp.type"], "LogAppendTime");
  });

  it("close a segment in a tenth of the time that they are kept", () => {
    const { configs } = named("loan.alerts");
    assert.deepEqual(
      [configs["retention.ms"], configs["segment.ms"]],
      [`${720 * HOUR_MS}`, `${72 * HOUR_MS}`],
    );
  });

  it("share the size of the log among the input's partitions", () => {
    const input = { ...pipeline.topics.input, partitions: 4 };
    const of = (maxBytes: number | null) => {
      const log = { ...pipeline.log, maxBytes };
      return wantedTopics({ ...pipeline, log, topics: { ...pipeline.topics, input } });
    };
    assert.equal(named("loan.applications", of(1000)).configs["retention.bytes"], "250");
    assert.equal(named("loan.applications", of(null)).configs["retention.bytes"], undefined);
    assert.equal(named("loan.alerts", of(1000)).configs["retention.bytes"], undefined);
  });
});

describe("the difference of a topic", () => {
  const risk = named("loan.output.risk");

  it("is none where all is as it should be, whatever else is set", () => {
    const configs = { ...risk.configs, "cleanup.policy": "delete,compact", "min.insync.replicas": "2" };
    assert.deepEqual(differenceOf(risk, found(risk, { configs })), { configs: {}, lasting: [] });
  });

  it("is told apart into what can be set, and what lasts", () => {
    const kept = Object.entries(risk.configs).filter(([name]) => name !== "retention.ms");
    const configs = { ...Object.fromEntries(kept), "cleanup.policy": "delete" };
    const other = { ...found({ ...risk, partitions: 1, replication: 3 }), configs };
    assert.deepEqual(differenceOf(risk, other), {
      configs: { "cleanup.policy": "compact,delete", "retention.ms": risk.configs["retention.ms"] },
      lasting: ["partitions: 1, not 3", "replicas: 3, not 1"],
    });
  });
});
