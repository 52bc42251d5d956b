/**
 * Streams of events of the default pipeline: as the generator makes them, and made adverse by seeded mutations.
 * Two events of one id have one time.
 */
import { createScanner } from "../../src/contract/scan.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";
import { type Choices, choicesFrom } from "./expressions-random.ts";
import { brokenText, isObject, type JsonObject, setPath, withOddField } from "./tables-mutations.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface StreamOptions {
  readonly seed: number;
  readonly count: number;
  readonly startMs: number;
}

/** Without ingest times, as a file has none. */
export function generatedLog({ seed, count, startMs }: StreamOptions): LogRecord[] {
  const generator = createGenerator({ seed, startMs, ratePerSecond: 3, duplicateShare: 0.02 });
  return [...generator.take(count)].map(({ json }) => ({ text: json, ingestTimeMs: null }));
}

/** What the log's progress is, as the gate sees it. */
interface Progress {
  greatestMs: number;
  /** Added to every generated time: how far the stream has been moved ahead. */
  offsetMs: number;
  readonly timeOf: Map<string, number>;
}

/** Of an even seed, with ingest times. */
export function adverseLog(pipeline: Pipeline, { seed, count, startMs }: StreamOptions): LogRecord[] {
  const choices = choicesFrom(seed);
  const scan = createScanner(pipeline.schema);
  const timed = seed % 2 === 0;
  const progress: Progress = { greatestMs: Number.NEGATIVE_INFINITY, offsetMs: 0, timeOf: new Map() };
  const log: LogRecord[] = [];
  for (const { text: generated } of generatedLog({ seed, count, startMs })) {
    const text = nextText(choices, pipeline, progress, log, generated);
    const timeMs = timeIn(text);
    const ingestTimeMs = timed ? ingestTime(choices, timeMs, progress) : null;
    const record = { text, ingestTimeMs };
    log.push(record);
    const isLive = scan(batchOf([record], 0)).dead[0] === 0;
    if (isLive && timeMs !== null && !(ingestTimeMs !== null && timeMs > ingestTimeMs + HOUR_MS))
      progress.greatestMs = Math.max(progress.greatestMs, timeMs);
  }
  return log;
}

function nextText(
  choices: Choices,
  pipeline: Pipeline,
  progress: Progress,
  log: readonly LogRecord[],
  generated: string,
): string {
  const kind = choices.share();
  if (kind < 0.08 && log.length > 0) return again(choices, pipeline, log);
  if (kind < 0.13) return brokenText(choices, generated);
  const event: unknown = JSON.parse(generated);
  if (!isObject(event)) return generated;
  event.event_time = new Date(timeOf(choices, pipeline, progress, event)).toISOString();
  const changes = choices.of([0, 0, 1, 1, 2, 8]);
  for (let change = 0; change < changes; change++) withOddField(choices, pipeline.schema, event);
  return JSON.stringify(event);
}

/** A record from not long ago, with its id and time; now and then something else of it has changed. */
function again(choices: Choices, pipeline: Pipeline, log: readonly LogRecord[]): string {
  const text = log[log.length - choices.integer(1, Math.min(log.length, 20))]?.text ?? "";
  if (timeIn(text) === null || choices.chance(0.6)) return text;
  const event: unknown = JSON.parse(text);
  if (!isObject(event)) return text;
  withOddField(choices, pipeline.schema, event);
  return JSON.stringify(event);
}

/** The event's own time, or one that lies at an edge: of the delay, of a window, of what came before. */
function timeOf(choices: Choices, { delayMs }: Pipeline, progress: Progress, event: JsonObject): number {
  const id = String(event.event_id);
  const known = progress.timeOf.get(id);
  if (known !== undefined) return known;
  const own = Date.parse(String(event.event_time)) + progress.offsetMs;
  const edges = edgeTimes(progress.greatestMs, delayMs);
  const timeMs = Number.isFinite(progress.greatestMs) && choices.chance(0.4) ? choices.of(edges) : own;
  progress.timeOf.set(id, timeMs);
  if (timeMs > progress.greatestMs && timeMs > own) progress.offsetMs += timeMs - own;
  return timeMs;
}

function edgeTimes(greatestMs: number, delayMs: number): readonly number[] {
  const watermarkMs = greatestMs - delayMs;
  const minute = Math.floor(greatestMs / MINUTE_MS) * MINUTE_MS;
  const hour = Math.ceil(greatestMs / HOUR_MS) * HOUR_MS;
  return [
    ...[watermarkMs - 1, watermarkMs, watermarkMs + 1, watermarkMs + 1],
    ...[greatestMs, greatestMs, greatestMs + 1],
    ...[minute - 1, minute, minute, minute + 1, minute + MINUTE_MS - 1, minute + MINUTE_MS],
    ...[hour - 1, hour],
  ];
}

/** Mostly a moment after the event; now and then just at, or past, the hour within which a time may lie ahead. */
function ingestTime(choices: Choices, timeMs: number | null, { greatestMs }: Progress): number {
  const now = Number.isFinite(greatestMs) ? greatestMs : (timeMs ?? 0);
  if (timeMs === null || choices.chance(0.97)) return Math.max(now, timeMs ?? now) + 250;
  return timeMs - HOUR_MS - choices.of([-1, 0, 1, 1, 1, HOUR_MS]);
}

function timeIn(text: string): number | null {
  const found = /^\{"event_id":"[^"]*",.*?"event_time":"([^"]*)"/.exec(text)?.[1];
  const timeMs = found === undefined ? Number.NaN : Date.parse(found);
  if (Number.isNaN(timeMs)) return null;
  try {
    JSON.parse(text);
    return timeMs;
  } catch {
    return null;
  }
}

/** The first and the last moment that an event's time can name, around a stream between. */
export function withEndsOfTime(log: readonly LogRecord[]): LogRecord[] {
  const [first, last] = [log[0], log.at(-1)];
  const moved = (record: LogRecord, id: string, time: string): LogRecord => {
    const event: unknown = JSON.parse(record.text);
    if (!isObject(event)) return record;
    setPath(event, "event_id", id);
    setPath(event, "event_time", time);
    return { text: JSON.stringify(event), ingestTimeMs: null };
  };
  const untimed = log.map(({ text }) => ({ text, ingestTimeMs: null }));
  return first && last
    ? [
        moved(first, "00000000-0000-4000-8000-000000000001", "0001-01-01T00:00:00.000Z"),
        ...untimed,
        moved(first, "00000000-0000-4000-8000-000000000002", "9999-12-31T23:59:59.999Z"),
      ]
    : [];
}
