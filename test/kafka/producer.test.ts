import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openProducer, type ProducerOptions } from "../../src/kafka/producer.ts";
import type { OutgoingRecord } from "../../src/kafka/records/record.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { kafkaWithTopics, uniqueName } from "./broker.ts";
import { readAll } from "./read-all.ts";

const record = (key: string | null, value: string): OutgoingRecord => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  headers: [],
  timestampMs: Date.now(),
});

async function open(t: TestContext, settings: KafkaSettings, options: ProducerOptions) {
  const producer = await openProducer(settings, options);
  t.after(() => producer.close());
  return producer;
}

test("records of one key keep their order, each is there once and told where", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(3);
  const small = { ...kafka.settings, producer: { "batch.size": "2000", "linger.ms": "1" } };
  const producer = await open(t, small, { topics: [topic] });
  const offsets = new Map<string, number>();
  const count = 5000;
  for (let row = 0; row < count; row++) {
    const value = `${row % 17}/${row}`;
    const settled = (error: Error | null, offset: number) => {
      assert.equal(error, null);
      offsets.set(value, offset);
    };
    if (!producer.send(topic, record(`k${row % 17}`, value), settled)) await producer.room();
  }
  await producer.close();
  assert.deepEqual({ ...producer.counts }, { sent: count, acknowledged: count, failed: 0 });
  const found = await readAll(kafka, topic);
  assert.deepEqual(new Map(found.map(({ value, offset }) => [value.toString(), offset])), offsets);
  assert.equal(found.length, count);
  const lastOfKey = new Map<string, number>();
  for (const { value } of found) {
    const [key = "", row] = value.toString().split("/");
    assert.ok(Number(row) > (lastOfKey.get(key) ?? -1));
    lastOfKey.set(key, Number(row));
  }
});

test("records without a key go to each partition in turn", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(3);
  const producer = await open(t, kafka.settings, { topics: [topic] });
  for (let row = 0; row < 9; row++) producer.send(topic, record(null, `${row}`));
  await producer.close();
  assert.deepEqual(await kafka.admin.offsets(topic, "end"), [3, 3, 3]);
});

test("a sender is told to wait while more is under way than the buffer holds", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const bufferBytes = 100_000;
  const settings = {
    ...kafka.settings,
    producer: { "buffer.memory": `${bufferBytes}`, "batch.size": "20000" },
  };
  const producer = await open(t, settings, { topics: [topic] });
  let underWay = 0;
  let waits = 0;
  for (let row = 0; row < 2000; row++) {
    underWay++;
    if (producer.send(topic, record("k", "x".repeat(1000)), () => underWay--)) continue;
    assert.ok(underWay * 1100 > bufferBytes);
    waits++;
    await producer.room();
    assert.ok(underWay * 1000 < bufferBytes);
  }
  await producer.close();
  assert.ok(waits > 0);
  assert.equal(producer.counts.acknowledged, 2000);
});

test("a topic that takes less at once than a batch gets it in parts, and what is too large alone is named", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1, { "max.message.bytes": "5000" });
  const settings = { ...kafka.settings, producer: { "compression.type": "none" } };
  const producer = await open(t, settings, { topics: [topic] });
  const failures: string[] = [];
  for (let row = 0; row < 40; row++) {
    const value = row === 20 ? "secret".repeat(1000) : `${row}`.padEnd(500);
    producer.send(topic, record("k", value), (error) => error && failures.push(error.message));
  }
  await producer.close();
  assert.deepEqual(failures, [
    `${topic}:0: a record is larger than the topic allows [kafka.message-too-large]. ` +
      "Raise max.message.bytes of the topic, or send less in one record.",
  ]);
  assert.deepEqual({ ...producer.counts }, { sent: 40, acknowledged: 39, failed: 1 });
  const rows = (await readAll(kafka, topic)).map(({ value }) => Number(value.toString()));
  assert.deepEqual(
    rows,
    [...Array(40).keys()].filter((row) => row !== 20),
  );
});

test("a topic deleted while it is written to fails its records alone", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const [doomed, kept] = [uniqueName("doomed"), await kafka.topic(1)];
  await kafka.admin.create([{ name: doomed, partitions: 1, replication: 1, configs: {} }]);
  const producer = await open(t, kafka.settings, { topics: [doomed, kept] });
  await kafka.admin.remove([doomed]);
  const codes: (string | undefined)[] = [];
  producer.send(doomed, record("k", "v"), (error) => codes.push(error?.diagnostics[0].code));
  producer.send(kept, record("k", "v"));
  await producer.close();
  assert.deepEqual(codes, ["kafka.topic-missing"]);
  assert.deepEqual({ ...producer.counts }, { sent: 2, acknowledged: 1, failed: 1 });
});
