import assert from "node:assert/strict";
import { test } from "node:test";
import { openAdmin } from "../../src/kafka/admin.ts";
import { openReader } from "../../src/kafka/fetch.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { ownKafka } from "./broker.ts";
import { reads } from "./read-all.ts";

const record = (value: string) => ({
  key: Buffer.from(value),
  value: Buffer.from(value),
  headers: [],
  timestampMs: Date.now(),
});

test("a broker that is killed", async (t) => {
  const broker = await ownKafka(t);
  if (broker === null) return;
  const { settings } = broker;
  const admin = await openAdmin(settings);
  t.after(() => admin.close());
  const topic = "topic";
  await admin.create([{ name: topic, partitions: 2, replication: 1, configs: {} }]);
  const from = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));

  await t.test(
    "and started again loses nothing and doubles nothing of a producer's, and a reader goes on",
    async (t) => {
      const troubles = new Set<string>();
      const onTrouble = (trouble: Error) => troubles.add(/\[(.*)]/.exec(trouble.message)?.[1] ?? "");
      const producer = await openProducer(settings, { topics: [topic], onTrouble });
      t.after(() => producer.close());
      const reader = await openReader(settings, { from, committedOnly: true, onTrouble });
      t.after(() => reader.close());
      const count = 3000;
      const seen: number[] = [];
      const reading = (async () => {
        while (seen.length < count) {
          for (const { batches } of await reader.next()) {
            seen.push(...batches.flatMap(reads).map(({ value }) => Number(value.toString())));
          }
        }
      })();
      let restarted: Promise<void> | undefined;
      for (let row = 0; row < count; row++) {
        producer.send(topic, record(`${row}`));
        if (row === 1000) restarted = broker.kill().then(broker.start);
        if (row % 100 === 0) await new Promise(setImmediate);
      }
      await restarted;
      await producer.flush();
      await reading;
      assert.deepEqual({ ...producer.counts }, { sent: count, acknowledged: count, failed: 0 });
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        [...Array(count).keys()],
      );
      assert.ok(troubles.has("kafka.unreachable"));
    },
  );

  await t.test("in the middle of a transaction takes nothing from it", async (t) => {
    const options = { transactionalId: "one", topics: [topic], timeoutMs: 60_000 };
    const transactions = await openTransactions(settings, options);
    t.after(() => transactions.close());
    const ends = await admin.offsets(topic, "end");
    const transaction = transactions.begin();
    transaction.sendTo(topic, 0, record("before"));
    await transaction.flush();
    await broker.kill();
    await broker.start();
    transaction.sendTo(topic, 0, record("behind"));
    await transaction.commit();
    const behind = ends.map((offset, partition) => ({ topic, partition, offset }));
    const reader = await openReader(settings, { from: behind, committedOnly: true });
    t.after(() => reader.close());
    const values: string[] = [];
    while (values.length < 2) {
      for (const { batches } of await reader.next()) {
        values.push(...batches.flatMap(reads).map(({ value }) => value.toString()));
      }
    }
    assert.deepEqual(values, ["before", "behind"]);
  });

  await t.test("is given up by a signal, with every record settled and why", async (t) => {
    const stop = new AbortController();
    const troubled = Promise.withResolvers<void>();
    const onTrouble = () => troubled.resolve();
    const producer = await openProducer(settings, { topics: [topic], signal: stop.signal, onTrouble });
    t.after(() => producer.close());
    await broker.kill();
    const codes: (string | undefined)[] = [];
    for (let row = 0; row < 3; row++) {
      producer.send(topic, record(`${row}`), (error) => codes.push(error?.diagnostics[0].code));
    }
    await troubled.promise;
    stop.abort();
    await producer.flush();
    assert.deepEqual(codes, Array(3).fill("kafka.unreachable"));
    assert.deepEqual({ ...producer.counts }, { sent: 3, acknowledged: 0, failed: 3 });
  });

  await t.test("is unreachable for a producer that begins then", async () => {
    const opening = openProducer(settings, { topics: [topic] });
    await assert.rejects(opening, /no broker answers \(ECONNREFUSED\) \[kafka\.unreachable\]/);
  });
});
