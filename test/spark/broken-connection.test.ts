import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { connect } from "../../src/engine/spark/connect/session.ts";
import { sharedSparkUrl } from "./server.ts";

/** Passes bytes on to the server, and cuts each connection once it brought so many back. */
async function cuttingProxy(t: TestContext, url: string, cuts: number[]): Promise<string> {
  const target = new URL(url.replace("sc:", "http:"));
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connectSocket(Number(target.port), target.hostname);
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    client.pipe(server);
    server.on("data", (chunk) => {
      left -= chunk.length;
      if (left > 0) client.write(chunk);
      else for (const socket of [client, server]) socket.destroy();
    });
    for (const socket of [client, server]) sockets.add(socket.on("error", () => {}));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = proxy.address();
  assert.ok(address && typeof address === "object");
  return `sc://127.0.0.1:${address.port}`;
}

test("a result is whole and each row comes once though the connection breaks in its middle", async (t) => {
  const url = await sharedSparkUrl(t);
  if (url === null) return;
  const cuts = [200_000, 50, 1_000_000, 300_000];
  const spark = await connect(await cuttingProxy(t, url, cuts));
  t.after(() => spark.close());
  const { rows } = await spark.sql("SELECT id, sha2(CAST(id AS STRING), 256) FROM range(0, 200000, 1, 40)");
  assert.equal(rows.length, 200_000);
  assert.equal(new Set(rows.map(([id]) => id)).size, 200_000);
  assert.deepEqual(cuts, []);
});
