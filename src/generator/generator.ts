/** The stream of application events as an iterator of texts; `stream.ts` writes the same as bytes. */
import { Buffer } from "node:buffer";
import { createLine } from "./line.ts";
import { createEventStream, mostEventBytes, type StreamOptions } from "./stream.ts";
import type { Truth } from "./truth.ts";

export interface GeneratorOptions extends StreamOptions {}

export interface GeneratedEvent {
  /** One line without its line feed. */
  readonly json: string;
  readonly eventTimeMs: number;
  /** Never decreases; less than 45 s after the event's time. */
  readonly arrivalMs: number;
  /** With the first event of each application. */
  readonly truth?: Truth;
}

/** Endless, in order of arrival. */
export function* createGenerator(options: GeneratorOptions): Generator<GeneratedEvent, never, undefined> {
  const stream = createEventStream(options);
  const line = createLine(mostEventBytes);
  const bytes = Buffer.from(line.bytes.buffer);
  for (;;) {
    line.at = 0;
    stream.next(line);
    const json = bytes.toString("utf8", 0, line.at);
    const { eventTimeMs, arrivalMs } = stream.last;
    const truth = stream.truth();
    yield truth ? { json, eventTimeMs, arrivalMs, truth } : { json, eventTimeMs, arrivalMs };
  }
}
