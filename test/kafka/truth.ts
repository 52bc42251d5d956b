/** Kafka's own Java client, for what is true. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { kafkaJars } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";

export type Isolation = "read_committed" | "read_uncommitted";

export interface Truth {
  /** Which of `count` partitions each key belongs to. */
  partitions(count: number, keys: readonly Uint8Array[]): Promise<readonly number[]>;
  /** `partition offset key value` of each record up to the end, keys and values in hex, in order of partition and offset. */
  read(topic: string, isolation: Isolation): Promise<readonly string[]>;
  /** Those of a topic whose keys and values are texts, up to the end, in order of partition and offset. */
  records(topic: string, isolation: Isolation): Promise<readonly TruthRecord[]>;
  /** Of a partition, what stands before an offset, as retention does. */
  delete(topic: string, partition: number, beforeOffset: number): Promise<void>;
}

export interface TruthRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly value: string | null;
}

export async function startTruth(t: Pick<TestContext, "after">, bootstrap: string): Promise<Truth> {
  const jars = await kafkaJars(defaultCacheDir(process.env));
  const quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
  const source = join(import.meta.dirname, "Truth.java");
  const java = spawn("java", [...quick, "-cp", join(jars, "*"), source, bootstrap], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  t.after(() => java.kill());
  const lines = createInterface({ input: java.stdout })[Symbol.asyncIterator]();

  async function ask(question: string): Promise<readonly string[]> {
    java.stdin.write(`${question}\n`);
    const answer: string[] = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error("Java ended; run Truth.java by hand to see why");
      if (value === ".") return answer;
      answer.push(value);
    }
  }

  return {
    async partitions(count, keys) {
      const hex = keys.map((key) => Buffer.from(key).toString("hex"));
      return (await ask(`partition ${count} ${hex.join(" ")}`)).map(Number);
    },
    read: async (topic, isolation) => (await ask(`read ${topic} ${isolation}`)).toSorted(byPosition),
    async records(topic, isolation) {
      const lines = await ask(`records ${topic} ${isolation}`);
      const records = lines.map((line): TruthRecord => JSON.parse(line));
      return records.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
    },
    async delete(topic, partition, beforeOffset) {
      await ask(`delete ${topic} ${partition} ${beforeOffset}`);
    },
  };
}

export function byPosition(one: string, other: string): number {
  const [partition = 0, offset = 0] = one.split(" ").map(Number);
  const [otherPartition = 0, otherOffset = 0] = other.split(" ").map(Number);
  return partition - otherPartition || offset - otherOffset;
}
