/** A stream over a fixed pool of identities: some minutes of generated events, again and again. */
import { Buffer } from "node:buffer";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { createGenerator } from "../../src/generator/generator.ts";

const MINUTE_MS = 60_000;
/** `2026-01-05T14:30` of `2026-01-05T14:30:07.123Z`: all of a time that whole minutes change. */
const MINUTE_CHARACTERS = 16;
const TIME = /"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d\.\d{3}Z"/g;
/** The first digits of a UUID, which say which round it is. */
const ID_DIGITS = 4;
const ID = /"event_id":"/g;

export interface RecurringSettings {
  readonly seed: number;
  readonly ratePerSecond: number;
  /** The begin of a minute, milliseconds since the epoch. */
  readonly startMs: number;
  /** After so many minutes everybody comes back, in the same order: only times and events' ids are new. */
  readonly roundMinutes: number;
}

/** What changes from round to round in the bytes of one minute's records. */
interface Minute {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  /** Where times stand, and the minute of each, counted from the epoch. */
  readonly times: readonly { readonly at: number; readonly minute: number }[];
  readonly ids: readonly number[];
}

/** A batch a minute of arrival, endless. A batch is valid until the next one is asked for. */
export function* recurringBatches(settings: RecurringSettings): Generator<RecordBatch, never, undefined> {
  const minutes = oneRound(settings);
  let basePosition = 0;
  for (let round = 0; ; round++) {
    for (const minute of minutes) {
      moveTo(minute, round, settings.roundMinutes);
      const { bytes, offsets } = minute;
      const count = offsets.length - 1;
      yield { partition: 0, basePosition, count, bytes, offsets, ingestTimesMs: null };
      basePosition += count;
    }
  }
}

function oneRound(settings: RecurringSettings): readonly Minute[] {
  const { seed, ratePerSecond, startMs, roundMinutes } = settings;
  const minutes: string[][] = Array.from({ length: roundMinutes }, () => []);
  for (const { json, arrivalMs } of createGenerator({ seed, startMs, ratePerSecond })) {
    const minute = minutes[Math.floor((arrivalMs - startMs) / MINUTE_MS)];
    if (minute === undefined) break;
    minute.push(`${json}\n`);
  }
  return minutes.map(minuteOf);
}

function minuteOf(lines: readonly string[]): Minute {
  const parts = lines.map((line) => Buffer.from(line));
  const offsets = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
  const bytes = Buffer.concat(parts);
  const text = bytes.toString("latin1");
  const times = [...text.matchAll(TIME)].map((match) => {
    const minute = Date.parse(`${match[1]}:00.000Z`) / MINUTE_MS;
    return { at: match.index + 1, minute };
  });
  return {
    bytes,
    offsets,
    times,
    ids: [...text.matchAll(ID)].map((match) => match.index + match[0].length),
  };
}

function moveTo({ bytes, times, ids }: Minute, round: number, roundMinutes: number): void {
  const texts = new Map<number, Uint8Array>();
  for (const time of times) {
    const moved = time.minute + round * roundMinutes;
    const text = texts.get(moved) ?? minuteText(moved);
    texts.set(moved, text);
    bytes.set(text, time.at);
  }
  const digits = Buffer.from(round.toString(16).padStart(ID_DIGITS, "0"));
  for (const at of ids) bytes.set(digits, at);
}

function minuteText(minute: number): Uint8Array {
  return Buffer.from(new Date(minute * MINUTE_MS).toISOString().slice(0, MINUTE_CHARACTERS));
}
