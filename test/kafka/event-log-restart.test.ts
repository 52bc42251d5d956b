import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventLog } from "../../src/eventlog/event-log.ts";
import { openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { SILENT } from "../../src/log.ts";
import { append, hasCode, readAll, textsOf } from "../conformance/event-log.ts";
import { ownKafka } from "./broker.ts";

/** As the engine follows: a read at each call, from behind the last record. */
async function follow(log: EventLog, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  let wake = () => {};
  log.onMore(() => wake());
  for (let at = log.start(), seen = -1; found.length < count; ) {
    const more = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const end = log.end();
    if (seen === end) await more;
    seen = log.end();
    const records = await readAll(log, at);
    at = (records.at(-1)?.position ?? at - 1) + 1;
    found.push(...textsOf(records));
  }
  return found;
}

test("a broker that is killed and started again costs a log that is followed nothing", async (t) => {
  const broker = await ownKafka(t);
  if (broker === null) return;
  const { settings } = broker;
  const topic = "applications";
  const admin = await openAdmin(settings);
  await admin.create([{ name: topic, partitions: 2, replication: 1, configs: {} }]);
  await admin.close();
  const options = { topic, key: null, forbidden: [], logger: SILENT };
  const log = await openKafkaLog(settings, options);
  t.after(() => log.close());
  const texts = log.partitions.map((_, partition) =>
    Array.from({ length: 300 }, (_, i) => `${partition}.${i}`),
  );
  const followed = log.partitions.map((each, partition) => follow(each, texts[partition]!.length));
  const send = (from: number, to: number) =>
    Promise.all(
      log.partitions.flatMap((each, partition) =>
        texts[partition]!.slice(from, to).map((text) => each.append(append([text]))),
      ),
    );
  await send(0, 100);
  const sent = send(100, 200);
  await broker.kill();

  const waiting = new AbortController();
  const troubled = new Set<string>();
  const refused = openKafkaLog(settings, {
    ...options,
    signal: waiting.signal,
    onTrouble({ diagnostics: [{ code }] }) {
      troubled.add(code);
      waiting.abort();
    },
  });
  await assert.rejects(refused, hasCode("kafka.unreachable"), "waits until it is told not to");
  assert.deepEqual([...troubled], ["kafka.unreachable"]);

  const told: string[] = [];
  const tell = (message: string) => void told.push(message);
  const opened = openKafkaLog(settings, { ...options, logger: { ...SILENT, info: tell, warn: tell } });
  await broker.start();
  await sent;
  await send(200, 300);
  for (const [partition, each] of followed.entries()) assert.deepEqual(await each, texts[partition]);
  const late = await opened;
  for (const [partition, each] of late.partitions.entries())
    assert.deepEqual(textsOf(await readAll(each)), texts[partition]);
  assert.match(
    told.join("\n"),
    /^no broker answers .*; waits and tries again\ngoes on: the broker answers again$/,
  );
  await late.close();
});
