import assert from "node:assert/strict";
import { test } from "node:test";
import { openReader } from "../../src/kafka/fetch.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { kafkaWithTopics, type TestTopics, uniqueName } from "./broker.ts";
import { readAll, reads } from "./read-all.ts";

async function fill(kafka: TestTopics, topic: string, count: number, from = 0): Promise<void> {
  const producer = await openProducer(kafka.settings, { topics: [topic] });
  for (let row = from; row < from + count; row++) {
    const record = {
      key: Buffer.from(`k${row}`),
      value: Buffer.from(`${row}`),
      headers: [],
      timestampMs: row,
    };
    producer.send(topic, record);
  }
  await producer.close();
}

test("reading begins at the offsets given, several partitions at once, and follows what comes", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(3);
  await fill(kafka, topic, 300);
  const ends = await kafka.admin.offsets(topic, "end");
  const from = ends.map((end, partition) => ({ topic, partition, offset: end - 10 }));
  const reader = await openReader(kafka.settings, { from, committedOnly: true });
  t.after(() => reader.close());
  const next = new Map(from.map(({ partition, offset }) => [partition, offset]));
  const take = async (count: number) => {
    for (let taken = 0; taken < count; ) {
      for (const { partition, batches, highWatermark, nextOffset } of await reader.next()) {
        for (const one of batches.flatMap(reads)) {
          assert.equal(one.offset, next.get(partition));
          next.set(partition, one.offset + 1);
          taken++;
        }
        assert.equal(nextOffset, next.get(partition));
        assert.ok(highWatermark >= nextOffset);
      }
    }
  };
  await take(30);
  await fill(kafka, topic, 60, 300);
  await take(60);
  assert.deepEqual([...next.values()], await kafka.admin.offsets(topic, "end"));
});

test("nothing new is an answer too, and closing ends a read that waits", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const settings = { ...kafka.settings, consumer: { "fetch.max.wait.ms": "20" } };
  const options = { from: [{ topic, partition: 0, offset: 0 }], committedOnly: true };
  const reader = await openReader(settings, options);
  const [empty] = await reader.next();
  assert.deepEqual([empty?.batches, empty?.nextOffset, empty?.highWatermark], [[], 0, 0]);
  const patient = { ...kafka.settings, consumer: { "fetch.max.wait.ms": "20000" } };
  const waiting = await openReader(patient, options);
  const waited = waiting.next();
  await Promise.all([reader.close(), waiting.close()]);
  assert.deepEqual([await waited, await reader.next()], [[], []]);
});

test("an offset that the partition doesn't hold is an error that names it", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const reader = await openReader(kafka.settings, {
    from: [{ topic, partition: 1, offset: 5 }],
    committedOnly: true,
  });
  t.after(() => reader.close());
  await assert.rejects(reader.next(), {
    message:
      `${topic}:1: the partition doesn't hold offset 5 [kafka.offset-out-of-range]. ` +
      "Begin at the oldest that is kept, or raise the topic's retention.",
  });
});

test("a topic that is missing, deleted, or deleted and made again is told from one that is merely empty", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const name = uniqueName("topic");
  const options = { from: [{ topic: name, partition: 0, offset: 0 }], committedOnly: true };
  await assert.rejects(openReader(kafka.settings, options), /\[kafka\.topic-missing\]/);
  const made = { name, partitions: 1, replication: 1, configs: {} };
  await kafka.admin.create([made]);
  const reader = await openReader(kafka.settings, options);
  const other = await openReader(kafka.settings, options);
  t.after(() => Promise.all([reader.close(), other.close()]));
  const toTheEnd = async (one: typeof reader) => {
    for (;;) await one.next();
  };
  await kafka.admin.recreate([made]);
  await assert.rejects(toTheEnd(reader), /\[kafka\.topic-replaced\]/);
  await kafka.admin.remove([name]);
  await assert.rejects(toTheEnd(other), /\[kafka\.topic-(missing|replaced)\]/);
});

test("a deleted record is told from an empty one", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const producer = await openProducer(kafka.settings, { topics: [topic] });
  const key = Buffer.from("k");
  for (const value of [null, Buffer.alloc(0)])
    producer.send(topic, { key, value, headers: [], timestampMs: 1 });
  await producer.close();
  assert.deepEqual(
    (await readAll(kafka, topic)).map(({ deleted }) => deleted),
    [true, false],
  );
});
