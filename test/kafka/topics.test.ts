import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { deleteRecordsV2 } from "@platformatic/kafka";
import { openCluster } from "../../src/kafka/cluster.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { type KafkaSettings, plainSettings } from "../../src/kafka/settings.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { openKafkaTopics } from "../../src/topics/kafka.ts";
import { topicNamed } from "../../src/topics/topic-list.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { describeTopics, recordsOf } from "../conformance/topics.ts";
import { fill, pipeline } from "../topics/data.ts";
import type { OwnBroker } from "./broker.ts";
import { brokerOfThisFile, sendAllOf, withAdmin } from "./filled-topics.ts";

const INPUT = "loan.applications";
const open = (settings: KafkaSettings) =>
  openKafkaTopics(settings, { pipeline, onTrouble: () => assert.fail("nothing is wrong") });

/** So that records are in one order, and events have the times at which the data directory took them in. */
function inOnePartition(settings: KafkaSettings): Promise<void> {
  const topics = wantedTopics(pipeline).map((topic) => ({
    ...topic,
    partitions: 1,
    configs: topic.name.startsWith(INPUT)
      ? { ...topic.configs, "message.timestamp.type": "CreateTime" }
      : topic.configs,
  }));
  return withAdmin(settings, (admin) => admin.recreate(topics));
}

function place(settings: KafkaSettings) {
  const directory = join(scratch(), "data");
  return {
    open: () => open(settings),
    async fill(events: Parameters<typeof fill>[1]) {
      await fill(directory, events);
      await sendAllOf(directory, settings);
    },
    keptMs: ({ name }: { name: string }) => {
      const configs = wantedTopics(pipeline).find((topic) => topic.name === name)?.configs;
      return Number(configs?.["retention.ms"]);
    },
  };
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-topics-kafka-"));
  after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const record = (text: string) => ({
  key: Buffer.from("k"),
  value: Buffer.from(text),
  headers: [],
  timestampMs: Date.now(),
});
const textOf = ({ value }: { value: Uint8Array }) => Buffer.from(value).toString();

function ofKafkaAlone(settings: KafkaSettings, broker: OwnBroker): void {
  before(() => withAdmin(settings, (admin) => admin.recreate(wantedTopics(pipeline))));

  it("give the records of several partitions in the order in which they came, each partition's in its own", async () => {
    const producer = await openProducer(settings, { topics: [INPUT] });
    for (let n = 0; n < 60; n++) {
      producer.sendTo(INPUT, n % 3, record(`{"n":${n}}`));
      if (n % 10 === 9) await producer.flush();
    }
    await producer.close();
    const topics = open(settings);
    const topic = topicNamed(topics.list, "input");
    const records = await recordsOf(topics, topic, "beginning");
    const numbers = records.map((one) => JSON.parse(textOf(one)).n);
    assert.deepEqual(
      [0, 1, 2].map((part) => numbers.filter((n) => n % 3 === part)),
      [0, 1, 2].map((part) => Array.from({ length: 20 }, (_, i) => i * 3 + part)),
    );
    const times = records.map(({ timeMs }) => timeMs ?? 0);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    const { partitions, records: count, oldestMs, newestMs } = await topics.status(topic);
    assert.deepEqual([partitions, count, oldestMs, newestMs], [3, 60, times[0], times.at(-1)]);
    const late = await recordsOf(topics, topic, 15);
    assert.deepEqual(
      late
        .map(({ position }) => position)
        .toSorted((a, b) => a - b)
        .at(0),
      15,
    );
    assert.equal(late.length, 15);
    await topics.close();
  });

  it("give only what is committed", async () => {
    const risk = "loan.output.risk";
    const options = { transactionalId: "topics", topics: [risk], timeoutMs: 20_000 };
    const transactions = await openTransactions(settings, options);
    const aborted = transactions.begin();
    aborted.sendTo(risk, 0, record('{"aborted":true}'));
    await aborted.abort();
    const committed = transactions.begin();
    committed.sendTo(risk, 0, record('{"committed":true}'));
    const topics = open(settings);
    const cursor = await topics.open(topicNamed(topics.list, "risk"), "beginning");
    assert.deepEqual(await cursor.next(10), []);
    await committed.commit();
    await transactions.close();
    let found = await cursor.next(10);
    while (found.length === 0) found = await cursor.next(10);
    assert.deepEqual(found.map(textOf), ['{"committed":true}']);
    assert.deepEqual(await cursor.next(10), []);
    await topics.close();
  });

  it("pass over what was deleted while they were read", async () => {
    const alerts = "loan.alerts";
    const topics = open(settings);
    const cursor = await topics.open(topicNamed(topics.list, "alerts"), "beginning");
    assert.deepEqual(await cursor.next(10), []);
    const producer = await openProducer(settings, { topics: [alerts] });
    for (const text of ['{"n":0}', '{"n":1}', '{"n":2}']) {
      producer.send(alerts, record(text));
      await producer.flush();
    }
    await producer.close();
    const cluster = await openCluster(settings, 10_000);
    const upTo = { name: alerts, partitions: [{ partitionIndex: 0, offset: 2n }] };
    await cluster.ask("controller", deleteRecordsV2.api, [[upTo], 10_000]);
    await cluster.close();
    const late = await topics.open(topicNamed(topics.list, "alerts"), 0);
    assert.deepEqual((await late.next(10)).map(textOf), ['{"n":2}']);
    const found = [...(await cursor.next(10)), ...(await cursor.next(10))];
    assert.equal(found.map(textOf).at(-1), '{"n":2}');
    await topics.close();
  });

  it("say that a topic or the cluster isn't there, at once", async () => {
    const topics = open(settings);
    const dlq = topicNamed(topics.list, "dlq");
    await withAdmin(settings, (admin) => admin.remove([dlq.name]));
    await assert.rejects(topics.open(dlq, "end"), /loan\.applications\.dlq: .*\[kafka\.topic-missing\]/);
    await topics.close();
    const nowhere = open(plainSettings(["127.0.0.1:9"]));
    await assert.rejects(nowhere.open(dlq, "end"), /127\.0\.0\.1:9: no broker answers/);
    await nowhere.close();
  });

  it("answer nothing any more once they are told to stop", async () => {
    const stop = new AbortController();
    const topics = openKafkaTopics(
      { ...settings, consumer: { "fetch.max.wait.ms": "60000" } },
      { pipeline, onTrouble: () => assert.fail("nothing is wrong"), signal: stop.signal },
    );
    const cursor = await topics.open(topicNamed(topics.list, "late"), "end");
    const waiting = cursor.next(10);
    stop.abort();
    assert.deepEqual(await waiting, []);
    assert.deepEqual(await cursor.next(10), []);
    await topics.close();
  });

  it("tell of a broker that is gone, and answer nothing once told to stop meanwhile", async () => {
    const told = Promise.withResolvers<string>();
    const stop = new AbortController();
    const topics = openKafkaTopics(settings, {
      pipeline,
      onTrouble: ({ message }) => told.resolve(message),
      signal: stop.signal,
    });
    const cursor = await topics.open(topicNamed(topics.list, "input"), "end");
    await broker.kill();
    const waiting = cursor.next(10);
    assert.match(await told.promise, /\[kafka\.(unreachable|unavailable|timeout)\]/);
    stop.abort();
    assert.deepEqual(await waiting, []);
    await topics.close();
  });
}

const kafka = await brokerOfThisFile();
if ("skipped" in kafka) test("topics on Kafka", { skip: kafka.skipped }, () => {});
else {
  const { settings, broker } = kafka;
  await inOnePartition(settings);
  describeTopics("Kafka", () => place(settings));
  describe("topics on Kafka", () => ofKafkaAlone(settings, broker));
}
