/** The generated part of a run: the past as fast as it goes, then each event as its time comes. */
import type { Append } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import { expectedEvents } from "../generator/history.ts";
import { createRecordStream } from "../generator/records.ts";
import type { Logger } from "../log.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import { createGathering, feed, type Gathering } from "./feed.ts";
import type { GeneratorSettings } from "./run-options.ts";
import { type Plan, type Present, planStream, readOrigin, writeOrigin } from "./run-origin.ts";

export interface GenerateParts {
  readonly settings: GeneratorSettings;
  readonly dataDirectory: string;
  readonly append: (batch: Append) => Promise<void>;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface Generation {
  /** About so many events lie in the past. */
  readonly history: number;
  /** Hands the past over. */
  takeHistory(): Promise<void>;
  /** Goes on from there until the limit is reached or the signal is aborted. */
  goOn(): Promise<void>;
}

/** Opens the stream that this start goes on with, where the tables hold events up to a time. */
export async function openGeneration(
  parts: GenerateParts,
  store: StoreReader,
  eventTimeMs: Present["eventTimeMs"],
): Promise<Generation> {
  const { settings, dataDirectory, nowMs } = parts;
  const untilMs = nowMs();
  const present = {
    eventTimeMs,
    ingestTimeMs: await lastIngestMs(dataDirectory, store),
  };
  const plan = planStream(settings, readOrigin(dataDirectory), present, untilMs);
  writeOrigin(dataDirectory, plan.origin);
  const events = open(plan);
  const fromMs = Math.max(plan.afterMs, plan.origin.startMs);
  tell(parts.logger, plan, fromMs, untilMs);
  const { limit } = settings;
  const append = told(parts);
  return {
    history: expectedEvents(settings.ratePerSecond, fromMs, untilMs),
    takeHistory: () => feed({ ...parts, append, events, untilMs, limit: Number.POSITIVE_INFINITY }),
    goOn: () => feed({ ...parts, append, events, untilMs: Number.POSITIVE_INFINITY, limit }),
  };
}

function open({ origin, afterMs }: Plan): Gathering {
  return createGathering(createRecordStream({ ...origin, afterMs }));
}

function tell(logger: Logger, { origin }: Plan, fromMs: number, untilMs: number): void {
  const from = new Date(fromMs).toISOString();
  if (fromMs > untilMs) logger.warn("waits, since the tables hold events of the future", { until: from });
  else logger.info("generates", { from, goesOn: fromMs > origin.startMs, rate: origin.ratePerSecond });
}

function told({ append, logger }: GenerateParts): GenerateParts["append"] {
  return async (batch) => {
    await append(batch);
    logger.debug("appended", { records: batch.records.length });
  };
}

/** When the log took its last record in that isn't a repaired one; null where it holds none. */
async function lastIngestMs(dataDirectory: string, store: StoreReader): Promise<number | null> {
  const log = await openLogReader(dataDirectory);
  if (log === null) return null;
  try {
    const start = await log.start();
    let end = await log.end();
    while (end > start && store.isRepaired({ partition: 0, position: end - 1 })) end -= 1;
    if (end === start) return null;
    for await (const { ingestTimesMs } of log.read(end - 1, end)) return ingestTimesMs?.[0] ?? null;
    return null;
  } finally {
    await log.close();
  }
}
