/** Whoever follows a log on Kafka reads what Kafka's own client reads, whatever transactions others make meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EventLog, PartitionedLog } from "../../src/eventlog/event-log.ts";
import { openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import type { KafkaAdmin } from "../../src/kafka/admin.ts";
import type { Edge } from "../../src/kafka/offsets.ts";
import { openTransactions, type Transaction, type Transactions } from "../../src/kafka/transaction.ts";
import { SILENT } from "../../src/log.ts";
import { append, readAll, type StoredRecord } from "../conformance/event-log.ts";
import { tries } from "../tries.ts";
import { kafkaWithTopics, uniqueName } from "./broker.ts";
import { startTruth } from "./truth.ts";

const WRITERS = 2;
const PARTITIONS = 2;

interface Step {
  /** One of the others, or the log itself. */
  readonly writer: number;
  readonly does: "send" | "commit" | "abort" | "read";
  readonly partition: number;
  readonly records: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat(WRITERS),
  does: fc.constantFrom("send", "send", "commit", "abort", "read"),
  partition: fc.nat(PARTITIONS - 1),
  records: fc.integer({ min: 1, max: 4 }),
});

/** Reads on as often as the end has moved; `stop` reads what is left. */
function following(log: EventLog) {
  const found: StoredRecord[] = [];
  let wake = () => {};
  let stopped = false;
  log.onMore(() => wake());
  const done = (async () => {
    for (let through = -1, at = log.start(); ; ) {
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const end = log.end();
      if (end === through && stopped) return found;
      if (end === through) await more;
      through = log.end();
      for (const record of await readAll(log, at)) found.push(record);
      at = (found.at(-1)?.position ?? at - 1) + 1;
    }
  })();
  return {
    stop() {
      stopped = true;
      wake();
      return done;
    },
  };
}

/** What others do, and the log itself; what is left open is committed. */
async function play(
  log: PartitionedLog,
  topic: string,
  writers: readonly Transactions[],
  steps: readonly Step[],
) {
  const open: (Transaction | null)[] = writers.map(() => null);
  for (const [i, { writer, does, partition, records }] of steps.entries()) {
    const texts = Array.from({ length: records }, (_, row) => `${i}.${row}`);
    const transactions = writers[writer];
    if (does === "read") await readAll(log.partitions[partition]!);
    else if (transactions === undefined) await log.partitions[partition]!.append(append(texts));
    else if (does === "send") {
      open[writer] ??= transactions.begin();
      await send(open[writer], topic, partition, texts);
    } else {
      await open[writer]?.[does]();
      open[writer] = null;
    }
  }
  for (const transaction of open) await transaction?.commit();
  await log.append(append(["the last"]));
}

async function send(transaction: Transaction, topic: string, partition: number, texts: readonly string[]) {
  for (const text of texts)
    transaction.sendTo(topic, partition, {
      key: null,
      value: Buffer.from(text),
      headers: [],
      timestampMs: 1,
    });
  await transaction.flush();
}

/** Once every transaction is decided for readers, too, and each partition knows. */
async function settled(log: PartitionedLog, admin: KafkaAdmin, topic: string): Promise<void> {
  const edges = async (edge: Edge) => (await admin.offsets(topic, edge)).join();
  while ((await edges("stable-end")) !== (await edges("end"))) await new Promise(setImmediate);
  const ends = await admin.offsets(topic, "end");
  for (const [partition, each] of log.partitions.entries())
    while (each.end() < ends[partition]!) await new Promise(setImmediate);
}

test("who follows reads what Kafka's own client reads, and so does who begins anywhere", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const { admin, settings } = kafka;
  const truth = await startTruth(t, settings.bootstrap[0]!);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const topic = await kafka.topic(PARTITIONS);
      const log = await openKafkaLog(settings, { topic, key: null, forbidden: [], logger: SILENT });
      const followed = log.partitions.map(following);
      const writers = await Promise.all(
        Array.from({ length: WRITERS }, () =>
          openTransactions(settings, {
            transactionalId: uniqueName("transaction"),
            topics: [topic],
            timeoutMs: 60_000,
          }),
        ),
      );
      await play(log, topic, writers, steps);
      await settled(log, admin, topic);
      const found = await Promise.all(followed.map((each) => each.stop()));
      const expected = await truth.records(topic, "read_committed");
      for (const [partition, records] of found.entries()) {
        assert.deepEqual(
          records.map(({ position, text }) => [position, text]),
          expected.filter((one) => one.partition === partition).map(({ offset, value }) => [offset, value]),
        );
        const again = log.partitions[partition]!;
        for (let from = 0; from <= again.end(); from += 3) {
          const wanted = records.filter(({ position }) => position >= from);
          assert.deepEqual(await readAll(again, from), wanted);
        }
      }
      await Promise.all(writers.map((each) => each.close()));
      await log.close();
    }),
    { numRuns: tries(4) },
  );
});
