import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { openCluster } from "../../src/kafka/cluster.ts";
import { parseAddress } from "../../src/kafka/connection.ts";
import { PATIENT, retrying } from "../../src/kafka/retry.ts";
import { plainSettings } from "../../src/kafka/settings.ts";
import { consumerTuning, producerTuning } from "../../src/kafka/tuning.ts";
import { sharedKafka } from "./broker.ts";

/** Passes everything on, and keeps the connections so that a test can break them. */
async function breakable(t: TestContext, bootstrap: string) {
  const { host, port } = parseAddress(bootstrap);
  const clients: Socket[] = [];
  const server = createServer((client) => {
    const broker = connect(port, host);
    clients.push(client);
    for (const socket of [client, broker]) socket.on("error", () => {});
    client.pipe(broker).pipe(client);
    t.after(() => [client, broker].map((socket) => socket.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address && typeof address === "object");
  return { bootstrap: `127.0.0.1:${address.port}`, clients };
}

test("a connection that breaks doesn't end the process, and another is made", async (t) => {
  const broker = await sharedKafka(t);
  if (broker === null) return;
  const { bootstrap, clients } = await breakable(t, broker.bootstrap);
  const cluster = await openCluster(plainSettings([bootstrap]), 10_000);
  t.after(() => cluster.close());
  const brokers = await cluster.brokers();
  const [client] = clients;
  assert.ok(client);
  const closed = once(client, "close");
  client.resetAndDestroy();
  await closed;
  assert.deepEqual(await retrying(() => cluster.brokers(), PATIENT), brokers);
});

test("an address is host and port, and what isn't is refused", () => {
  assert.deepEqual(parseAddress("kafka.example.org:9092"), { host: "kafka.example.org", port: 9092 });
  assert.deepEqual(parseAddress("[::1]:9092"), { host: "::1", port: 9092 });
  for (const text of ["kafka", "kafka:", ":9092", "kafka:99999", "a b:1"]) {
    assert.throws(() => parseAddress(text), /\[usage\.invalid\]\. Write host:port/);
  }
});

test("options pass through by Kafka's own names, and an unknown one is refused with the nearest", () => {
  assert.equal(producerTuning({ "linger.ms": "20" }).lingerMs, 20);
  assert.equal(consumerTuning({ "fetch.max.wait.ms": "7" }).maxWaitMs, 7);
  assert.throws(
    () => producerTuning({ "linger.msec": "1" }),
    /kafka\.producer\.linger\.msec .*Write linger\.ms\./,
  );
  assert.throws(() => consumerTuning({ "fetch.min.bytes": "1 MB" }), /whole number \[usage\.invalid\]/);
  assert.throws(() => producerTuning({ "compression.type": "lz5" }), /Write lz4\./);
});
