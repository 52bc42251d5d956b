import assert from "node:assert/strict";
import { test } from "node:test";
import { openKafkaLogReader } from "../../src/eventlog/kafka/kafka-reader.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { hasCode, readAll, textsOf } from "../conformance/event-log.ts";
import { kafkaWithTopics, uniqueName } from "./broker.ts";
import { startTruth } from "./truth.ts";

const record = (value: string, timestampMs: number) => ({
  key: null,
  value: Buffer.from(value),
  headers: [],
  timestampMs,
});

test("a log is read beside whoever writes it, partition by partition: what is committed at each call", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const { partitions: readers } = await openKafkaLogReader(kafka.settings, { topic });
  t.after(async () => void (await Promise.all(readers.map((reader) => reader.close()))));
  const [empty, full] = readers;
  assert.deepEqual([await full!.start(), await full!.end(), await readAll(full!)], [0, 0, []]);
  const producer = await openProducer(kafka.settings, { topics: [topic] });
  t.after(() => producer.close());
  for (let i = 0; i < 20; i++) producer.sendTo(topic, 1, record(`${i}`, 1000 + i));
  await producer.flush();
  const options = { transactionalId: uniqueName("transaction"), topics: [topic], timeoutMs: 60_000 };
  const transactions = await openTransactions(kafka.settings, options);
  t.after(() => transactions.close());
  const transaction = transactions.begin();
  transaction.sendTo(topic, 1, record("open", 2000));
  await transaction.flush();

  assert.deepEqual([await full!.start(), await full!.end()], [0, 20]);
  assert.deepEqual(
    textsOf(await readAll(full!)),
    Array.from({ length: 20 }, (_, i) => `${i}`),
  );
  assert.deepEqual(textsOf(await readAll(full!, 5, 8)), ["5", "6", "7"]);
  assert.deepEqual(await readAll(full!, 20), []);
  assert.deepEqual(
    await Promise.all([0, 1007, 1019, 1020].map((at) => full!.positionAtTime(at))),
    [0, 7, 19, 20],
  );
  assert.deepEqual([await empty!.end(), await empty!.positionAtTime(0)], [0, 0]);
  assert.equal((await full!.check()).newestRecords, 20);
  assert.ok((await full!.bytes()) > (await empty!.bytes()));

  await transaction.commit();
  while ((await full!.end()) <= 20) await new Promise(setImmediate);
  assert.deepEqual(textsOf(await readAll(full!, 19)), ["19", "open"]);
  const truth = await startTruth(t, kafka.settings.bootstrap[0]!);
  await truth.delete(topic, 1, 10);
  assert.equal(await full!.start(), 10);
  await assert.rejects(readAll(full!, 9), hasCode("log.position-gone"));
  assert.equal((await readAll(full!, 10)).length, 11);
});

test("a log that isn't there is told when it is opened", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = uniqueName("topic");
  await assert.rejects(openKafkaLogReader(kafka.settings, { topic }), hasCode("kafka.topic-missing"));
});
