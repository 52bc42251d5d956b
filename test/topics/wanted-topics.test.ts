import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KafkaTopic } from "../../src/kafka/admin.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { besideInput, differenceOf, type WantedTopic, wantedTopics } from "../../src/topics/wanted-topics.ts";

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

  it("take late and dead records that are as large as the input takes, with headers", () => {
    const input = named("loan.applications");
    const most = (configs: Record<string, string>, name: string) => {
      const there = found(input, { configs: { ...input.configs, ...configs } });
      return Number(named(name, besideInput(wantedTopics(pipeline), there)).configs["max.message.bytes"]);
    };
    for (const name of ["loan.applications.late", "loan.applications.dlq"]) {
      assert.ok(Number(named(name).configs["max.message.bytes"]) > 1_048_588);
      assert.ok(most({}, name) > 1_048_588);
      assert.ok(most({ "max.message.bytes": "5000" }, name) > 1_048_588, "as the input was before");
      assert.ok(most({ "max.message.bytes": "5000000" }, name) > 5_000_000);
      assert.equal(most({ "max.message.bytes": "2147483647" }, name), 2_147_483_647);
    }
    assert.equal(named("loan.output.risk").configs["max.message.bytes"], undefined);
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

  it("is less room for a record, never more", () => {
    const dlq = named("loan.applications.dlq");
    const of = (bytes: string) =>
      differenceOf(dlq, found(dlq, { configs: { ...dlq.configs, "max.message.bytes": bytes } })).configs;
    assert.deepEqual(of("9000000"), {});
    assert.deepEqual(of("1048588"), { "max.message.bytes": dlq.configs["max.message.bytes"] });
    const { "max.message.bytes": most, ...none } = dlq.configs;
    assert.deepEqual(differenceOf(dlq, found(dlq, { configs: none })).configs, { "max.message.bytes": most });
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
