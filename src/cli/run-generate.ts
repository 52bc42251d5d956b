/** The generated part of a run: the past as fast as it goes, then each event as its time comes. */
import type { Append } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import { expectedEvents } from "../generator/history.ts";
import { createRecordStream } from "../generator/records.ts";
import type { Logger } from "../log.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import { createGathering, feed, type Gathering } from "./feed.ts";
import type { GeneratorSettings } from "./run-options.ts";
import {
  type Plan,
  type Present,
  planStream,
  readArrived,
  readOrigin,
  writeArrived,
  writeOrigin,
} from "./run-origin.ts";

/** The log that a stream goes into. */
export interface StreamLog {
  readonly append: (batch: Append) => Promise<void>;
  /** Each append waits for the one before. */
  readonly oneAtATime: boolean;
  /** When the last record of the stream arrived that is there; null where none is. */
  lastArrivalMs(): Promise<number | null>;
}

export interface GenerateParts {
  readonly settings: GeneratorSettings;
  readonly dataDirectory: string;
  readonly log: StreamLog;
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
  eventTimeMs: Present["eventTimeMs"],
): Promise<Generation> {
  const { settings, dataDirectory, nowMs, log } = parts;
  const untilMs = nowMs();
  const present = { eventTimeMs, arrivalMs: await log.lastArrivalMs() };
  const plan = planStream(settings, readOrigin(dataDirectory), present, untilMs);
  writeOrigin(dataDirectory, plan.origin);
  const events = open(plan);
  const fromMs = Math.max(plan.afterMs, plan.origin.startMs);
  tell(parts.logger, plan, fromMs, untilMs);
  const { limit } = settings;
  const feeding = { ...parts, ...log, append: told(parts), events };
  return {
    history: expectedEvents(settings.ratePerSecond, fromMs, untilMs),
    takeHistory: () => feed({ ...feeding, untilMs, limit: Number.POSITIVE_INFINITY }),
    goOn: () => feed({ ...feeding, untilMs: Number.POSITIVE_INFINITY, limit }),
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

function told({ log, logger }: GenerateParts): StreamLog["append"] {
  return async (batch) => {
    await log.append(batch);
    logger.debug("appended", { records: batch.records.length });
  };
}

/** The directory's own, whose ingest times are times of arrival. */
export function embeddedLog(
  dataDirectory: string,
  store: StoreReader,
  append: StreamLog["append"],
): StreamLog {
  return { append, oneAtATime: false, lastArrivalMs: () => lastIngestMs(dataDirectory, store) };
}

/**
 * A topic of Kafka, which has its own time of each record, so that times of arrival are noted beside it. What lies in
 * the past comes much faster than it did: were several appends under way, one partition could come so far ahead of
 * another that what follows there would be late.
 */
export function kafkaLog(dataDirectory: string, append: StreamLog["append"]): StreamLog {
  return {
    async append(batch) {
      await append(batch);
      writeArrived(dataDirectory, batch.ingestTimeMs);
    },
    oneAtATime: true,
    lastArrivalMs: async () => readArrived(dataDirectory),
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
