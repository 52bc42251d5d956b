/** A topic read whole by our own reader. */
import { openReader } from "../../src/kafka/fetch.ts";
import type { Header } from "../../src/kafka/records/record.ts";
import type { KafkaBatch } from "../../src/kafka/records/record-batches.ts";
import type { TestTopics } from "./broker.ts";
import { byPosition } from "./truth.ts";

export interface Read {
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Buffer;
  readonly deleted: boolean;
  readonly headers: readonly Header[];
}

/** Up to the end as it was when asked, in the order in which it came. */
export async function readAll(
  kafka: Pick<TestTopics, "settings" | "admin">,
  topic: string,
  committedOnly = true,
): Promise<readonly Read[]> {
  const ends = await kafka.admin.offsets(topic, committedOnly ? "stable-end" : "end");
  const starts = await kafka.admin.offsets(topic, "start");
  const reached = [...starts];
  const from = starts.map((offset, partition) => ({ topic, partition, offset }));
  const reader = await openReader(kafka.settings, { from, committedOnly });
  const found: Read[] = [];
  while (reached.some((offset, partition) => offset < (ends[partition] ?? 0))) {
    for (const { partition, batches, nextOffset } of await reader.next()) {
      reached[partition] = nextOffset;
      found.push(...batches.flatMap(reads).filter((one) => one.offset < (ends[partition] ?? 0)));
    }
  }
  await reader.close();
  return found;
}

export const reads = (batch: KafkaBatch): Read[] =>
  Array.from({ length: batch.count }, (_, row) => {
    const { key, deleted, headers } = batch.details(row);
    const value = Buffer.from(batch.bytes.subarray(batch.offsets[row], batch.offsets[row + 1]));
    return { partition: batch.partition, offset: batch.basePosition + row, key, value, deleted, headers };
  });

/** As `Truth.read` gives it. */
export const asTruth = (found: readonly Read[]): readonly string[] =>
  found
    .map(({ partition, offset, key, value, deleted }) => {
      const hex = (bytes: Uint8Array | null) =>
        bytes === null ? "null" : Buffer.from(bytes).toString("hex");
      return `${partition} ${offset} ${hex(key)} ${deleted ? "null" : hex(value)}`;
    })
    .toSorted(byPosition);
