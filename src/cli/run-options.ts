/** What `loanstream run` is asked to do. */
import { closeSync, openSync, statSync } from "node:fs";
import { usageError, wholeNumber } from "../config/flags.ts";
import { kafkaIfAsked } from "../config/kafka.ts";
import { readSettings } from "../config/settings.ts";
import type { KafkaIdentity } from "../engine/embedded/thread/messages.ts";
import { fail, type LoanstreamError } from "../errors.ts";
import { misfit } from "../generator/misfit.ts";
import type { LogLevels } from "../log.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { pipelineFrom } from "./pipeline-option.ts";

export interface RunOptions {
  readonly pipeline: Pipeline;
  readonly dataDirectory: string;
  /** Null for the embedded log. */
  readonly kafka: KafkaIdentity | null;
  /** Null where nothing is to be generated. */
  readonly generator: GeneratorSettings | null;
  /** Files whose records are taken in first. */
  readonly backfill: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly logLevels: LogLevels;
}

export interface GeneratorSettings {
  readonly ratePerSecond: number;
  readonly seed: number;
  readonly historyMs: number;
  /** How many events to generate live; infinity without end. */
  readonly limit: number;
}

/** The command line of a run, on whatever engine. Throws `usage.invalid`, and what is wrong with settings. */
export function readRun(args: readonly string[]) {
  const read = readSettings("run", args, {
    allowPositionals: true,
    options: {
      events: { type: "string" },
      backfill: { type: "string", multiple: true },
      ...ON_SPARK,
    },
  });
  const { settings, flags } = read;
  const { events, backfill, ...ofSpark } = flags;
  const [foreign] = settings.engine === "spark" ? given({ events, backfill }) : given(ofSpark);
  const which = settings.engine === "spark" ? "embedded" : "spark";
  if (foreign !== undefined) throw usageError("run", `--${foreign} is for --engine ${which}`);
  return read;
}

const ON_SPARK = {
  detach: { type: "boolean" },
  stop: { type: "boolean" },
  restart: { type: "boolean" },
  anew: { type: "boolean" },
} as const;

const given = (flags: object): readonly string[] =>
  Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [name]));

/** Throws `usage.invalid`, what is wrong with the pipeline, `generator.other-schema`, `file.unreadable`. */
export function runOptions({ settings, flags, positionals }: ReturnType<typeof readRun>): RunOptions {
  const { events, backfill = [] } = flags;
  const [first] = positionals;
  if (first !== undefined && backfill.length === 0)
    throw usageError("run", `"${first}" is no option; files to take in follow --backfill`);
  if (!settings.generator && events !== undefined)
    throw usageError("run", "--events counts generated events, and --no-generator asks for none");
  const limit = events === undefined ? Number.POSITIVE_INFINITY : wholeNumber("run", "events", events, 1);
  const pipeline = pipelineFrom(settings.pipeline);
  if (settings.generator) refuseForeignSchema(pipeline);
  const files = [...backfill, ...positionals];
  const kafka = kafkaIfAsked(settings);
  if (kafka !== null && files.length > 0) throw noBackfill();
  for (const file of files) refuseUnreadable(file);
  return {
    pipeline,
    dataDirectory: settings.dataDir,
    kafka: kafka && { settings: kafka, applicationId: settings.kafkaApplicationId },
    generator: settings.generator
      ? { ratePerSecond: settings.rate, seed: settings.seed, historyMs: settings.history, limit }
      : null,
    backfill: files,
    host: settings.host,
    port: settings.port,
    logLevels: settings.logLevel,
  };
}

function noBackfill(): LoanstreamError {
  const message = "--backfill takes files into the embedded log, and --broker kafka has its own";
  const remedy =
    "Send them to the topic with Kafka's own tools, take them in with the embedded broker, or use loanstream analyze.";
  return fail("usage.invalid", message, remedy);
}

/** The generator writes the default pipeline's events: of another schema every one would be dead. */
function refuseForeignSchema({ schema }: Pipeline): void {
  const fault = misfit(schema);
  if (!fault) return;
  throw fail(
    "generator.other-schema",
    `generated events don't fit this pipeline's schema: ${fault.path} ${fault.reason}`,
    "Start with --no-generator, and bring your own events in by --backfill FILE, or through Kafka.",
    { file: schema.file },
  );
}

/** Found before anything is started. */
function refuseUnreadable(file: string): void {
  const refusal = (why: string) =>
    fail("file.unreadable", why, "Name a file that is there and readable.", { file });
  if (file === "-") throw refusal("standard input can't be backfilled, since it can't be gone on with");
  try {
    closeSync(openSync(file, "r"));
    if (statSync(file).isFile()) return;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw refusal(code === "ENOENT" ? "there is no such file" : `it can't be read (${code})`);
  }
  throw refusal("this is no plain file");
}
