/** When the gate takes an id for a new one again. */
import { createScanner } from "../contract/scan.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { FAR_FUTURE_MS, type Pipeline } from "../pipeline/pipeline.ts";
import { stillKept } from "../topics/event-records.ts";
import type { FoundEvent } from "./find-events.ts";

/** Whether the id of an accepted event was forgotten by the time that another with the same id came. */
export type IsForgotten = (accepted: FoundEvent, again: FoundEvent) => Promise<boolean>;

/** It is once the watermark has reached the accepted event's time plus the delay; without event time at once. */
export function forgottenIds({ schema, source, delayMs }: Pipeline, log: LogReader): IsForgotten {
  const scan = createScanner(schema);
  const column = schema.leaves.find(({ path }) => path === source.eventTime)?.column;

  return async (accepted, again) => {
    if (column === undefined) return true;
    let expiryMs = Number.NaN;
    for await (const batch of stillKept(log.read(accepted.position, again.position))) {
      const { columns, dead } = scan(batch);
      const times = columns[column];
      if (times?.kind !== "number") return true;
      if (batch.basePosition === accepted.position) expiryMs = times.values[0]! + delayMs;
      for (let row = 0; row < batch.count; row++) {
        const timeMs = times.values[row]!;
        const isFarFuture = timeMs > (batch.ingestTimesMs?.[row] ?? timeMs) + FAR_FUTURE_MS;
        if (dead[row] === 0 && !isFarFuture && timeMs - delayMs >= expiryMs) return true;
      }
    }
    return false;
  };
}
