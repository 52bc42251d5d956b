import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { createAclsV3 } from "@platformatic/kafka";
import { openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { openCluster } from "../../src/kafka/cluster.ts";
import { clientOptions } from "../../src/kafka/connection.ts";
import { openReader } from "../../src/kafka/fetch.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { type KafkaSettings, type Mechanism, NO_SSL, plainSettings } from "../../src/kafka/settings.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { SILENT } from "../../src/log.ts";
import { sharedKafka, type TestTopics, topicsOn, USERS, uniqueName } from "./broker.ts";

const [alice, bob] = USERS;

interface Secured extends TestTopics {
  /** Over the secure listener. */
  as(user: { name: string; password: string }, mechanism?: Mechanism): KafkaSettings;
  allow(user: string, kind: number, resource: string, operation: number): Promise<void>;
}

async function secured(t: TestContext): Promise<Secured | null> {
  const broker = await sharedKafka(t);
  if (broker === null) return null;
  const { secure } = broker;
  if (secure === null) {
    t.skip("NO SECURE LISTENER: LOANSTREAM_TEST_KAFKA names a broker without one.");
    return null;
  }
  const plain = plainSettings([broker.bootstrap]);
  const cluster = await openCluster(plain, 10_000);
  t.after(() => cluster.close());
  return {
    ...(await topicsOn(t, plain)),
    as: ({ name, password }, mechanism = "scram-sha-512") => ({
      ...plain,
      bootstrap: [secure.bootstrap],
      security: "sasl_ssl",
      sasl: { mechanism, username: name, password },
      ssl: { ...NO_SSL, caFile: secure.caFile },
    }),
    async allow(user, resourceType, resourceName, operation) {
      const acl = {
        ...{ resourceType, resourceName, resourcePatternType: 3, operation, permissionType: 3 },
        ...{ principal: `User:${user}`, host: "*" },
      };
      await cluster.ask("controller", createAclsV3.api, [[acl as never]]);
    },
  };
}

const TOPIC = 2;
const TRANSACTIONAL_ID = 5;
const READ = 3;
const WRITE = 4;

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}

/** Nothing of an error may tell a password, whatever prints it. */
function assertSecret(error: unknown, ...secrets: string[]): true {
  const printed = inspect(error, { depth: 20, showHidden: true, getters: true });
  for (const secret of secrets) assert.ok(!printed.includes(secret));
  return true;
}

test("each mechanism lets a user in over TLS, and a user who may writes, reads and commits", async (t) => {
  const kafka = await secured(t);
  if (kafka === null) return;
  const topic = await kafka.topic(1);
  const transactionalId = uniqueName("transaction");
  await kafka.allow(alice.name, TOPIC, topic, WRITE);
  await kafka.allow(alice.name, TOPIC, topic, READ);
  await kafka.allow(alice.name, TRANSACTIONAL_ID, transactionalId, WRITE);
  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"] as const) {
    const settings = kafka.as(alice, mechanism);
    const admin = await openAdmin(settings);
    await until(async () => (await admin.names()).includes(topic));
    await admin.close();
    const producer = await openProducer(settings, { topics: [topic] });
    producer.send(topic, { key: null, value: Buffer.from(mechanism), headers: [], timestampMs: 1 });
    await producer.close();
    assert.equal(producer.counts.acknowledged, 1);
  }
  const settings = kafka.as(alice);
  const transactions = await openTransactions(settings, {
    transactionalId,
    topics: [topic],
    timeoutMs: 20_000,
  });
  const transaction = transactions.begin();
  transaction.sendTo(topic, 0, { key: null, value: Buffer.from("x"), headers: [], timestampMs: 1 });
  await transaction.commit();
  await transactions.close();
  const from = [{ topic, partition: 0, offset: 0 }];
  const reader = await openReader(settings, { from, committedOnly: true });
  let count = 0;
  while (count < 4)
    for (const { batches } of await reader.next()) for (const one of batches) count += one.count;
  await reader.close();
  assert.equal(count, 4);
});

test("a wrong password or mechanism is refused as such, and appears nowhere", async (t) => {
  const kafka = await secured(t);
  if (kafka === null) return;
  const secret = "wrong-password-of-alice";
  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"] as const) {
    const admin = await openAdmin(kafka.as({ name: alice.name, password: secret }, mechanism));
    t.after(() => admin.close());
    await assert.rejects(admin.names(), (error: Error) => {
      assert.match(error.message, /^127\.0\.0\.1:\d+: .*\[kafka\.authentication-failed\]/);
      return assertSecret(error, secret);
    });
  }
  assert.ok(!JSON.stringify(await clientOptions(kafka.as(alice))).includes(alice.password));
});

test("a log that a user may not read is refused when it is opened, one that may not be written when it is", async (t) => {
  const kafka = await secured(t);
  if (kafka === null) return;
  const [readable, writable] = [await kafka.topic(1), await kafka.topic(1)];
  await kafka.allow(bob.name, TOPIC, readable, READ);
  await kafka.allow(bob.name, TOPIC, writable, WRITE);
  const settings = kafka.as(bob);
  const open = (topic: string) => openKafkaLog(settings, { topic, key: null, forbidden: [], logger: SILENT });
  const admin = await openAdmin(settings);
  t.after(() => admin.close());
  await until(
    async () => (await admin.names()).filter((name) => [readable, writable].includes(name)).length === 2,
  );
  await assert.rejects(open(writable), {
    message:
      `${writable}: the user may not Read on Topic ${writable} [kafka.authorisation-refused]. ` +
      "Allow it (kafka-acls --add --operation Read), or use another user.",
  });
  const log = await open(readable);
  t.after(() => log.close());
  const record = { records: [Buffer.from("{}")], ingestTimeMs: 1 };
  await assert.rejects(log.append(record), /may not Write on Topic .*\[kafka\.authorisation-refused]/);
  assert.equal(log.partitions[0]?.end(), 0);
});

test("what a user may not do is refused with the resource and the operation", async (t) => {
  const kafka = await secured(t);
  if (kafka === null) return;
  const [topic, writable] = [await kafka.topic(1), await kafka.topic(1)];
  await kafka.allow(bob.name, TOPIC, topic, READ);
  await kafka.allow(bob.name, TOPIC, writable, WRITE);
  const settings = kafka.as(bob);
  const admin = await openAdmin(settings);
  t.after(() => admin.close());
  await until(async () => (await admin.names()).length >= 2);
  const producer = await openProducer(settings, { topics: [topic] });
  const errors: string[] = [];
  const record = { key: null, value: Buffer.from("x"), headers: [], timestampMs: 1 };
  producer.send(topic, record, (error) => errors.push(error?.message ?? "none"));
  await producer.close();
  assert.match(
    errors[0] ?? "",
    /may not Write on Topic topic-.* \[kafka\.authorisation-refused\]\. Allow it/,
  );
  await assert.rejects(admin.remove([topic]), /may not Delete on Topic .*\[kafka\.authorisation-refused\]/);
  const transactions = openTransactions(settings, {
    transactionalId: "of-alice",
    topics: [topic],
    timeoutMs: 9_000,
  });
  await assert.rejects(
    transactions,
    /may not Write on TransactionalId of-alice \[kafka\.authorisation-refused\]/,
  );
  await assert.rejects(
    admin.lag("of-alice"),
    /may not Describe on Group of-alice \[kafka\.authorisation-refused\]/,
  );
});

test("listener and kafka.security that don't fit are told apart from a certificate that isn't trusted", async (t) => {
  const kafka = await secured(t);
  if (kafka === null) return;
  const secure = kafka.as(alice);
  const plain = kafka.settings;
  const refuses = async (settings: KafkaSettings, pattern: RegExp) => {
    const admin = await openAdmin(settings);
    t.after(() => admin.close());
    await assert.rejects(admin.names(), (error: Error) => {
      assert.match(error.message, pattern);
      return assertSecret(error, alice.password);
    });
  };
  await refuses({ ...secure, ssl: NO_SSL }, /TLS failed \(\w+\) \[kafka\.tls\]\. Let kafka\.ssl\.ca_file/);
  await refuses(
    { ...plain, bootstrap: secure.bootstrap },
    /the listener speaks TLS: wrong listener.* \[kafka\.tls\]/,
  );
  await refuses(
    { ...secure, bootstrap: plain.bootstrap },
    /doesn't speak TLS: wrong listener.* \[kafka\.tls\]/,
  );
});

test("files of a client's certificate go to TLS, and one that can't be read is named", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "loanstream-pem-"));
  t.after(() => rm(directory, { recursive: true }));
  const ssl = { caFile: "ca.pem", certFile: "cert.pem", keyFile: "key.pem" };
  const at = (name: string) => join(directory, name);
  const files = { caFile: at(ssl.caFile), certFile: at(ssl.certFile), keyFile: at(ssl.keyFile) };
  const settings: KafkaSettings = { ...plainSettings(["localhost:9"]), security: "ssl", ssl: files };
  await assert.rejects(clientOptions(settings), /ca\.pem: can't be read \(ENOENT\) \[file\.unreadable\]/);
  for (const name of Object.values(ssl)) await writeFile(at(name), name);
  assert.deepEqual((await clientOptions(settings)).tls, { ca: "ca.pem", cert: "cert.pem", key: "key.pem" });
});

test("an address where nobody listens, and one where nobody answers, are unreachable", async (t) => {
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const address = silent.address();
  assert.ok(address && typeof address === "object");
  const cluster = await openCluster(plainSettings([`127.0.0.1:${address.port}`]), 300);
  t.after(() => cluster.close());
  await assert.rejects(cluster.topics(null), /\[kafka\.timeout\]/);
  const nobody = await openCluster(plainSettings(["127.0.0.1:9"]), 1_000);
  await assert.rejects(
    nobody.topics(null),
    /^LoanstreamError: 127\.0\.0\.1:9: no broker answers \(ECONNREFUSED\)/,
  );
});

/** Stands before a broker and changes what it says. */
async function proxy(t: TestContext, bootstrap: string, change: (answer: Buffer) => void): Promise<string> {
  const [host = "", port] = bootstrap.split(":");
  const server = createServer((client) => {
    const broker = connect(Number(port), host);
    t.after(() => [client, broker].map((socket) => socket.destroy()));
    for (const socket of [client, broker]) socket.on("error", () => {});
    client.pipe(broker);
    broker.on("data", (answer) => {
      change(answer);
      client.write(answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address && typeof address === "object");
  return `127.0.0.1:${address.port}`;
}

test("a broker that advertises an address where it isn't is told from one that is down", async (t) => {
  const broker = await sharedKafka(t);
  if (broker === null) return;
  const bootstrap = await proxy(t, broker.bootstrap, (answer) => {
    const host = answer.indexOf("127.0.0.1");
    if (host >= 0) answer.writeInt32BE(9, host + "127.0.0.1".length);
  });
  const cluster = await openCluster(plainSettings([bootstrap]), 1_000);
  t.after(() => cluster.close());
  await assert.rejects(
    cluster.send("controller", async () => {}),
    /^LoanstreamError: 127\.0\.0\.1:9: the broker says that it is to be reached here.*\[kafka\.wrong-listener\]/,
  );
});

test("a broker that is too old is refused at the first connection", async (t) => {
  const broker = await sharedKafka(t);
  if (broker === null) return;
  const bootstrap = await proxy(t, broker.bootstrap, (answer) => {
    const fetch = answer.indexOf(Buffer.of(0, 1, 0, 4, 0));
    if (fetch >= 0) answer[fetch + 5] = 12;
  });
  const cluster = await openCluster(plainSettings([bootstrap]), 1_000);
  t.after(() => cluster.close());
  await assert.rejects(
    cluster.topics(null),
    /doesn't know version 13 .* request 1 \[kafka\.version\]\. Upgrade/,
  );
});
