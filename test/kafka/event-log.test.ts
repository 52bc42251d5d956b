import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openReading } from "../../src/engine/embedded/thread/reading.ts";
import type { EventLog, PartitionedLog } from "../../src/eventlog/event-log.ts";
import { type KafkaLogOptions, openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import { onePartition } from "../../src/eventlog/one-partition.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { SILENT } from "../../src/log.ts";
import { append, hasCode, readAll, textsOf } from "../conformance/event-log.ts";
import { type Ending, kafkaWithTopics, type TestTopics, uniqueName } from "./broker.ts";
import { startTruth } from "./truth.ts";

async function openLog(
  t: Ending,
  { settings }: TestTopics,
  topic: string,
  options: Partial<KafkaLogOptions> = {},
): Promise<PartitionedLog> {
  const log = await openKafkaLog(settings, { topic, key: null, forbidden: [], logger: SILENT, ...options });
  t.after(() => log.close());
  return log;
}

const record = (value: string) => ({ key: null, value: Buffer.from(value), headers: [], timestampMs: 1 });

/** Resolves once a partition's end lies behind a position. */
function beyond(log: EventLog, position: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => log.end() > position && resolve();
    log.onMore(look);
    look();
  });
}

async function transactionsOf(t: Ending, { settings }: TestTopics, topic: string) {
  const options = { transactionalId: uniqueName("transaction"), topics: [topic], timeoutMs: 60_000 };
  const transactions = await openTransactions(settings, options);
  t.after(() => transactions.close());
  return transactions;
}

test("records of one key go where Java's client puts them, and each is told its place", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(3);
  const log = await openLog(t, kafka, topic, { key: "of.id" });
  const keys = Array.from({ length: 60 }, (_, i) => `key ${i % 20} é`);
  const texts = keys.map((id, i) => JSON.stringify({ i, of: { id } }));
  const places = await log.append(append(texts, 7));
  const truth = await startTruth(t, kafka.settings.bootstrap[0]!);
  const expected = await truth.partitions(
    3,
    keys.map((key) => Buffer.from(key)),
  );
  assert.deepEqual(
    places.map(({ partition }) => partition),
    expected,
  );
  assert.deepEqual(
    texts.map((text) => log.partitionOf(Buffer.from(text))),
    expected,
  );
  for (const [partition, of] of log.partitions.entries()) {
    const stored = await readAll(of);
    const mine = texts.filter((_, i) => expected[i] === partition);
    assert.deepEqual(textsOf(stored), mine);
    for (const { position, text, ingestTimeMs } of stored) {
      assert.deepEqual(places[texts.indexOf(text)], { partition, position });
      assert.equal(ingestTimeMs, 7);
    }
  }
  const seen = await truth.records(topic, "read_committed");
  assert.deepEqual(new Set(seen.map(({ key }) => key)), new Set(keys));
});

test("records without a key are spread, the same bytes always to the same partition", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const log = await openLog(t, kafka, await kafka.topic(3), { key: "id" });
  const texts = Array.from({ length: 40 }, (_, i) => `{"no":${i}}`);
  const [once, again] = [await log.append(append(texts)), await log.append(append(texts))];
  const partitions = once.map(({ partition }) => partition);
  assert.deepEqual(
    again.map(({ partition }) => partition),
    partitions,
  );
  assert.equal(new Set(partitions).size, 3);
});

test("the log is known by its topic: a topic made anew is another, and whoever follows the old one is told", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const [log, same] = [await openLog(t, kafka, topic), await openLog(t, kafka, topic)];
  assert.equal(log.identity, same.identity);
  const [first] = log.partitions;
  await first!.append(append(["a"]));
  assert.deepEqual(textsOf(await readAll(first!)), ["a"]);
  const told = beyond(first!, first!.end());
  await kafka.admin.recreate([{ name: topic, partitions: 2, replication: 1, configs: {} }]);
  await told;
  await assert.rejects(readAll(first!, 1), hasCode("kafka.topic-replaced"));
  await assert.rejects(first!.append(append(["b"])), hasCode("kafka.topic-replaced"));
  assert.notEqual((await openLog(t, kafka, topic)).identity, log.identity);
});

test("a topic that is missing is told at once, with what makes it", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  await assert.rejects(openLog(t, kafka, uniqueName("topic")), /loanstream topics create.*/);
  await assert.rejects(openLog(t, kafka, uniqueName("topic")), hasCode("kafka.topic-missing"));
});

test("what another process appends is told and read, by whoever waits at the end and from the beginning", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const log = await openLog(t, kafka, topic);
  const producer = await openProducer(kafka.settings, { topics: [topic] });
  t.after(() => producer.close());
  for (const text of ["a", "b"]) {
    const [, second] = log.partitions;
    const told = beyond(second!, second!.end());
    producer.sendTo(topic, 1, record(text));
    await told;
    assert.deepEqual(textsOf(await readAll(second!, text === "a" ? 0 : 1)), [text]);
    assert.deepEqual(textsOf(await readAll(second!)), text === "a" ? ["a"] : ["a", "b"]);
  }
  assert.equal(log.partitions[0]!.end(), 0);
});

test("of others' transactions what is committed is read, never what was aborted, and their marks end a read", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const [log] = (await openLog(t, kafka, topic)).partitions;
  const transactions = await transactionsOf(t, kafka, topic);
  const transact = async (texts: readonly string[], commit: boolean) => {
    const transaction = transactions.begin();
    for (const text of texts) transaction.sendTo(topic, 0, record(text));
    const end = log!.end();
    await (commit ? transaction.commit() : transaction.abort());
    await beyond(log!, end + texts.length);
  };
  await transact(["a", "b"], true);
  assert.deepEqual(textsOf(await readAll(log!)), ["a", "b"]);
  const read = 2;
  assert.ok(log!.end() > read, "the mark takes a position");
  assert.deepEqual(await readAll(log!, read), [], "a read that finds nothing but the mark ends");
  await transact(["c"], false);
  assert.deepEqual(await readAll(log!, read), []);
  await transact(["d"], true);
  assert.deepEqual(textsOf(await readAll(log!, read)), ["d"]);
  assert.deepEqual(textsOf(await readAll(log!)), ["a", "b", "d"]);
});

/** Of two partitions the one has record a of an open transaction, and b behind it. */
async function heldBack(t: TestContext, kafka: TestTopics) {
  const topic = await kafka.topic(2);
  const [held, free] = (await openLog(t, kafka, topic)).partitions;
  assert.ok(held && free);
  const transaction = (await transactionsOf(t, kafka, topic)).begin();
  transaction.sendTo(topic, 0, record("a"));
  await transaction.flush();
  return { held, free, transaction, position: await held.append(append(["b"])) };
}

test("an open transaction holds back its own partition alone, at no cost", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const { held, free, transaction, position } = await heldBack(t, kafka);
  assert.equal(position, 1);
  assert.equal(held.end(), 0, "nothing behind an open transaction can be read");
  assert.deepEqual(await readAll(held), []);
  await free.append(append(["c"]));
  assert.deepEqual(textsOf(await readAll(free)), ["c"]);
  const before = cpuUsage();
  await delay(500);
  const { user, system } = cpuUsage(before);
  assert.ok(user + system < 200_000, `waiting half a second took ${user + system} µs of CPU`);
  await transaction.commit();
  await beyond(held, position);
  assert.deepEqual(textsOf(await readAll(held)), ["a", "b"]);
});

test("what was deleted before it was read is told, with the oldest that is left", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const [log] = (await openLog(t, kafka, topic)).partitions;
  await log!.append(append(Array.from({ length: 20 }, (_, i) => `${i}`)));
  const truth = await startTruth(t, kafka.settings.bootstrap[0]!);
  await truth.delete(topic, 0, 12);
  const [late] = (await openLog(t, kafka, topic)).partitions;
  assert.deepEqual([late!.start(), late!.end()], [12, 20]);
  for (const one of [log!, late!]) {
    await assert.rejects(readAll(one, 5), (error: Error) => {
      assert.ok(hasCode("log.position-gone")(error));
      assert.match(error.message, new RegExp(`^${topic}:0: position 5 is no longer kept, the oldest is 12`));
      assert.match(error.message, /topics\.input\.retention/);
      return true;
    });
    assert.equal(one.start(), 12);
    assert.deepEqual(textsOf(await readAll(one, 12)).slice(0, 2), ["12", "13"]);
    await one.append(append(["more"]));
    assert.equal(textsOf(await readAll(one, 20)).at(-1), "more");
  }
});

test("a position that the cluster no longer has, since it lost records, is told", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const [log] = (await openLog(t, kafka, await kafka.topic(1))).partitions;
  await log!.append(append(["a"]));
  const told = beyond(log!, 100);
  assert.deepEqual(await readAll(log!, 100), []);
  await told;
  await assert.rejects(readAll(log!, 100), hasCode("kafka.offset-out-of-range"));
  const reading = openReading(onePartition(log!, ""), [1]);
  assert.equal(await reading.next(), null);
  assert.deepEqual(reading.positions(), [1], "who reads on elsewhere passes over nothing");
  assert.deepEqual(textsOf(await readAll(log!)), ["a"]);
  await log!.append(append(["b"]));
  assert.equal((await reading.next())?.batch.basePosition, 1);
});

test("a record larger than the topic takes is refused, and the log goes on", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1, { "max.message.bytes": "2000" });
  const settings = { ...kafka.settings, producer: { "compression.type": "none" } };
  const [log] = (await openLog(t, { ...kafka, settings }, topic)).partitions;
  await assert.rejects(log!.append(append(["x".repeat(4000)])), hasCode("kafka.message-too-large"));
  await log!.append(append(["b"]));
  assert.deepEqual(textsOf(await readAll(log!)), ["b"]);
});

test("a raw identifier is not appended, and of another process stops the read before its batch is given", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const [log] = (await openLog(t, kafka, topic, { forbidden: ["applicant.ssn"] })).partitions;
  const [other] = (await openLog(t, kafka, topic)).partitions;
  const isTold = (words: RegExp) => (error: Error) => {
    assert.ok(hasCode("kafka.raw-identifier")(error));
    assert.match(error.message, words);
    assert.match(error.message, new RegExp(`^${topic}:0: .* applicant\\.ssn as it is`));
    assert.match(error.message, /x-pii: drop/);
    assert.doesNotMatch(error.message, /6789/);
    return true;
  };
  const fine = ['{"applicant":{"ssn":null}}', '{"ssn":"123-45-6789"}', '{"applicant":{"name":"ssn"}}'];
  await log!.append(append(fine));
  const raw = append(["{}", '{"applicant":{"ssn":"123-45-6789"}}']);
  await assert.rejects(log!.append(raw), isTold(/nothing was appended/));
  await beyond(other!, fine.length - 1);
  assert.deepEqual(textsOf(await readAll(other!)), fine);
  await other!.append(raw);
  const told = beyond(log!, 4);
  await told;
  for (const from of [0, 3])
    await assert.rejects(readAll(log!, from), isTold(/position 4 carries .* start again/));
});

test("whether all can be read is known once a transaction before it has ended, or not for now", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const { held, free, transaction } = await heldBack(t, kafka);
  assert.equal(await free.settled(), true);
  assert.equal(await held.settled(), false);
  const settled = held.settled();
  await transaction.commit();
  assert.equal(await settled, true);
  assert.deepEqual(textsOf(await readAll(held)), ["a", "b"]);
});

test("that a topic has grown is told", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const lines: string[] = [];
  const warned = Promise.withResolvers<void>();
  const warn = (line: string) => {
    lines.push(line);
    warned.resolve();
  };
  await openLog(t, kafka, topic, { logger: { ...SILENT, warn }, lookEveryMs: 10 });
  await kafka.admin.grow(topic, 5);
  await warned.promise;
  assert.deepEqual(lines, [`${topic} has 5 partitions now, 2 are read: start again to read them all`]);
});

test("readers far apart each read all there is, beside one that follows", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const settings = { ...kafka.settings, consumer: { "max.partition.fetch.bytes": "5000" } };
  const [log] = (await openLog(t, { ...kafka, settings }, await kafka.topic(1))).partitions;
  const texts = Array.from({ length: 3000 }, (_, i) => `record ${i}`.padEnd(100 + (i % 7)));
  for (let at = 0; at < texts.length; at += 500) await log!.append(append(texts.slice(at, at + 500)));
  const starts = [0, 1000, 0, 2999, 1500, 3000];
  const found = await Promise.all(starts.map((start) => readAll(log!, start)));
  for (const [at, start] of starts.entries()) {
    assert.equal(found[at]!.length, texts.length - start);
    assert.equal(found[at]![0]?.position ?? start, start);
  }
  let at = 0;
  while (at < texts.length) {
    for await (const { basePosition, count } of log!.read(at)) {
      assert.equal(basePosition, at);
      at += Math.ceil(count / 2);
      break;
    }
  }
});
