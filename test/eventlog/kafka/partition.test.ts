/** One partition, of which the broker says nothing more. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { openPartition } from "../../../src/eventlog/kafka/partition.ts";
import { topicReplaced } from "../../../src/kafka/errors.ts";
import { plainSettings } from "../../../src/kafka/settings.ts";
import { hasCode, readAll } from "../../conformance/event-log.ts";

/** Takes connections, and answers nothing. */
async function silentBroker(t: TestContext): Promise<string> {
  const server = createServer((socket) => void socket.destroy());
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return `127.0.0.1:${address.port}`;
}

test("who waits for records of a topic that is another one by now is told, though its broker says nothing", async (t) => {
  const bounds = { start: 0, end: 5 };
  const partition = openPartition({
    settings: plainSettings([await silentBroker(t)]),
    topic: "loan.applications",
    topicId: "00000000-0000-0000-0000-000000000001",
    partition: 0,
    bounds,
    forbidden: [],
    trouble: { began() {}, passed() {} },
    askBounds: async () => bounds,
    askEnd: async () => bounds.end,
    append: async () => 0,
  });
  t.after(() => partition.close());
  let told = 0;
  partition.onMore(() => told++);
  const reading = readAll(partition, 0);
  await new Promise(setImmediate);
  assert.equal(partition.replaced(), null);
  partition.fail(topicReplaced("loan.applications"));
  await assert.rejects(reading, hasCode("kafka.topic-replaced"));
  assert.deepEqual([told, partition.end()], [1, bounds.end + 1]);
  await assert.rejects(readAll(partition, bounds.end), hasCode("kafka.topic-replaced"));
});
