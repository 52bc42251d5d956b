/**
 * Which stream of generated events a data directory has. A later start goes on with it: what was under way then takes
 * its next steps, and the same customers come back.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { historyStartMs } from "../generator/history.ts";
import type { StreamOptions } from "../generator/stream.ts";
import type { GeneratorSettings } from "./run-options.ts";

/** What decides every event of a stream. */
export type Origin = Required<Pick<StreamOptions, "seed" | "startMs" | "ratePerSecond" | "firstNumber">>;

/** What the data directory holds by now; null for nothing. */
export interface Present {
  /** The greatest time of an accepted event. */
  readonly eventTimeMs: number | null;
  /** When the last record of a stream arrived. */
  readonly arrivalMs: number | null;
}

export interface Plan {
  readonly origin: Origin;
  /** Only events that arrive later are to come. */
  readonly afterMs: number;
}

const MOST_HISTORY_EVENTS = 250_000;

/** Applications of a directory's streams are numbered apart; after 128 streams numbers come again. */
const NUMBERS = 2 ** 29;
const NUMBER_END = 2 ** 36;

/**
 * Goes on with the stream that is there, if rate and seed are the same, and otherwise begins another. It is never older
 * than what is there, so that none of it is late, and at most a history behind now.
 */
export function planStream(
  { seed, ratePerSecond, historyMs }: GeneratorSettings,
  previous: Origin | null,
  present: Present,
  nowMs: number,
): Plan {
  const least = Number.NEGATIVE_INFINITY;
  const fromMs = Math.max(
    historyStartMs(ratePerSecond, historyMs, MOST_HISTORY_EVENTS, nowMs),
    present.eventTimeMs ?? least,
  );
  if (previous?.seed === seed && previous.ratePerSecond === ratePerSecond && hasNumbers(previous, nowMs))
    return { origin: previous, afterMs: Math.max(fromMs, present.arrivalMs ?? least) };
  const firstNumber = previous === null ? 0 : (previous.firstNumber + NUMBERS) % NUMBER_END;
  return { origin: { seed, ratePerSecond, startMs: fromMs, firstNumber }, afterMs: least };
}

/** An application has more than one event. */
function hasNumbers({ startMs, ratePerSecond }: Origin, nowMs: number): boolean {
  return ((nowMs - startMs) / 1000) * ratePerSecond < NUMBERS;
}

const FILE = "generator.json";

/** Null where there is none that can be read: another stream begins then. */
export function readOrigin(dataDirectory: string): Origin | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dataDirectory, FILE), "utf8"));
    return isOrigin(found) ? found : null;
  } catch {
    return null;
  }
}

export function writeOrigin(dataDirectory: string, origin: Origin): void {
  write(join(dataDirectory, FILE), origin);
}

function write(path: string, json: Origin | number): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(json)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const ARRIVED_FILE = "generator-arrived.json";

/** Up to which arrival a stream is in a log that keeps a time of its own, milliseconds since the epoch; null for none. */
export function readArrived(dataDirectory: string): number | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dataDirectory, ARRIVED_FILE), "utf8"));
    return typeof found === "number" ? found : null;
  } catch {
    return null;
  }
}

export function writeArrived(dataDirectory: string, arrivalMs: number): void {
  write(join(dataDirectory, ARRIVED_FILE), arrivalMs);
}

function isOrigin(found: unknown): found is Origin {
  if (typeof found !== "object" || found === null) return false;
  const { seed, startMs, ratePerSecond, firstNumber } = {
    seed: null,
    startMs: null,
    ratePerSecond: null,
    firstNumber: null,
    ...found,
  };
  return [seed, startMs, firstNumber].every(Number.isSafeInteger) && typeof ratePerSecond === "number";
}
