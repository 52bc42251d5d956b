/** We and Kafka's own Java client agree. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { openProducer } from "../../src/kafka/producer.ts";
import { partitionOf } from "../../src/kafka/records/partition-of.ts";
import { openTransactions, type Transaction, type Transactions } from "../../src/kafka/transaction.ts";
import type { Compression } from "../../src/kafka/tuning.ts";
import { kafkaWithTopics, type TestTopics, uniqueName } from "./broker.ts";
import { asTruth, readAll } from "./read-all.ts";
import { startTruth, type Truth } from "./truth.ts";

const record = (key: string, value: string) => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: [],
  timestampMs: Date.now(),
});

/** What one of the producers does next. */
type Step = {
  readonly producer: number;
  readonly does: "send" | "commit" | "abort";
  readonly records: number;
};

const PRODUCERS = 3;
const step: fc.Arbitrary<Step> = fc.record({
  producer: fc.nat(PRODUCERS - 1),
  does: fc.constantFrom("send", "send", "commit", "abort"),
  records: fc.integer({ min: 1, max: 6 }),
});

/** The transactions left open. */
async function play(
  all: readonly Transactions[],
  topic: string,
  steps: readonly Step[],
): Promise<readonly Transaction[]> {
  const open: (Transaction | null)[] = all.map(() => null);
  for (const [at, { producer, does, records }] of steps.entries()) {
    const transaction = open[producer] ?? all[producer]!.begin();
    open[producer] = transaction;
    if (does === "send") {
      for (let row = 0; row < records; row++)
        transaction.send(topic, record(`k${row}`, `${producer}.${at}.${row}`));
      await transaction.flush();
      continue;
    }
    await transaction[does]();
    open[producer] = null;
  }
  return open.filter((transaction) => transaction !== null);
}

const openAll = (t: TestContext, kafka: TestTopics, topic: string): Promise<Transactions[]> =>
  Promise.all(
    Array.from({ length: PRODUCERS }, async () => {
      const options = { transactionalId: uniqueName("transaction"), topics: [topic], timeoutMs: 30_000 };
      const transactions = await openTransactions(kafka.settings, options);
      t.after(() => transactions.close());
      return transactions;
    }),
  );

/** The end of a transaction is answered before its markers are written: what both read may not have changed meanwhile. */
async function agree(kafka: TestTopics, truth: Truth, topic: string): Promise<void> {
  for (const level of ["read_committed", "read_uncommitted"] as const) {
    const ours = async () => asTruth(await readAll(kafka, topic, level === "read_committed"));
    let before = await ours();
    for (;;) {
      const theirs = await truth.read(topic, level);
      const after = await ours();
      if (isDeepStrictEqual(before, after)) {
        assert.deepEqual(after, theirs);
        break;
      }
      before = after;
    }
  }
}

test("Kafka's Java client", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const truth = await startTruth(t, kafka.settings.bootstrap[0] ?? "");

  await t.test("puts every key on the same partition, for 1 to 13 partitions", async () => {
    const keys = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 40 }), { numRuns: 500, seed: 1 });
    keys.push(...Array.from({ length: 100 }, (_, row) => Buffer.from(`application-${row}`)));
    for (let count = 1; count <= 13; count++) {
      const ours = keys.map((key) => partitionOf(key, count));
      assert.deepEqual(ours, await truth.partitions(count, keys));
    }
  });

  await t.test("reads what our producer sends, in each compression", async () => {
    for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] satisfies Compression[]) {
      const topic = await kafka.topic(2);
      const settings = { ...kafka.settings, producer: { "compression.type": compression } };
      const producer = await openProducer(settings, { topics: [topic] });
      for (let row = 0; row < 500; row++) producer.send(topic, record(`k${row}`, `${row} `.repeat(40)));
      await producer.close();
      assert.equal((await truth.read(topic, "read_committed")).length, 500);
      await agree(kafka, truth, topic);
    }
  });

  await t.test("gives the same records of committed, aborted and open transactions", async (t) => {
    const topic = await kafka.topic(2);
    const all = await openAll(t, kafka, topic);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const open = await play(all, topic, steps);
        await agree(kafka, truth, topic);
        for (const [at, transaction] of open.entries())
          await transaction[at % 2 === 0 ? "abort" : "commit"]();
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
