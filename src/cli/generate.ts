/** `loanstream generate`: made-up applications as NDJSON. The same seed, rate and start give the same bytes. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { fail, type LoanstreamError, type Place } from "../errors.ts";
import { createGenerator, type GeneratedEvent } from "../generator/generator.ts";
import { truthJson } from "../generator/truth.ts";
import { type Command, parseFlags, usageError, wholeNumber } from "./command.ts";

/** A Monday; fixed, so that the same seed gives the same bytes on any day. */
const defaultStart = "2026-01-05T00:00:00Z";
const chunkCharacters = 1 << 18;

export const generate: Command = {
  name: "generate",
  summary: "Write made-up loan applications as NDJSON, the same bytes for the same seed",
  usage: `
Usage: loanstream generate [--events N] [--rate R] [--seed S] [--start T] [--out FILE] [--truth FILE]

  --events N    how many events (default: 10000)
  --rate R      mean number of events a second of their own time (default: 3)
  --seed S      a whole number (default: 1)
  --start T     time of the first events, ISO 8601 with its zone (default: ${defaultStart})
  --out FILE    where to; - is standard output (default: -)
  --truth FILE  write what stands in no event, a line an application: application_id, scenario (null: no fraud)

Events come in order of arrival: a few seconds, at most 45, out of order in their own time, and a few twice.
`,
  run: (args) => generateTo(process.stdout, args),
};

interface Settings {
  readonly events: number;
  readonly ratePerSecond: number;
  readonly seed: number;
  readonly startMs: number;
  readonly out: string;
  readonly truth: string | null;
}

/** Resolves to the exit code. Throws `usage.invalid`, `file.unwritable`. */
export async function generateTo(stdout: Writable, argv: readonly string[]): Promise<number> {
  const settings = readSettings(argv);
  const events = openSink(settings.out, stdout);
  const truths = settings.truth === null ? null : openSink(settings.truth, stdout);
  try {
    for (const event of createGenerator(settings).take(settings.events)) {
      if (!(await deliver(event, events, truths))) break;
    }
    await events.flush();
    await truths?.flush();
  } finally {
    events.close();
    truths?.close();
  }
  return 0;
}

/** False when nobody reads any more. */
async function deliver({ json, truth }: GeneratedEvent, events: Sink, truths: Sink | null): Promise<boolean> {
  if (truth && truths?.add(`${truthJson(truth)}\n`)) await truths.flush();
  return events.add(`${json}\n`) ? events.flush() : true;
}

function readSettings(argv: readonly string[]): Settings {
  const text = { type: "string" } as const;
  const { values } = parseFlags("generate", {
    args: [...argv],
    options: { events: text, rate: text, seed: text, start: text, out: text, truth: text },
  });
  return {
    events: wholeNumber("generate", "events", values.events ?? "10000", 0),
    ratePerSecond: readRate(values.rate ?? "3"),
    seed: wholeNumber("generate", "seed", values.seed ?? "1", 0),
    startMs: readStart(values.start ?? defaultStart),
    out: values.out ?? "-",
    truth: values.truth ?? null,
  };
}

function readRate(text: string): number {
  const rate = Number(text);
  if (/^\d*\.?\d+$/.test(text) && rate > 0 && rate <= 1e7) return rate;
  throw usageError("generate", `--rate takes a number above 0, at most 10 million, not "${text}"`);
}

/** A zone is asked for, since without one the same command would mean another time on another machine. */
function readStart(text: string): number {
  const startMs = /(Z|[+-]\d\d:\d\d)$|^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (startMs >= Date.UTC(1990, 0) && startMs <= Date.UTC(2200, 0)) return startMs;
  throw usageError(
    "generate",
    `--start takes a time between 1990 and 2200 such as ${defaultStart}, not "${text}"`,
  );
}

interface Sink {
  /** Takes a text; true when it is time to flush. */
  add(text: string): boolean;
  /** False when nobody reads any more. */
  flush(): Promise<boolean>;
  close(): void;
}

function openSink(path: string, stdout: Writable): Sink {
  let pending: string[] = [];
  let characters = 0;
  const take = (): string => {
    const text = pending.join("");
    pending = [];
    characters = 0;
    return text;
  };
  const { write, close } = path === "-" ? streamWriter(stdout) : fileWriter(path);
  return {
    add(text) {
      pending.push(text);
      characters += text.length;
      return characters >= chunkCharacters;
    },
    flush: () => write(take()),
    close,
  };
}

interface Writer {
  write(text: string): Promise<boolean>;
  close(): void;
}

function fileWriter(path: string): Writer {
  const file = attempt(path, () => openSync(path, "w", 0o600));
  return {
    async write(text) {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += attempt(path, () => writeSync(file, bytes, at));
      return true;
    },
    close: () => closeSync(file),
  };
}

function attempt<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw unwritable(error, { file: path });
  }
}

/** A reader that went away (EPIPE) ends the writing quietly. */
function streamWriter(stream: Writable): Writer {
  const errors: Error[] = [];
  const onError = (error: Error): void => {
    errors.push(error);
  };
  stream.on("error", onError);
  return {
    async write(text) {
      if (errors.length === 0 && text !== "" && !stream.write(text)) await drained(stream);
      const [error] = errors;
      if (error && !isClosedPipe(error)) throw unwritable(error, {});
      return error === undefined;
    },
    close: () => {
      stream.off("error", onError);
    },
  };
}

/** Resolves when the stream takes more, or never will. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ["drain", "close", "error"]) stream.off(event, done);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) stream.on(event, done);
  });
}

function isClosedPipe(error: Error & { readonly code?: string }): boolean {
  return error.code === "EPIPE";
}

function unwritable(error: unknown, place: Place): LoanstreamError {
  const why = error instanceof Error ? error.message : String(error);
  return fail(
    "file.unwritable",
    `can't write: ${why}`,
    "Name a place that may be written, or free some space.",
    place,
  );
}
