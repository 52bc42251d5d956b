/** `loanstream generate`: made-up applications as NDJSON. The same options give the same bytes. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { usageError, wholeNumber } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { fail, type LoanstreamError, type Place } from "../errors.ts";
import { createLine, type Line, putByte, putText } from "../generator/line.ts";
import { createRecordStream, type RecordOptions, type RecordStream } from "../generator/records.ts";
import { rhythms } from "../generator/rhythm.ts";
import type { Scenario } from "../generator/scenarios/scenario.ts";
import { scenarios } from "../generator/scenarios/scenarios.ts";
import { mostEventBytes } from "../generator/stream.ts";
import { badKinds, badRecordJson, truthJson } from "../generator/truth.ts";
import type { Command } from "./command.ts";

/** A Monday; fixed, so that the same seed gives the same bytes on any day. */
const defaultStart = "2026-01-05T00:00:00Z";
const chunkBytes = 1 << 18;
const lineFeed = 10;

export const generate: Command = {
  name: "generate",
  summary: "Write made-up loan applications as NDJSON, the same bytes for the same seed",
  usage: `
Usage: loanstream generate [--events N] [--start T] [--out FILE] [--truth FILE] [--rhythm weekly|flat]
                           [--scenario NAME[,NAME]|none] [--bad-share X] [--bad KIND[,KIND]] [SETTING…]

  --events N       how many records (default: 10000)
  --rhythm R       weekly: the rate follows hour and day; flat: it doesn't (default: weekly)
  --start T        time of the first events, ISO 8601 with its zone (default: ${defaultStart})
  --scenario LIST  only these kinds of fraud and of hard negatives, or none (default: all)
                   ${scenarios
                     .map(({ name }) => name)
                     .join(", ")
                     .replaceAll(/(.{60,80}?), /g, "$1,\n                   ")}
  --bad-share X    share of bad records to mix in, at most 0.5 (default: 0)
  --bad LIST       only these kinds of them (default: all): ${badKinds.join(", ")}.
                   In a file, which has no time of arrival, one in the far future makes all that follows late
  --out FILE       where to; - is standard output (default: -)
  --truth FILE     write what stands in no event: a line an application (application_id, scenario of fraud, kind of
                   hard negative, 12-month default) and a line a bad record (position from 0, kind)

${settingLines("generate")}

The rate is of the events' own time, over a week. They come in order of arrival: a few seconds, at most 45, out of order
in their own time, and a few twice.
`,
  run: (args) => generateTo(process.stdout, args),
};

interface Options extends RecordOptions {
  readonly events: number;
  readonly out: string;
  readonly truth: string | null;
}

/** Resolves to the exit code. Throws `usage.invalid`, `file.unwritable`. */
export async function generateTo(stdout: Writable, argv: readonly string[]): Promise<number> {
  const settings = readOptions(argv);
  const events = openSink(settings.out, stdout);
  const truths = settings.truth === null ? null : openSink(settings.truth, stdout);
  try {
    await writeRecords(settings, events, truths);
    await truths?.flush();
  } finally {
    events.close();
    truths?.close();
  }
  return 0;
}

/** Ends early when nobody reads any more. */
async function writeRecords(settings: Options, events: Sink, truths: Sink | null): Promise<void> {
  const records = createRecordStream(settings);
  const { line } = events;
  for (let position = 0; position < settings.events; position += 1) {
    records.next(line);
    putByte(line, lineFeed);
    if (truths && writeTruth(records, position, truths)) await truths.flush();
    if (line.at >= chunkBytes && !(await events.flush())) return;
  }
  await events.flush();
}

/** True when it is time to flush. */
function writeTruth(records: RecordStream, position: number, { line }: Sink): boolean {
  const truth = records.truth();
  const { bad } = records.last;
  if (truth) putText(line, `${truthJson(truth)}\n`);
  if (bad) putText(line, `${badRecordJson(position, bad)}\n`);
  return line.at >= chunkBytes;
}

function readOptions(argv: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { settings, flags: values } = readSettings("generate", argv, {
    options: {
      events: text,
      rhythm: text,
      start: text,
      scenario: text,
      "bad-share": text,
      bad: text,
      out: text,
      truth: text,
    },
  });
  const out = values.out ?? "-";
  if (values.truth === out) throw usageError("generate", "--truth and --out are the same file");
  return {
    events: wholeNumber("generate", "events", values.events ?? "10000", 0),
    ratePerSecond: settings.rate,
    rhythm: rhythms[oneOf("rhythm", values.rhythm ?? "weekly", ["weekly", "flat"])],
    seed: settings.seed,
    startMs: readStart(values.start ?? defaultStart),
    scenarios: readScenarios(values.scenario),
    badShare: readBadShare(values["bad-share"] ?? "0"),
    badKinds:
      values.bad === undefined ? badKinds : values.bad.split(",").map((kind) => oneOf("bad", kind, badKinds)),
    out,
    truth: values.truth ?? null,
  };
}

function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const name = names.find((each) => each === text);
  if (name !== undefined) return name;
  throw usageError("generate", `--${flag} knows ${names.join(", ")}, not "${text}"`);
}

function readScenarios(list: string | undefined): readonly Scenario[] {
  if (list === undefined) return scenarios;
  if (list === "none") return [];
  const names = scenarios.map(({ name }) => name);
  const wanted = list.split(",").map((text) => oneOf("scenario", text, names));
  return scenarios.filter(({ name }) => wanted.includes(name));
}

function readBadShare(text: string): number {
  const share = Number(text);
  if (/^\d*\.?\d+$/.test(text) && share <= 0.5) return share;
  throw usageError("generate", `--bad-share takes a number from 0 to 0.5, not "${text}"`);
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
  /** What is to be written; at most a chunk and one record more. */
  readonly line: Line;
  /** Writes it and begins anew. False when nobody reads any more. */
  flush(): Promise<boolean>;
  close(): void;
}

function openSink(path: string, stdout: Writable): Sink {
  const line = createLine(chunkBytes + 2 * mostEventBytes);
  const { write, close } = path === "-" ? streamWriter(stdout) : fileWriter(path);
  const flush = async (): Promise<boolean> => {
    const goesOn = await write(line.bytes.subarray(0, line.at));
    line.at = 0;
    return goesOn;
  };
  return { line, flush, close };
}

interface Writer {
  /** The bytes may change once it has resolved. */
  write(bytes: Uint8Array): Promise<boolean>;
  close(): void;
}

function fileWriter(path: string): Writer {
  const file = attempt(path, () => openSync(path, "w", 0o600));
  return {
    async write(bytes) {
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
    async write(bytes) {
      if (errors.length === 0 && bytes.length > 0 && !stream.write(bytes.slice())) await drained(stream);
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
