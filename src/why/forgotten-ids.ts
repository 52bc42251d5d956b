/** When the gate takes an id for a new one again. */
import { createScanner } from "../contract/scan.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { FAR_FUTURE_MS, type Pipeline } from "../pipeline/pipeline.ts";
import { stillKept } from "../topics/event-records.ts";
import type { FoundEvent } from "./find-events.ts";

/** Whether the id of an accepted event was forgotten by the time that another with the same id came. */
export type IsForgotten = (accepted: FoundEvent, again: FoundEvent) => Promise<boolean>;

/**
 * It is once the watermark has reached the accepted event's time plus the delay; without event time at once. Of several
 * partitions the watermark is that of an engine that kept up with all of them.
 */
export function forgottenIds(
  { schema, source, delayMs }: Pipeline,
  partitions: readonly LogReader[],
): IsForgotten {
  const scan = createScanner(schema);
  const column = schema.leaves.find(({ path }) => path === source.eventTime)?.column;

  /** Event times of the records that may move the watermark. */
  async function* timesBetween(log: LogReader, from: number, to: number): AsyncGenerator<number> {
    for await (const batch of stillKept(log.read(from, to))) {
      const { columns, dead } = scan(batch);
      const times = columns[column ?? -1];
      if (times?.kind !== "number") continue;
      for (let row = 0; row < batch.count; row++) {
        const timeMs = times.values[row]!;
        const isFarFuture = timeMs > (batch.ingestTimesMs?.[row] ?? timeMs) + FAR_FUTURE_MS;
        if (dead[row] === 0 && !isFarFuture) yield timeMs;
      }
    }
  }

  return async (accepted, again) => {
    const own = partitions[accepted.partition];
    if (column === undefined || own === undefined) return true;
    const acceptedMs = await firstOf(timesBetween(own, accepted.position, accepted.position + 1));
    if (acceptedMs === null) return true;
    const expiryMs = acceptedMs + delayMs;
    for (const [partition, log] of partitions.entries()) {
      const [from, to] = [await placeIn(log, partition, accepted), await placeIn(log, partition, again)];
      for await (const timeMs of timesBetween(log, from, to)) if (timeMs - delayMs >= expiryMs) return true;
    }
    return false;
  };
}

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item | null> {
  for await (const item of items) return item;
  return null;
}

/** Where a partition stood when the event came. */
async function placeIn(log: LogReader, partition: number, event: FoundEvent): Promise<number> {
  if (partition === event.partition) return event.position;
  return log.positionAtTime(event.ingestMs ?? 0);
}
