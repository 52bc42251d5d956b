/** The topics of a pipeline on a broker of a test file's own, filled with the records of a data directory. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, type TestContext } from "node:test";
import type { LoanstreamError } from "../../src/errors.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { openDataTopics } from "../../src/topics/embedded.ts";
import type { Topics } from "../../src/topics/topics.ts";
import { pipeline } from "../topics/data.ts";
import { type OwnBroker, ownKafka } from "./broker.ts";

export type Kafka =
  | { readonly settings: KafkaSettings; readonly broker: OwnBroker }
  | { readonly skipped: string };

/** The names of topics are those that users have, so that no broker is right that anybody else uses. */
export async function brokerOfThisFile(): Promise<Kafka> {
  let skipped = "";
  const skip = (message?: string): void => {
    skipped = message ?? "";
  };
  const own = await ownKafka({ after: after as TestContext["after"], skip });
  if (own === null) return { skipped };
  const { settings } = own;
  return { settings: { ...settings, consumer: { "fetch.max.wait.ms": "5" } }, broker: own };
}

export async function withAdmin<Found>(
  settings: KafkaSettings,
  work: (admin: Awaited<ReturnType<typeof openAdmin>>) => Promise<Found>,
): Promise<Found> {
  const admin = await openAdmin(settings);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Sends all that the data directory has, in its order. */
export async function sendAllOf(directory: string, settings: KafkaSettings): Promise<void> {
  const topics = openDataTopics(directory, pipeline);
  const refused: LoanstreamError[] = [];
  const producer = await openProducer(settings, { topics: topics.list.map(({ name }) => name) });
  for (const topic of topics.list) await send(topics, topic);
  await producer.close();
  await topics.close();
  assert.deepEqual(refused, []);

  async function send(from: Topics, topic: Topics["list"][number]): Promise<void> {
    const cursor = await from.open(topic, "beginning");
    for (let page = await cursor.next(1000); page.length > 0; page = await cursor.next(1000)) {
      for (const { key, value, headers, timeMs } of page)
        producer.send(
          topic.name,
          {
            key: key === null ? null : Buffer.from(key),
            value,
            headers: Object.entries(headers).map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
            timestampMs: timeMs ?? Date.now(),
          },
          (error) => {
            if (error !== null) refused.push(error);
          },
        );
    }
  }
}
