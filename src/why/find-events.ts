/** The events of one application in the log. */
import { Buffer } from "node:buffer";
import type { RecordBatch } from "../engine/batch.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { textReader } from "../topics/event-record.ts";
import { stillKept } from "../topics/event-records.ts";
import { mergeByTime } from "../topics/merge-by-time.ts";

export interface FoundEvent {
  readonly partition: number;
  readonly position: number;
  /** When the log took it in. */
  readonly ingestMs: number | null;
  readonly record: Uint8Array;
}

/**
 * Records whose key field is `id`, and those that hold its text but no JSON object: of each partition in its order, of
 * several as they came. All of them are searched, since not every sender puts what has one key into one partition.
 */
export async function findEvents(
  partitions: readonly LogReader[],
  key: string,
  id: string,
): Promise<readonly FoundEvent[]> {
  const found: (readonly FoundEvent[])[] = [];
  for (const log of partitions) found.push(await findIn(log, key, id));
  return mergeByTime(found, ({ ingestMs }) => ingestMs ?? 0);
}

/** The log is searched for the bytes of the id first, since few records hold them. */
async function findIn(log: LogReader, key: string, id: string): Promise<readonly FoundEvent[]> {
  const wanted = Buffer.from(JSON.stringify(id).slice(1, -1));
  const keyOf = textReader(key);
  const found: FoundEvent[] = [];
  for await (const batch of keptBatches(log))
    for (const index of recordsWith(batch, wanted)) {
      const record = batch.bytes.subarray(batch.offsets[index], batch.offsets[index + 1]);
      const named = keyOf(record);
      if (named !== null && named !== id) continue;
      const { partition, basePosition, ingestTimesMs } = batch;
      const ingestMs = ingestTimesMs?.[index] ?? null;
      found.push({ partition, position: basePosition + index, ingestMs, record: record.slice() });
    }
  return found;
}

/** From the oldest on; goes on behind what the log lets go in the meantime. */
async function* keptBatches(log: LogReader): AsyncGenerator<RecordBatch> {
  let at = -1;
  for (let start = await log.start(); start > at; start = await log.start()) {
    at = start;
    for await (const batch of stillKept(log.read(at))) {
      yield batch;
      at = batch.basePosition + batch.count;
    }
  }
}

/** The key fields of the log's records that begin with a text, each once. */
export async function keysBeginning(
  partitions: readonly LogReader[],
  key: string,
  begin: string,
): Promise<readonly string[]> {
  const wanted = Buffer.from(JSON.stringify(begin).slice(0, -1));
  const keyOf = textReader(key);
  const found = new Set<string>();
  for (const log of partitions)
    for await (const batch of keptBatches(log))
      for (const index of recordsWith(batch, wanted)) {
        const named = keyOf(batch.bytes.subarray(batch.offsets[index], batch.offsets[index + 1]));
        if (named?.startsWith(begin)) found.add(named);
      }
  return [...found];
}

/** The indices of the records that hold the bytes, ascending. */
function* recordsWith({ bytes, offsets, count }: RecordBatch, wanted: Buffer): Generator<number> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, offsets[count]);
  for (let at = text.indexOf(wanted, offsets[0]); at >= 0; ) {
    const index = recordAt(offsets, count, at);
    yield index;
    at = text.indexOf(wanted, offsets[index + 1]);
  }
}

/** By bisection: the last record that begins at the offset or before it. */
function recordAt(offsets: Uint32Array, count: number, offset: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (offsets[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
