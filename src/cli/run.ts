/** `loanstream run`: generated applications through the log and the engine into tables, shown live. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createScanner } from "../contract/scan.ts";
import { type EngineThread, startEngineThread } from "../engine/embedded/thread/thread.ts";
import { fail } from "../errors.ts";
import type { Append } from "../eventlog/event-log.ts";
import { createGenerator } from "../generator/generator.ts";
import { createLogger, processLogSettings } from "../log.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openStoreReader, type StoreReader } from "../store/sqlite-reader.ts";
import { STORE_FILE } from "../store/sqlite-store.ts";
import type { Progress } from "../store/store.ts";
import { type Command, eventsPerSecond, parseFlags, usageError, wholeNumber } from "./command.ts";
import { type Display, startDisplay } from "./display.ts";
import { feed } from "./feed.ts";
import { ledgerText } from "./ledger-text.ts";
import { pipelineFrom } from "./pipeline-option.ts";

/** A first screen has something in it: so much of the past is generated at once, at most so many events. */
const HISTORY_MS = 15 * 60_000;
const HISTORY_EVENTS = 20_000;
/** Keeps the seeds of one data directory's starts apart. */
const SEED_STRIDE = 1_000_003;

interface Options {
  readonly pipeline: Pipeline;
  readonly dataDirectory: string;
  readonly generator: boolean;
  readonly ratePerSecond: number;
  readonly seed: number;
  readonly limit: number;
}

export const run: Command = {
  name: "run",
  summary: "Stream applications through the pipeline, with live tables in the terminal",
  usage: `
Usage: loanstream run [--rate R] [--seed S] [--events N] [--no-generator] [--data-dir DIR] [--pipeline DIR]

Generates applications, appends them to the log, and keeps the pipeline's tables in DIR/loanstream.sqlite, where
any SQLite client can read them meanwhile. Begins with some minutes of the past. Ctrl-C drains: what was
acknowledged is taken in, and the ledger is printed. The next start goes on from there.

  --rate R        events a second (default: 3)
  --seed S        of the generator (default: 1)
  --events N      end after so many events
  --no-generator  only take in what the log holds
  --data-dir DIR  where log and tables are kept (default: .loanstream/data)
  --pipeline DIR  the pipeline's folder (default: the one that comes with loanstream)
`,
  async run(args) {
    const options = readOptions(args);
    if (options.generator) refuseForeignSchema(options.pipeline);
    const ended = await stream(options);
    process.stdout.write(`${ended.join("\n")}\n`);
    process.stderr.write(`Tables: ${join(options.dataDirectory, STORE_FILE)}\n`);
    return 0;
  },
};

function readOptions(args: readonly string[]): Options {
  const { values } = parseFlags("run", {
    args: [...args],
    allowNegative: true,
    options: {
      rate: { type: "string", default: "3" },
      seed: { type: "string", default: "1" },
      events: { type: "string" },
      generator: { type: "boolean", default: true },
      "data-dir": { type: "string", default: ".loanstream/data" },
      pipeline: { type: "string" },
    },
  });
  if (!values.generator && values.events !== undefined)
    throw usageError("run", "--events counts generated events, and --no-generator asks for none");
  return {
    pipeline: pipelineFrom(values.pipeline),
    dataDirectory: values["data-dir"],
    generator: values.generator,
    ratePerSecond: eventsPerSecond("run", values.rate),
    seed: wholeNumber("run", "seed", values.seed, 0),
    limit:
      values.events === undefined ? Number.POSITIVE_INFINITY : wholeNumber("run", "events", values.events, 1),
  };
}

/** The generator writes the default pipeline's events: of another schema every one would be dead. */
function refuseForeignSchema({ schema }: Pipeline): void {
  const { value } = createGenerator({ seed: 1, startMs: 0, ratePerSecond: 1 }).next();
  const bytes = Buffer.from(value.json);
  const record = { partition: 0, basePosition: 0, count: 1, bytes, offsets: Uint32Array.of(0, bytes.length) };
  const [fault] = createScanner(schema)({ ...record, ingestTimesMs: null }).faults;
  if (!fault) return;
  throw fail(
    "generator.other-schema",
    `generated events don't fit this pipeline's schema: ${fault.path} ${fault.reason}`,
    "Start with --no-generator, or analyze a file of your own events.",
    { file: schema.file },
  );
}

/** Runs until the limit, a signal or a failure; gives the ledger's lines. */
async function stream(options: Options): Promise<string[]> {
  const { pipeline, dataDirectory } = options;
  const thread = await startEngineThread({ pipeline, dataDirectory });
  try {
    return await streamInto(thread, options);
  } catch (error) {
    // The thread keeps the process alive until it is drained.
    await thread.drain().catch(() => {});
    throw error;
  }
}

async function streamInto(thread: EngineThread, options: Options): Promise<string[]> {
  const { pipeline, dataDirectory } = options;
  const reader = openStoreReader(dataDirectory, pipeline);
  const { signal, release } = stopSignal();
  try {
    const { append, end } = counted(thread);
    const display = show(pipeline, reader, end);
    try {
      const work = options.generator
        ? generate(options, reader.newest(0).progress, append, signal)
        : until(signal);
      await Promise.race([work, thread.ended, display.failed]);
      return ledgerText(await thread.drain());
    } finally {
      display.stop();
    }
  } finally {
    release();
    reader.close();
  }
}

function show({ tables, timeZone }: Pipeline, reader: StoreReader, end: () => number): Display {
  return startDisplay({
    reader,
    tables: tables.length,
    timeZone,
    end,
    logger: createLogger("run", processLogSettings()),
    screen: process.stdout.isTTY ? process.stdout : null,
    nowMs: Date.now,
    every: (intervalMs, work) => {
      const timer = setInterval(work, intervalMs);
      return () => clearInterval(timer);
    },
  });
}

function generate(
  { pipeline, ratePerSecond, seed, limit }: Options,
  progress: Progress,
  append: EngineThread["append"],
  signal: AbortSignal,
): Promise<void> {
  const events = createGenerator({
    seed: seed + (progress.ownerEpoch - 1) * SEED_STRIDE,
    startMs: startOf(pipeline, progress, ratePerSecond, Date.now()),
    ratePerSecond,
  });
  return feed({ events, limit, append, nowMs: Date.now, sleep, signal });
}

/** Some minutes ago, but not before what is there already. */
function startOf(
  { delayMs }: Pipeline,
  { watermarkMs }: Progress,
  ratePerSecond: number,
  nowMs: number,
): number {
  const historyMs = Math.min(HISTORY_MS, (HISTORY_EVENTS / ratePerSecond) * 1000);
  const greatestMs = watermarkMs === null ? Number.NEGATIVE_INFINITY : watermarkMs + delayMs;
  return Math.floor(Math.min(nowMs, Math.max(nowMs - historyMs, greatestMs)));
}

/** Counts what was acknowledged, which is where the log ends. */
function counted(thread: EngineThread): { append: EngineThread["append"]; end: () => number } {
  let end = thread.startPosition;
  const append = async (batch: Append): Promise<number> => {
    const position = await thread.append(batch);
    end = Math.max(end, position + batch.records.length);
    return position;
  };
  return { append, end: () => end };
}

/** Aborted by the first Ctrl-C or SIGTERM, and by its release; a second one ends the process at once. */
function stopSignal(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const release = (): void => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    controller.abort();
  };
  return { signal: controller.signal, release };
}

async function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  await delay(delayMs, null, { signal }).catch(() => {});
}

/** A timer keeps the process alive until the signal comes. */
async function until(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await sleep(60_000, signal);
}
