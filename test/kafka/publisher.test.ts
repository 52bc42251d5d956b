import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openAdmin } from "../../src/kafka/admin.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { alertReader, raisedRow } from "../../src/output/alert.ts";
import { ALERTS } from "../../src/pipeline/alerts.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { type KafkaPublisherOptions, openKafkaPublisher } from "../../src/publish/kafka.ts";
import { type OutboxStore, sendOutbox } from "../../src/publish/outbox.ts";
import type { Publication, Publisher } from "../../src/publish/publisher.ts";
import { publicationRecords } from "../../src/publish/records.ts";
import type { Change } from "../../src/store/changes.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { someRow } from "../publish/rows.ts";
import { brokerOfThisFile } from "./filled-topics.ts";
import { startTruth, type TruthRecord } from "./truth.ts";

const pipeline = loadPipeline("pipeline");
const [table] = pipeline.tables;
const [alert] = pipeline.alerts;
assert.ok(table && alert);
const APPLICATION = "loanstream";
const ROWS = 3;

/** The commits of a store, each of some rows: the first is number 1. */
function commitOf(number: number, more: Partial<Publication> = {}): Publication {
  const rows = Array.from({ length: ROWS }, (_, row) => someRow(table!, number * 10 + row));
  const at = { seq: number * ROWS, positions: [number, number * 2], triggered: null };
  return { ...at, tables: [{ table: table!.name, rows }], late: [], dead: [], ...more };
}

const kafka = await brokerOfThisFile();
const opened = "skipped" in kafka ? null : await open(kafka.settings);

async function open(settings: KafkaSettings) {
  const admin = await openAdmin(settings);
  after(() => admin.close());
  const truth = await startTruth({ after: after as TestContext["after"] }, settings.bootstrap[0] ?? "");
  return { admin, truth };
}

describe("a publisher on Kafka", { skip: "skipped" in kafka ? kafka.skipped : false }, () => {
  if ("skipped" in kafka || opened === null) return;
  const { settings, broker } = kafka;
  const { admin, truth } = opened;

  /** Each test has the topics for itself. */
  async function fresh(t: TestContext) {
    await admin.recreate(wantedTopics(pipeline));
    return async (storeId: string, more: Partial<KafkaPublisherOptions> = {}): Promise<Publisher> => {
      const publisher = await openKafkaPublisher(settings, {
        applicationId: APPLICATION,
        pipeline,
        storeId,
        onTrouble: () => {},
        signal: t.signal,
        nowMs: Date.now,
        ...more,
      });
      t.after(() => publisher.close());
      return publisher;
    };
  }

  async function publish(publisher: Publisher, publication: Publication): Promise<void> {
    await publisher.begin();
    await publisher.publish(publication);
  }

  /** What Kafka's own client reads of a topic, once nothing in it is undecided. */
  async function readable(topic: string): Promise<readonly TruthRecord[]> {
    const ends = async (edge: "end" | "stable-end") => (await admin.offsets(topic, edge)).join();
    while ((await ends("stable-end")) !== (await ends("end"))) await delay(5);
    return truth.records(topic, "read_committed");
  }

  /** The rows of commits that can be read, as `number * 10 + row`. */
  async function numbers(): Promise<readonly number[]> {
    const keys = (await readable(table!.topic)).map(({ key }) => Number(key?.match(/ (\d+)"}$/)?.[1]));
    return keys.toSorted((a, b) => a - b);
  }

  const numbersOf = (...commits: readonly number[]) =>
    commits.flatMap((number) => Array.from({ length: ROWS }, (_, row) => number * 10 + row));

  const markers = async () =>
    (await readable("loan.commits")).map(({ key, value }) => ({ key, ...JSON.parse(value ?? "") }));

  test("lets rows, alerts, late and dead records be read together with the marker and the offsets", async (t) => {
    const open = await fresh(t);
    const publisher = await open("store");
    assert.equal(publisher.published, null);
    const record = Buffer.from('{"application_id":"a-1"}');
    const place = { partition: 1, position: 4 };
    const everything = commitOf(1, {
      tables: [...pipeline.tables, alert.rows].map((one) => ({ table: one.name, rows: [someRow(one, 1)] })),
      triggered: { positions: [1, 1], unread: [1] },
      late: [{ ...place, record }],
      dead: [{ ...place, path: "$.x", reason: "is missing", record: Buffer.from("no JSON") }],
    });
    await publish(publisher, everything);
    const expected = [...publicationRecords(pipeline)(everything)].map(({ topic, key, value, headers }) => ({
      topic,
      key: key && Buffer.from(key).toString(),
      value: Buffer.from(value).toString(),
      headers: headers.map((header) => [header.key, Buffer.from(header.value).toString()]),
    }));
    for (const topic of new Set(expected.map((one) => one.topic))) {
      const found = (await readable(topic)).map(({ key, value, headers }) => ({
        topic,
        key,
        value,
        headers,
      }));
      const byText = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
      assert.deepEqual(
        found.toSorted(byText),
        expected.filter((one) => one.topic === topic).toSorted(byText),
      );
    }
    const { storeId, seq, positions, triggered } = publisher.published!;
    assert.deepEqual(
      { seq, positions, triggered },
      { seq: 3, positions: [1, 2], triggered: everything.triggered },
    );
    const { instance, ...last } = (await markers()).at(-1) ?? {};
    assert.deepEqual(last, { key: APPLICATION, store_id: storeId, seq, positions, triggered });
    assert.match(instance, /^[0-9a-f-]{36}$/);
    const committed = async () =>
      (await admin.lag(APPLICATION)).map((one) => `${one.topic} ${one.partition} ${one.committed}`).sort();
    while ((await committed()).length === 0) await delay(5);
    assert.deepEqual(await committed(), ["loan.applications 0 1", "loan.applications 1 2"]);
  });

  test("leaves out of late and dead records what their topics don't take, and says where it stands", async (t) => {
    const open = await fresh(t);
    const [late, dlq] = [`${pipeline.source.topic}.late`, `${pipeline.source.topic}.dlq`];
    for (const topic of [late, dlq]) await admin.configure(topic, { "max.message.bytes": "3000" });
    const publisher = await open("store");
    const noise = Array.from({ length: 2000 }, (_, at) => Math.imul(at, 2_654_435_761).toString(36)).join("");
    const large = Buffer.from(JSON.stringify({ application_id: noise }));
    const small = Buffer.from("{}");
    const at = (position: number, record: Buffer) => ({ partition: 1, position, record });
    const why = { path: "$.x", reason: "is missing" };
    await publish(
      publisher,
      commitOf(1, {
        late: [at(4, small), at(5, large)],
        dead: [large, small, large].map((record, row) => ({ ...at(6 + row, record), ...why })),
      }),
    );
    await publish(publisher, commitOf(2));
    assert.deepEqual(await numbers(), numbersOf(1, 2));
    const told = (position: number) =>
      `too large for this topic: it is record ${position} of partition 1 of ${pipeline.source.topic}`;
    const of = async (topic: string) =>
      (await readable(topic)).map(({ key, value, headers }) => {
        const found = new Map(headers.map(([name, text]) => [name, text]));
        return [key, value, found.get("loanstream.left_out"), found.get("__streams.errors.offset")];
      });
    assert.deepEqual(await of(late), [
      [null, "{}", undefined, undefined],
      [null, "", told(5), undefined],
    ]);
    assert.deepEqual(await of(dlq), [
      [null, "{}", undefined, "7"],
      [null, "", told(6), "6"],
      [null, "", told(8), "8"],
    ]);
  });

  test("goes on where it ended, with the offsets of its last commit", async (t) => {
    const open = await fresh(t);
    const first = await open("store");
    for (const number of [1, 2, 3]) await publish(first, commitOf(number));
    await first.close();
    const { seq, positions } = (await open("store")).published!;
    assert.deepEqual({ seq, positions }, { seq: 3 * ROWS, positions: [3, 6] });
    assert.deepEqual(await numbers(), numbersOf(1, 2, 3));
    const committed = async () => (await admin.lag(APPLICATION)).map((one) => one.committed).sort();
    while ((await committed())[0] !== 3) await delay(5);
    assert.deepEqual(await committed(), [3, 6]);
  });

  test("of another store is refused, and disturbs nobody", async (t) => {
    const open = await fresh(t);
    const publisher = await open("store");
    await publish(publisher, commitOf(1));
    await publisher.begin();
    await assert.rejects(open("other"), /of store store, this directory's is other \[publish\.other-store\]/);
    await publisher.publish(commitOf(2));
    await publish(publisher, commitOf(3));
    assert.deepEqual(await numbers(), numbersOf(1, 2, 3));
  });

  test("is refused where outputs are that nobody knows", async (t) => {
    const open = await fresh(t);
    await publish(await open("store"), commitOf(1));
    const opening = open("store", { applicationId: "another" });
    await assert.rejects(
      opening,
      /loan\.output\.risk: .* application another .*\[publish\.unknown-outputs\]/,
    );
  });

  test("that another instance took over from writes nothing more", async (t) => {
    const open = await fresh(t);
    const first = await open("store");
    await publish(first, commitOf(1));
    await first.begin();
    const second = await open("store");
    assert.equal(second.published?.seq, ROWS);
    const told = /another instance with the application id loanstream took over.*\[kafka\.fenced\]/;
    await assert.rejects(first.publish(commitOf(2)), told);
    await publish(second, commitOf(2));
    const third = await open("store");
    await assert.rejects(second.begin(), told);
    await publish(third, commitOf(3));
    assert.deepEqual(await numbers(), numbersOf(1, 2, 3));
  });

  test("that another instance took over from finds out though it has nothing to publish", async (t) => {
    const open = await fresh(t);
    let passedMs = 0;
    const first = await open("store", { steadyMs: () => performance.now() + passedMs });
    await publish(first, commitOf(1));
    passedMs += 10_000;
    await first.look();
    const second = await open("store");
    passedMs += 10_000;
    await assert.rejects(first.look(), /another instance .* took over.*\[kafka\.fenced\]/);
    await second.look();
    await publish(second, commitOf(2));
    assert.deepEqual(await numbers(), numbersOf(1, 2));
  });

  test("drops what was begun and not published", async (t) => {
    const open = await fresh(t);
    const publisher = await open("store");
    await publisher.begin();
    await publisher.begin();
    await publisher.publish(commitOf(1));
    await publisher.begin();
    await publisher.close();
    assert.deepEqual(await numbers(), numbersOf(1));
    assert.equal((await open("store")).published?.seq, ROWS);
  });

  test("that ended in a transaction left nothing, and its outbox is sent once though sending ends in between", async (t) => {
    const open = await fresh(t);
    const first = await open("store");
    await publish(first, commitOf(1));
    await first.close();
    const killed = await openTransactions(settings, {
      transactionalId: APPLICATION,
      topics: [table.topic, "loan.commits"],
      timeoutMs: 60_000,
    });
    const transaction = killed.begin();
    for (const { topic, key, value, headers } of publicationRecords(pipeline)(commitOf(2)))
      transaction.send(topic, { key: key!, value, headers, timestampMs: Date.now() });
    await transaction.flush();
    await killed.close();

    const raised = raisedRow(alertReader(alert, pipeline.currency)(someRow(alert.rows, 1)));
    const changes: readonly Change[] = [
      ...[1, 2, 3].flatMap((number) =>
        (commitOf(number).tables[0]?.rows ?? []).map((row, at) => ({
          seq: number * ROWS - ROWS + 1 + at,
          table: table.name,
          row,
        })),
      ),
      { seq: 10, table: ALERTS, row: [...raised, 6] },
    ];
    let asked = 0;
    const store = (endsAfter: number): OutboxStore => ({
      changes(tables, afterSeq, limit) {
        if (asked++ === endsAfter) throw new Error("the process ends");
        const found = changes.filter((one) => one.seq > afterSeq && tables.includes(one.table));
        return found.slice(0, limit);
      },
      lateRecords: ({ after: { partition, position } = { partition: 0, position: 0 } }) =>
        [
          { partition: 1, position: 1 },
          { partition: 1, position: 5 },
        ].filter(
          (place) =>
            place.partition > partition || (place.partition === partition && place.position > position),
        ),
      deadLetters: () => [],
    });
    const log = {
      start: () => 0,
      async *read() {
        const bytes = Buffer.from("{}\n");
        const offsets = Uint32Array.of(0, bytes.length);
        yield { partition: 1, basePosition: 5, count: 1, bytes, offsets, ingestTimesMs: null };
      },
    };
    const outbox = (endsAfter: number) => ({
      pipeline,
      store: store(endsAfter),
      committed: { seq: 10, positions: [3, 6], triggered: null },
      log: [log, log],
    });
    const second = await open("store");
    assert.deepEqual(await numbers(), numbersOf(1));
    await assert.rejects(sendOutbox(second, outbox(2), 2), /the process ends/);
    await second.close();
    const third = await open("store");
    const { seq, positions } = third.published!;
    assert.deepEqual({ seq, positions }, { seq: 7, positions: [1, 2] });
    assert.deepEqual(await sendOutbox(third, outbox(-1), 2), { changes: 3, late: 1, dead: 0, gone: 0 });
    assert.deepEqual(await numbers(), numbersOf(1, 2, 3));
    assert.equal((await readable("loan.alerts")).length, 1);
    assert.deepEqual(
      (await readable(`${pipeline.source.topic}.late`)).map(({ value }) => value),
      ["{}"],
    );
    assert.deepEqual(third.published?.positions, [3, 6]);
  });

  test("that was silent for too long goes on, unless another took over meanwhile", async (t) => {
    const open = await fresh(t);
    const timeoutMs = 500;
    let passedMs = 0;
    const publisher = await open("store", { timeoutMs, steadyMs: () => performance.now() + passedMs });
    await publish(publisher, commitOf(1));
    await publisher.begin();
    const end = async () => (await admin.offsets("loan.commits", "end"))[0] ?? 0;
    const before = await end();
    // What the broker gives up ends with a record of its own.
    while ((await end()) === before) await delay(20);
    await publisher.publish(commitOf(2));
    await publish(publisher, commitOf(3));
    const taken = await openTransactions(settings, { transactionalId: APPLICATION, topics: [], timeoutMs });
    passedMs = 2 * timeoutMs;
    await assert.rejects(publisher.begin(), /\[kafka\.fenced\]/);
    const transaction = taken.begin();
    await transaction.open("loan.commits", 0);
    await transaction.commit();
    await taken.close();
    assert.deepEqual(await numbers(), numbersOf(1, 2, 3));
  });

  test("publishes each commit once though the broker is killed in between", async (t) => {
    const open = await fresh(t);
    const troubles = new Set<string>();
    const publisher = await open("store", {
      onTrouble: ({ diagnostics: [{ code }] }) => troubles.add(code),
    });
    let restarted: Promise<void> | undefined;
    const all = Array.from({ length: 40 }, (_, at) => at + 1);
    for (const number of all) {
      await publisher.begin();
      if (number === 20) {
        await broker.kill();
        restarted = broker.start();
      }
      await publisher.publish(commitOf(number));
    }
    await restarted;
    assert.ok(troubles.has("kafka.unreachable"), [...troubles].join());
    assert.deepEqual(await numbers(), numbersOf(...all));
    assert.equal(publisher.published?.seq, all.length * ROWS);
  });
});
