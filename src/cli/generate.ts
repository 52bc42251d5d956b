/** `loanstream generate`: made-up applications as NDJSON or to Kafka. The same options give the same bytes. */

import type { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { settingLines } from "../config/help.ts";
import { kafkaSettings } from "../config/kafka.ts";
import { putText } from "../generator/line.ts";
import { createRecordStream, type RecordStream } from "../generator/records.ts";
import { scenarios } from "../generator/scenarios/scenarios.ts";
import { badKinds, badRecordJson, truthJson } from "../generator/truth.ts";
import { createLogger, processLogSettings } from "../log.ts";
import type { Command } from "./command.ts";
import { type KafkaSink, openKafkaSink } from "./generate-kafka.ts";
import { DEFAULT_START, type GenerateOptions, readOptions } from "./generate-options.ts";
import { openFileSink, type Sink } from "./generate-sink.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { every, sleep, stopSignal } from "./run-process.ts";

export const generate: Command = {
  name: "generate",
  summary: "Write made-up loan applications as NDJSON or to Kafka, the same bytes for the same seed",
  usage: `
Usage: loanstream generate [--events N] [--start T] [--out FILE|kafka[:TOPIC]] [--paced] [--truth FILE]
                           [--rhythm weekly|flat] [--scenario NAME[,NAME]|none]
                           [--bad-share X] [--bad KIND[,KIND]] [SETTING…]

  --events N       how many records (default: 10000; with --paced no end but Ctrl-C)
  --rhythm R       weekly: the rate follows hour and day; flat: it doesn't (default: weekly)
  --start T        time of the first events, ISO 8601 with its zone (default: ${DEFAULT_START})
  --scenario LIST  only these kinds of fraud and of hard negatives, or none (default: all)
                   ${scenarios
                     .map(({ name }) => name)
                     .join(", ")
                     .replaceAll(/(.{60,80}?), /g, "$1,\n                   ")}
  --bad-share X    share of bad records to mix in, at most 0.5 (default: 0)
  --bad LIST       only these kinds of them (default: all): ${badKinds.join(", ")}.
                   In a file, which has no time of arrival, one in the far future makes all that follows late
  --out FILE       where to; - is standard output (default: -)
  --out kafka      to the topic of the pipeline's events, kafka:TOPIC to another: keyed by application, idempotent,
                   acknowledged by all replicas. Says at the end how many were sent, acknowledged and failed
  --paced          events begin now and each is sent when its time comes; a --rate beyond what the machine does is as
                   fast as it goes
  --truth FILE     write what stands in no event: a line an application (application_id, scenario of fraud, kind of
                   hard negative, 12-month default) and a line a bad record (position from 0, kind)

${settingLines("generate")}

The rate is of the events' own time, over a week. They come in order of arrival: a few seconds, at most 45, out of order
in their own time, and a few twice. Ctrl-C ends after what was begun, a second one at once.
`,
  run: (args) => generateTo(process.stdout, args),
};

/**
 * Resolves to the exit code, 1 where a record failed. Throws `usage.invalid`, `file.unwritable`, and `kafka.*` for what
 * keeps records from being sent at all.
 */
export async function generateTo(stdout: Writable, argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, Date.now);
  return options.out.kind === "file"
    ? toFile(options, options.out.path, stdout)
    : toKafka(options, options.out.topic);
}

async function toFile(options: GenerateOptions, path: string, stdout: Writable): Promise<number> {
  const stop = stopSignal(() => {});
  const sink = openFileSink(path, stdout);
  try {
    await writeRecords(options, sink, stop.signal);
  } finally {
    await sink.close();
    stop.release();
  }
  return 0;
}

const TOLD_EACH_MS = 10_000;

async function toKafka(options: GenerateOptions, named: string | null): Promise<number> {
  const { source } = pipelineFrom(options.settings.pipeline);
  const logger = createLogger("generator", processLogSettings(options.settings.logLevel));
  const sink = await openKafkaSink({
    settings: kafkaSettings(options.settings),
    topic: named ?? source.topic,
    key: source.key,
    nowMs: Date.now,
    logger,
  });
  const quiet = every(TOLD_EACH_MS, () => logger.info("sends", { ...sink.counts }));
  const stop = stopSignal(() => tellCounts(sink));
  stop.signal.addEventListener("abort", () => tellEnding(sink), { once: true });
  try {
    await writeRecords(options, sink, stop.signal);
  } finally {
    await sink.close();
    stop.release();
    quiet();
  }
  tellCounts(sink);
  if (sink.failure) throw sink.failure;
  return 0;
}

function tellEnding({ counts: { sent, acknowledged, failed }, waits }: KafkaSink): void {
  if (!waits) return;
  const open = sent - acknowledged - failed;
  process.stderr.write(`Ends when ${open} more are acknowledged; Ctrl-C again leaves them behind.\n`);
}

function tellCounts({ counts: { sent, acknowledged, failed } }: KafkaSink): void {
  const open = sent - acknowledged - failed;
  const left = open === 0 ? "" : `, ${open} left behind`;
  process.stderr.write(`${sent} sent, ${acknowledged} acknowledged, ${failed} failed${left}\n`);
}

/** Ends early when nobody takes any more, or after the signal. */
async function writeRecords(options: GenerateOptions, sink: Sink, signal: AbortSignal): Promise<void> {
  const truths = options.truth === null ? null : openFileSink(options.truth, process.stdout);
  const records = createRecordStream(options.records);
  try {
    for (let position = 0; position < options.events && !signal.aborted; position += 1) {
      records.next(sink.line);
      if (options.paced && !(await comes(records.last.arrivalMs, sink, signal))) break;
      const goesOn = sink.take() || (await turn(sink));
      if (truths && !takeTruth(records, position, truths)) await truths.flush();
      if (!goesOn) break;
    }
    await sink.end();
    await truths?.end();
  } finally {
    await truths?.close();
  }
}

/** Long enough to wait for others too: a shorter one would make a batch of nearly every event. */
const LEAST_WAIT_MS = 5;

/** Waits for the moment. False where nobody takes any more, or after the signal. */
async function comes(timeMs: number, sink: Sink, signal: AbortSignal): Promise<boolean> {
  const waitMs = timeMs - Date.now();
  if (waitMs <= 0) return true;
  if (!(await sink.flush())) return false;
  await sleep(Math.max(waitMs, LEAST_WAIT_MS), signal);
  return !signal.aborted;
}

/** Lets signals and answers in. */
async function turn(sink: Sink): Promise<boolean> {
  await setImmediate();
  return sink.flush();
}

/** False when it is time to flush. */
function takeTruth(records: RecordStream, position: number, truths: Sink): boolean {
  const truth = records.truth();
  const { bad } = records.last;
  let hasRoom = true;
  if (truth) {
    putText(truths.line, truthJson(truth));
    hasRoom = truths.take();
  }
  if (bad === null) return hasRoom;
  putText(truths.line, badRecordJson(position, bad));
  return truths.take();
}
