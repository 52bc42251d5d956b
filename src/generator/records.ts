/** The events with bad records mixed in, each made of the good event before it. */
import { Buffer } from "node:buffer";
import { createLine, type Line, putUuid } from "./line.ts";
import { createRandom, type Random } from "./random.ts";
import { createEventStream, type EventStream, mostEventBytes, type StreamOptions } from "./stream.ts";
import { type BadKind, badKinds, type Truth } from "./truth.ts";

export interface RecordOptions extends StreamOptions {
  /** Share of bad records among all, from 0 to 0.5. Default 0. Events that arrive twice anyhow come on top. */
  readonly badShare?: number;
  /** Kinds to mix in, in equal parts. Default: all. */
  readonly badKinds?: readonly BadKind[];
}

export interface RecordStream {
  /** Writes the next record, without a line feed, where `line` stands: at most `mostEventBytes`. */
  next(line: Line): void;
  /** Of the record last written. Of a bad one, the time is that of the event that it was made of. */
  readonly last: { readonly eventTimeMs: number; readonly arrivalMs: number; readonly bad: BadKind | null };
  /** Of the application whose first event was written last; null after any other record. */
  truth(): Truth | null;
}

/** The delay that the default pipeline allows; what comes later is late. */
const delayMs = 60_000;
const latestMs = 600_000;
/** Well beyond an hour, from which on an event is in the far future. */
const leastAheadMs = 3 * 3_600_000;
const greatestAheadMs = 30 * 86_400_000;

/** Throws a RangeError for options without sense. */
export function createRecordStream(options: RecordOptions): RecordStream {
  const { seed, badShare = 0, badKinds: kinds = badKinds } = options;
  if (!(badShare >= 0 && badShare <= 0.5)) throw new RangeError("badShare must be from 0 to 0.5");
  const stream = createEventStream(options);
  if (badShare === 0 || kinds.length === 0) return withoutBad(stream);
  const random = createRandom(seed);
  random.seek("bad", 0, 0);
  return withBad(stream, random, badShare / (1 - badShare), kinds);
}

function withoutBad(stream: EventStream): RecordStream {
  const last: Last = { eventTimeMs: 0, arrivalMs: 0, bad: null };
  return {
    next: (line) => {
      stream.next(line);
      describe(stream, last);
    },
    last,
    truth: stream.truth,
  };
}

/** A bad record that comes next, and the event that it is made of. */
interface Waiting {
  readonly kind: BadKind;
  readonly json: string;
}

interface Last {
  eventTimeMs: number;
  arrivalMs: number;
  bad: BadKind | null;
}

function describe({ last }: EventStream, record: Last): void {
  record.eventTimeMs = last.eventTimeMs;
  record.arrivalMs = last.arrivalMs;
  record.bad = last.again ? "duplicate" : null;
}

function withBad(
  stream: EventStream,
  random: Random,
  badForGood: number,
  kinds: readonly BadKind[],
): RecordStream {
  const last: Last = { eventTimeMs: 0, arrivalMs: 0, bad: null };
  let waiting: Waiting | null = null;
  let newestMs = Number.NEGATIVE_INFINITY;

  const writeGood = (line: Line): void => {
    const from = line.at;
    stream.next(line);
    describe(stream, last);
    newestMs = Math.max(newestMs, last.eventTimeMs);
    if (!random.chance(badForGood)) return;
    const kind = kinds[random.below(kinds.length)] ?? "malformed";
    waiting = { kind, json: Buffer.from(line.bytes.subarray(from, line.at)).toString("utf8") };
  };

  const writeBad = (line: Line, { kind, json }: Waiting): void => {
    waiting = null;
    last.bad = kind;
    const bad = spoil(random, kind, json, { ...last, newestMs });
    line.at += Buffer.from(line.bytes.buffer, line.bytes.byteOffset).write(bad, line.at, "utf8");
  };

  const next = (line: Line): void => {
    if (waiting === null) writeGood(line);
    else writeBad(line, waiting);
  };

  return { next, last, truth: () => (last.bad === null ? stream.truth() : null) };
}

interface Moment {
  readonly eventTimeMs: number;
  readonly arrivalMs: number;
  /** The greatest time of an event so far. */
  readonly newestMs: number;
}

function spoil(random: Random, kind: BadKind, json: string, moment: Moment): string {
  switch (kind) {
    case "malformed":
      return malform(json, random.below(4));
    case "truncated":
      return json.slice(0, 1 + random.below(json.length - 1));
    case "wrong_type":
      return retype(json, random.below(3));
    case "duplicate":
      return json;
    case "late":
      return moved(random, json, moment, moment.newestMs - delayMs - random.below(latestMs));
    case "far_future": {
      const aheadMs = leastAheadMs + random.below(greatestAheadMs - leastAheadMs);
      return moved(random, json, moment, moment.arrivalMs + aheadMs);
    }
  }
}

function malform(json: string, way: number): string {
  if (way === 0) return json.replace('"event_type":', '"event_type" ');
  if (way === 1) return json.replace('"channel":', "channel:");
  if (way === 2) return `${json.slice(0, -1)}]`;
  return "upstream connect error or disconnect/reset before headers";
}

function retype(json: string, way: number): string {
  if (way === 0) return json.replace('"schema_version":1', '"schema_version":"one"');
  if (way === 1) return json.replace(/"event_time":"[^"]*"/, '"event_time":true');
  return json.replace(/"session_id":"[^"]*"/, '"session_id":[7]');
}

/** The event under another id, with all its times moved. */
function moved(random: Random, json: string, { eventTimeMs }: Moment, timeMs: number): string {
  const id = createLine(36);
  putUuid(id, random);
  return json
    .replace(/"event_id":"[^"]*"/, `"event_id":"${Buffer.from(id.bytes).toString("latin1")}"`)
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]{12}Z"/g, (text) => {
      const movedMs = Date.parse(text.slice(1, -1)) + timeMs - eventTimeMs;
      return `"${new Date(movedMs).toISOString()}"`;
    });
}

/** For whoever writes records into a line of its own. */
export const createRecordLine = (): Line => createLine(mostEventBytes);
