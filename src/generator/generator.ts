/** The stream of records as an iterator of texts; `records.ts` writes the same as bytes. */
import { Buffer } from "node:buffer";
import { createRecordLine, createRecordStream, type RecordOptions } from "./records.ts";
import type { BadKind, Truth } from "./truth.ts";

export interface GeneratorOptions extends RecordOptions {}

export interface GeneratedEvent {
  /** One line without its line feed. */
  readonly json: string;
  readonly eventTimeMs: number;
  /** Never decreases; less than 45 s after the event's time. */
  readonly arrivalMs: number;
  /** With the first event of each application. */
  readonly truth?: Truth;
  /** In which way the record is bad; absent for a good one. */
  readonly bad?: BadKind;
}

/** Endless, in order of arrival. */
export function* createGenerator(options: GeneratorOptions): Generator<GeneratedEvent, never, undefined> {
  const records = createRecordStream(options);
  const line = createRecordLine();
  const bytes = Buffer.from(line.bytes.buffer);
  for (;;) {
    line.at = 0;
    records.next(line);
    const json = bytes.toString("utf8", 0, line.at);
    const { eventTimeMs, arrivalMs, bad } = records.last;
    const truth = records.truth();
    yield {
      json,
      eventTimeMs,
      arrivalMs,
      ...(truth === null ? {} : { truth }),
      ...(bad === null ? {} : { bad }),
    };
  }
}
