import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Edge } from "../../src/kafka/offsets.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { kafkaWithTopics, type TestTopics, uniqueName } from "./broker.ts";
import { readAll } from "./read-all.ts";

const record = (key: string, value: string) => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: [],
  timestampMs: Date.now(),
});

async function open(t: TestContext, kafka: TestTopics, transactionalId: string, topic: string) {
  const options = { transactionalId, topics: [topic], timeoutMs: 30_000 };
  const transactions = await openTransactions(kafka.settings, options);
  t.after(() => transactions.close());
  return transactions;
}

/** A commit is certain once it returned, and visible a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(5);
}

async function values(kafka: TestTopics, topic: string) {
  const ends = async (edge: Edge) => (await kafka.admin.offsets(topic, edge)).join();
  await until(async () => (await ends("stable-end")) === (await ends("end")));
  return (await readAll(kafka, topic)).map(({ value }) => value.toString());
}

test("what is committed is visible together with its offsets, what is aborted never", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const group = uniqueName("group");
  const transactions = await open(t, kafka, uniqueName("transaction"), topic);
  for (const [at, does] of (["commit", "abort", "commit"] as const).entries()) {
    const transaction = transactions.begin();
    for (const key of ["a", "b", "c"]) transaction.send(topic, record(key, `${at}`));
    transaction.offsets(group, [
      { topic, partition: 0, offset: at * 10 },
      { topic, partition: 1, offset: at * 10 + 1 },
    ]);
    await transaction[does]();
    if (does === "commit") {
      await until(async () => {
        const lags = await kafka.admin.lag(group);
        const committed = lags.map((one) => `${one.partition}=${one.committed}`).sort();
        return committed.join() === `0=${at * 10},1=${at * 10 + 1}`;
      });
    }
  }
  await transactions.close();
  assert.deepEqual((await values(kafka, topic)).sort(), ["0", "0", "0", "2", "2", "2"]);
});

test("a transaction with offsets alone commits, and an empty one needs no broker", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const group = uniqueName("group");
  const transactions = await open(t, kafka, uniqueName("transaction"), topic);
  await transactions.begin().commit();
  await transactions.begin().abort();
  const transaction = transactions.begin();
  transaction.offsets(group, [{ topic, partition: 0, offset: 7 }]);
  await transaction.commit();
  await transactions.close();
  await until(async () => (await kafka.admin.lag(group)).length > 0);
  assert.deepEqual(await kafka.admin.lag(group), [{ topic, partition: 0, committed: 7, end: 0, lag: 0 }]);
});

test("a restart under the same id aborts what was open and shuts the one before out", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const id = uniqueName("transaction");
  const before = await open(t, kafka, id, topic);
  const zombie = before.begin();
  zombie.send(topic, record("k", "zombie"));
  await zombie.flush();
  const after = await open(t, kafka, id, topic);
  const transaction = after.begin();
  transaction.send(topic, record("k", "new"));
  await transaction.commit();
  zombie.send(topic, record("k", "zombie again"));
  await assert.rejects(zombie.commit(), /another process took over .*\[kafka\.fenced\]/);
  assert.throws(() => before.begin(), /used wrongly: one failed/);
  const next = after.begin();
  next.send(topic, record("k", "newer"));
  await next.commit();
  await Promise.all([before.close(), after.close()]);
  assert.deepEqual(await values(kafka, topic), ["new", "newer"]);
});

test("a transaction that is opened tells at once that another took the id over", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const id = uniqueName("transaction");
  const before = await open(t, kafka, id, topic);
  await before.begin().open(topic, 0);
  const after = await open(t, kafka, id, topic);
  const transaction = after.begin();
  await transaction.open(topic, 0);
  transaction.sendTo(topic, 0, record("k", "new"));
  await transaction.commit();
  const last = await open(t, kafka, id, topic);
  await assert.rejects(after.begin().open(topic, 0), /\[kafka\.fenced\]/);
  await last.close();
  assert.deepEqual(await values(kafka, topic), ["new"]);
});

test("a writer's place is taken again from nobody else, who goes on", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const transactionalId = uniqueName("transaction");
  const options = { transactionalId, topics: [topic], timeoutMs: 30_000 };
  const first = await open(t, kafka, transactionalId, topic);
  const left = first.begin();
  left.sendTo(topic, 0, record("k", "left open"));
  await left.flush();
  const again = await openTransactions(kafka.settings, { ...options, before: first.writer });
  t.after(() => again.close());
  const transaction = again.begin();
  transaction.sendTo(topic, 0, record("k", "again"));
  await transaction.commit();
  const other = await open(t, kafka, transactionalId, topic);
  const opening = openTransactions(kafka.settings, { ...options, before: again.writer });
  await assert.rejects(opening, /\[kafka\.fenced\]/);
  const others = other.begin();
  others.sendTo(topic, 0, record("k", "other"));
  await others.commit();
  assert.deepEqual(await values(kafka, topic), ["again", "other"]);
});

test("a transaction that failed commits nothing, and one opened anew goes on", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1, { "max.message.bytes": "5000" });
  const id = uniqueName("transaction");
  const failing = await open(t, kafka, id, topic);
  const transaction = failing.begin();
  transaction.send(topic, record("k", "good"));
  await transaction.flush();
  const noise = Array.from({ length: 2000 }, (_, row) => Math.imul(row, 2_654_435_761).toString(36)).join("");
  transaction.send(topic, record("k", noise));
  await assert.rejects(transaction.commit(), /\[kafka\.message-too-large\]/);
  await failing.close();
  const fresh = await open(t, kafka, id, topic);
  const next = fresh.begin();
  next.send(topic, record("k", "better"));
  await next.commit();
  await fresh.close();
  assert.deepEqual(await values(kafka, topic), ["better"]);
});

test("transactions of more than one batch a partition keep the order of their records", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const settings = { ...kafka.settings, producer: { "batch.size": "300" } };
  const options = { transactionalId: uniqueName("transaction"), topics: [topic], timeoutMs: 30_000 };
  const transactions = await openTransactions(settings, options);
  t.after(() => transactions.close());
  for (let at = 0; at < 3; at++) {
    const transaction = transactions.begin();
    for (let row = 0; row < 100; row++) transaction.send(topic, record("k", `${at * 100 + row}`));
    await transaction.commit();
  }
  await transactions.close();
  assert.deepEqual(
    await values(kafka, topic),
    Array.from({ length: 300 }, (_, row) => `${row}`),
  );
});
