/** Topics that Spark's streaming queries read and write, and the queries' folders. */
import { Buffer } from "node:buffer";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type SparkSession } from "../../src/engine/spark/connect/session.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { kafkaWithTopics, type TestTopics } from "../kafka/broker.ts";
import { readAll } from "../kafka/read-all.ts";
import { sharedSparkUrl } from "./server.ts";

export interface Streams {
  readonly url: string;
  readonly spark: SparkSession;
  readonly kafka: TestTopics;
  readonly bootstrap: string;
  /** A folder for checkpoints, gone after the test. */
  readonly directory: string;
  /** Work to do before the folder goes; what was named last is done first. */
  before(work: () => Promise<void>): void;
}

/** Null where the test is skipped. The session's queries are stopped after the test. */
export async function streams(t: TestContext, ownUrl?: string): Promise<Streams | null> {
  const url = ownUrl ?? (await sharedSparkUrl(t));
  const kafka = url === null ? null : await kafkaWithTopics(t);
  if (url === null || kafka === null) return null;
  const spark = await connect(url);
  const directory = await mkdtemp(join(tmpdir(), "loanstream-test-streams-"));
  const last: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const work of last.toReversed()) await work();
    for (const query of await spark.streaming.active().catch(() => [])) await query.stop();
    await spark.close();
    await rm(directory, { recursive: true, force: true });
  });
  const before = (work: () => Promise<void>) => void last.push(work);
  return { url, spark, kafka, bootstrap: kafka.settings.bootstrap.join(), directory, before };
}

export async function send(
  { kafka }: Pick<Streams, "kafka">,
  topic: string,
  values: readonly string[],
): Promise<void> {
  const producer = await openProducer(kafka.settings, { topics: [topic] });
  for (const value of values)
    producer.send(topic, { key: null, value: Buffer.from(value), headers: [], timestampMs: Date.now() });
  await producer.flush();
  await producer.close();
}

export async function valuesIn({ kafka }: Pick<Streams, "kafka">, topic: string): Promise<readonly string[]> {
  return (await readAll(kafka, topic)).map(({ value }) => value.toString());
}

const SOON_MS = 60_000;

/** Asks until the answer is as wanted; the last answer where it never is. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
  withinMs = SOON_MS,
): Promise<Answer> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer) || Date.now() > deadline) return answer;
    await delay(100);
  }
}
