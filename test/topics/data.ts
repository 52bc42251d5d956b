/** Data directories made by the real engine thread, of generated events and of bad ones. */
import { Buffer } from "node:buffer";
import { type EngineThread, startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { createGenerator, type GeneratedEvent } from "../../src/generator/generator.ts";
import { rhythms } from "../../src/generator/rhythm.ts";
import { parseLogLevels } from "../../src/log.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";

export const pipeline = loadPipeline("pipeline");
/** Lately, or the log would let them go at once. */
export const startMs = Date.now() - 20 * 60_000;

/** Eight a second, one in ten of them bad, so that scenarios, late and dead ones are among a few thousand. */
export function events(count: number): readonly GeneratedEvent[] {
  const options = { seed: 5, startMs, ratePerSecond: 8, rhythm: rhythms.flat, badShare: 0.1 };
  return [...createGenerator(options).take(count)];
}

/** So few that none waits for room, where another could pass it. */
const EVENTS_AT_ONCE = 500;

export async function appendTo(thread: EngineThread, some: readonly GeneratedEvent[]): Promise<void> {
  for (let at = 0; at < some.length; at += EVENTS_AT_ONCE) {
    const appends = some
      .slice(at, at + EVENTS_AT_ONCE)
      .map(({ json, arrivalMs }) => thread.append({ records: [Buffer.from(json)], ingestTimeMs: arrivalMs }));
    await Promise.all(appends);
  }
}

export function open(dataDirectory: string): Promise<EngineThread> {
  return startEngineThread({ pipeline, dataDirectory, logLevels: parseLogLevels("warn") });
}

/** Fills a directory and lets it go. */
export async function fill(dataDirectory: string, some: readonly GeneratedEvent[]): Promise<void> {
  const thread = await open(dataDirectory);
  await appendTo(thread, some);
  await thread.drain();
}
