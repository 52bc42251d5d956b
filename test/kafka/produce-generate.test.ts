import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { generateTo } from "../../src/cli/generate.ts";
import { type KafkaAdmin, openAdmin } from "../../src/kafka/admin.ts";
import { partitionOf } from "../../src/kafka/records/partition-of.ts";
import { textReader } from "../../src/topics/event-record.ts";
import { loanstream, start } from "../cli/command-line.ts";
import { kafkaWithTopics, ownKafka, sharedKafka, USERS, uniqueName } from "./broker.ts";
import { type Read, readAll } from "./read-all.ts";

const directory = mkdtempSync(join(tmpdir(), "loanstream-produce-"));
after(() => rmSync(directory, { recursive: true }));

/** The lines that a file would get. */
async function linesOf(options: readonly string[]): Promise<string[]> {
  const out = join(directory, "events.ndjson");
  await generateTo(process.stdout, [...options, "--out", out]);
  return readFileSync(out, "utf8").trimEnd().split("\n");
}

const values = (records: readonly Read[]) => records.map(({ value }) => value.toString());
const textOf = (key: Uint8Array | null) => (key === null ? null : Buffer.from(key).toString());
const keyIn = textReader("application_id");
const addressOf = (bootstrap: readonly string[]) => ({ LOANSTREAM_KAFKA_BOOTSTRAP: bootstrap.join(",") });

async function records(admin: KafkaAdmin, topic: string): Promise<number> {
  return (await admin.offsets(topic, "end")).reduce((sum, offset) => sum + offset, 0);
}

async function someAreThere(admin: KafkaAdmin, topic: string): Promise<void> {
  while ((await records(admin, topic)) === 0) await delay(10);
}

test("a topic gets the events of a file, each application's in order on the partition of its key", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(3);
  const options = ["--events", "3000", "--seed", "7", "--bad-share", "0.1", "--bad", "truncated,late"];
  const { exitCode, stdout, stderr } = await loanstream(
    ["generate", ...options, "--out", `kafka:${topic}`],
    addressOf(kafka.settings.bootstrap),
  );
  assert.match(stderr, /^3000 sent, 3000 acknowledged, 0 failed\n$/m);
  assert.deepEqual([exitCode, stdout], [0, ""]);
  const found = await readAll(kafka, topic);
  const lines = await linesOf(options);
  assert.deepEqual(values(found).sort(), [...lines].sort());
  const keyed = found.filter(({ key }) => key !== null);
  assert.ok(keyed.length > 2700);
  for (const { key, value, partition } of keyed) {
    const whole = keyIn(value);
    if (whole !== null) assert.equal(textOf(key), whole);
    assert.equal(partition, partitionOf(key ?? new Uint8Array(), 3));
  }
  const sent = Map.groupBy(lines, (line) => /"application_id":"(.*?)"/.exec(line)?.[1] ?? null);
  for (const [key, ofOne] of Map.groupBy(keyed, (record) => textOf(record.key)))
    assert.deepEqual(values(ofOne), sent.get(key));
});

test("paced events are of now, and Ctrl-C ends them with every one acknowledged", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const topic = await kafka.topic(2);
  const beganMs = Date.now();
  const options = ["--paced", "--rate", "500", "--rhythm", "flat", "--out", `kafka:${topic}`];
  const command = start(["generate", ...options], addressOf(kafka.settings.bootstrap));
  await someAreThere(kafka.admin, topic);
  command.interrupt();
  const { exitCode, stderr } = await command.outcome;
  const found = await readAll(kafka, topic);
  assert.match(stderr, new RegExp(`^${found.length} sent, ${found.length} acknowledged, 0 failed\n$`, "m"));
  assert.equal(exitCode, 0);
  for (const { value } of found) {
    const eventTimeMs = Date.parse(JSON.parse(value.toString()).event_time);
    assert.ok(eventTimeMs > beganMs - 60_000 && eventTimeMs < Date.now());
  }
});

test("a broker that is killed and comes back has every event once", async (t) => {
  const broker = await ownKafka(t);
  if (broker === null) return;
  const { settings } = broker;
  const admin = await openAdmin(settings);
  t.after(() => admin.close());
  const topic = "topic";
  await admin.create([{ name: topic, partitions: 2, replication: 1, configs: {} }]);
  const options = ["--events", "8000", "--seed", "3"];
  const command = start(["generate", ...options, "--out", `kafka:${topic}`], {
    ...addressOf(settings.bootstrap),
    LOANSTREAM_KAFKA_PRODUCER: "buffer.memory=65536,batch.size=16384",
  });
  await someAreThere(admin, topic);
  await broker.kill();
  await command.said("waits and tries again");
  await broker.start();
  const { exitCode, stderr } = await command.outcome;
  assert.match(stderr, /goes on[^\n]*\n8000 sent, 8000 acknowledged, 0 failed\n$/);
  assert.equal(exitCode, 0);
  const found = await readAll({ settings, admin }, topic);
  assert.deepEqual(values(found).sort(), (await linesOf(options)).sort());
});

const LEAST_EVENT_BYTES = 500;

test("while a broker is gone no more waits than the buffer holds, and a second Ctrl-C leaves that behind", async (t) => {
  const broker = await ownKafka(t);
  if (broker === null) return;
  const admin = await openAdmin(broker.settings);
  t.after(() => admin.close());
  await admin.create([{ name: "topic", partitions: 1, replication: 1, configs: {} }]);
  const options = ["--paced", "--rate", "2000", "--rhythm", "flat", "--out", "kafka:topic"];
  const bufferBytes = 65_536;
  const command = start(["generate", ...options], {
    ...addressOf(broker.settings.bootstrap),
    LOANSTREAM_KAFKA_PRODUCER: `buffer.memory=${bufferBytes}`,
  });
  await someAreThere(admin, "topic");
  await broker.kill();
  await command.said("waits and tries again");
  command.interrupt();
  await command.said("Ctrl-C again");
  command.interrupt();
  const { exitCode, stderr } = await command.outcome;
  const [, left] = /\d+ sent, \d+ acknowledged, 0 failed, (\d+) left behind\n$/.exec(stderr) ?? [];
  assert.ok(Number(left) > 0 && Number(left) < bufferBytes / LEAST_EVENT_BYTES, stderr);
  assert.equal(exitCode, 1);
});

test("what keeps events from Kafka is one line with what to do", async (t) => {
  const kafka = await kafkaWithTopics(t);
  if (kafka === null) return;
  const send = async (topic: string, environment: Readonly<Record<string, string>> = {}) => {
    const options = ["--events", "500", "--out", `kafka:${topic}`];
    const { exitCode, stderr } = await loanstream(["generate", ...options], {
      ...addressOf(kafka.settings.bootstrap),
      ...environment,
    });
    return `${exitCode} ${stderr}`;
  };

  await t.test("no broker: how to start one", async () => {
    const said = await send("any", addressOf(["127.0.0.1:1"]));
    assert.match(said, /^1 127\.0\.0\.1:1: no broker answers [^\n]*"make up"[^\n]*\n$/);
  });

  await t.test("no topic: how to make it", async () => {
    const name = uniqueName("none");
    assert.match(
      await send(name),
      new RegExp(`^2 ${name}: [^\\n]*"loanstream topics create --broker kafka"[^\\n]*\\n$`),
    );
  });

  await t.test("records too large fail by themselves, the others arrive", async () => {
    const topic = await kafka.topic(1, { "max.message.bytes": "1000" });
    const said = await send(topic, { LOANSTREAM_KAFKA_PRODUCER: "compression.type=none" });
    const [, acknowledged, failed] = /^(?:1 )?500 sent, (\d+) acknowledged, (\d+) failed\n/m.exec(said) ?? [];
    assert.match(said, /\n[^\n]*\[kafka\.message-too-large][^\n]*max\.message\.bytes[^\n]*\n$/);
    assert.ok(Number(failed) > 0);
    assert.equal(Number(acknowledged), await records(kafka.admin, topic));
  });

  await t.test("a user who may not", async (t) => {
    const secure = (await sharedKafka(t))?.secure ?? null;
    if (secure === null) return t.skip("NO SECURE LISTENER: the broker named has none.");
    const [, bob] = USERS;
    const said = await send(await kafka.topic(1), {
      ...addressOf([secure.bootstrap]),
      LOANSTREAM_KAFKA_SECURITY: "sasl_ssl",
      LOANSTREAM_KAFKA_SASL_USERNAME: bob.name,
      LOANSTREAM_KAFKA_SASL_PASSWORD: bob.password,
      LOANSTREAM_KAFKA_SSL_CA_FILE: secure.caFile,
    });
    assert.match(said, /^2 [^\n]*\[kafka\.authorisation-refused] ?[^\n]*kafka-acls[^\n]*\n$/);
  });
});
