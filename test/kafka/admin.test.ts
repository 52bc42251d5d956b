import assert from "node:assert/strict";
import { test } from "node:test";
import { openProducer } from "../../src/kafka/producer.ts";
import { kafkaWithTopics, uniqueName } from "./broker.ts";

const record = { key: null, value: Buffer.from("x"), headers: [], timestampMs: 1 };

test("a topic is made as asked, changed, grown, filled, made anew and deleted, each visible at once", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const { admin } = kafka;
  const name = uniqueName("topic");
  const topic = { name, partitions: 2, replication: 1, configs: { "retention.ms": "3600000" } };
  const described = async () => (await admin.describe([name]))[0];
  await admin.create([topic]);
  assert.ok((await admin.names()).includes(name));
  assert.deepEqual((await described())?.configs, topic.configs);

  await admin.configure(name, { "cleanup.policy": "compact" });
  assert.deepEqual((await described())?.configs, { ...topic.configs, "cleanup.policy": "compact" });
  await admin.configure(name, { "retention.ms": null, "cleanup.policy": null });
  assert.deepEqual((await described())?.configs, {});

  await admin.grow(name, 3);
  const producer = await openProducer(kafka.settings, { topics: [name] });
  assert.equal(producer.partitions(name), 3);
  for (let row = 0; row < 6; row++) producer.send(name, record);
  await producer.close();
  const partitions = (await described())?.partitions ?? [];
  assert.deepEqual(
    partitions.map(({ partition, start, end }) => [partition, start, end]),
    [
      [0, 0, 2],
      [1, 0, 2],
      [2, 0, 2],
    ],
  );
  assert.ok(partitions.every(({ bytes, leader }) => bytes > 0 && leader >= 0));

  await admin.recreate([topic]);
  assert.deepEqual(await admin.offsets(name, "end"), [0, 0]);
  await admin.remove([name]);
  assert.ok(!(await admin.names()).includes(name));
});

test("what can't be made is refused with Kafka's own reason", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const { admin } = kafka;
  const there = await kafka.topic(1);
  const topic = { name: uniqueName("topic"), partitions: 1, replication: 1, configs: {} };
  const create = (change: object) => admin.create([{ ...topic, ...change }]);
  await assert.rejects(create({ name: there }), /exists already \[kafka\.topic-exists\]/);
  await assert.rejects(create({ replication: 3 }), /INVALID_REPLICATION_FACTOR.* \[kafka\.refused\]/);
  await assert.rejects(create({ configs: { "retention.days": "1" } }), /INVALID_CONFIG.* \[kafka\.refused\]/);
  await assert.rejects(admin.describe([topic.name]), /\[kafka\.topic-missing\]/);
  await assert.rejects(admin.remove([topic.name]), /\[kafka\.topic-missing\]/);
});
