/** `loanstream dlq`: dead letters, to look at and to try again once they are repaired. */
import { readFileSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { usageError, wholeNumber } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { kafkaIfAsked } from "../config/kafka.ts";
import { readSettings } from "../config/settings.ts";
import { recordMask } from "../contract/mask.ts";
import type { EventSchema } from "../contract/schema.ts";
import type { KafkaIdentity } from "../engine/embedded/thread/messages.ts";
import { startEngineThread } from "../engine/embedded/thread/thread.ts";
import { fail, formatDiagnostic } from "../errors.ts";
import type { LogLevels } from "../log.ts";
import { count, counted } from "../output/quantities.ts";
import { dateAndTime } from "../output/time-text.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { RepairedLetter, RetriedLetter } from "../server/parts.ts";
import { retryOver } from "../server/retry-client.ts";
import { readRunning } from "../server/running.ts";
import { type DataReader, dataReader } from "../topics/data-reader.ts";
import { deadLetters, type FoundLetter, judgeRepaired, readRepaired } from "../topics/dead-letters.ts";
import { alignedLines, cutTo } from "./aligned.ts";
import type { Command } from "./command.ts";
import { nothingKept } from "./nothing-kept.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { type PlaceText, placeWriter } from "./place-text.ts";
import { printable, type TextSettings, terminalWidth } from "./table-text.ts";

export const dlq: Command = {
  name: "dlq",
  summary: "List dead letters, and try repaired ones again",
  usage: `
Usage: loanstream dlq list [--json] [--max N] [SETTING…]
       loanstream dlq retry FILE [SETTING…]

list shows the records that didn't fit the schema: position, time, path and reason, and the record, masked. With --json
to a file or a pipe the record is as it came. retry puts repaired records into the log again, each once: FILE, or - for
standard input, has a line {"partition":0,"position":17,"record":{…}} for each, as list --json writes them. Those that
would be dead again are told and left out, and the exit code is 1; the file can be given again once they are repaired,
since what stands in the log stays there once. A repaired event keeps its time: by then it may be late.

  loanstream dlq list --json > letters.ndjson     # then repair the records, and leave out the others
  loanstream dlq retry letters.ndjson

  --json   print a JSON object a letter, one a line
  --max N  list so many at most, the oldest first (of each partition)

${settingLines("dlq")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("dlq", args, {
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, max: { type: "string" } },
    });
    const [verb, file, ...more] = positionals;
    const isList = verb === "list" && file === undefined;
    if (!isList && (verb !== "retry" || file === undefined || more.length > 0))
      throw usageError("dlq", "write dlq list, or dlq retry FILE");
    const missing = nothingKept(settings.dataDir);
    if (missing !== null) {
      process.stderr.write(`${missing}\n`);
      return 1;
    }
    const pipeline = pipelineFrom(settings.pipeline);
    const kafka = kafkaIfAsked(settings);
    const data = dataReader(settings.dataDir, pipeline, kafka);
    try {
      if (isList) {
        const most = flags.max === undefined ? Infinity : wholeNumber("dlq", "max", flags.max, 1);
        await list(data, pipeline, { json: flags.json, most });
        return 0;
      }
      const { dataDir: dataDirectory, kafkaApplicationId: applicationId, logLevel: logLevels } = settings;
      const identity = kafka && { settings: kafka, applicationId };
      return await retry(file ?? "-", { pipeline, data, dataDirectory, kafka: identity, logLevels });
    } finally {
      await data.close();
    }
  },
};

async function list(
  data: DataReader,
  { schema, timeZone }: Pipeline,
  { json, most }: { json: boolean; most: number },
): Promise<void> {
  const isTerminal = process.stdout.isTTY === true;
  const width = isTerminal ? terminalWidth() : Infinity;
  const line = json
    ? letterJson(schema, isTerminal)
    : letterText(schema, {
        width,
        time: dateAndTime(timeZone),
        place: placeWriter((await data.partitions()).length),
      });
  const counts = new Map<string, number>();
  for await (const letter of deadLetters(data, most)) {
    process.stdout.write(`${line(letter)}\n`);
    const why = `${letter.path}: ${letter.reason}`;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  if (counts.size === 0) process.stderr.write("There are no dead letters.\n");
  else if (!json) process.stdout.write(`\n${countLines(counts).join("\n")}\n`);
}

/** How many were listed, and by reason, the most frequent first. */
function countLines(counts: ReadonlyMap<string, number>): string[] {
  const all = counts.values().reduce((sum, n) => sum + n, 0);
  const byReason = [...counts].sort(([, a], [, b]) => b - a).map(([why, n]) => [count(n), printable(why)]);
  return [counted(all, "dead letter"), ...alignedLines(byReason, new Set([0])).map((line) => `  ${line}`)];
}

type LetterLine = (letter: FoundLetter) => string;

interface LetterSettings extends TextSettings {
  readonly place: PlaceText;
}

function letterText(schema: EventSchema, { width, time, place }: LetterSettings): LetterLine {
  const mask = recordMask(schema);
  return (letter) => {
    const { timeMs, path, reason, retriedAs, record } = letter;
    const parts = [
      place(letter),
      timeMs === null ? "" : time(timeMs),
      `${path}: ${reason}`,
      ...(retriedAs === null ? [] : [`(retried as ${place(retriedAs)})`]),
      record === null ? "no longer kept" : JSON.stringify(mask(record)),
    ];
    return cutTo(width, printable(parts.join("  ")));
  };
}

/** What is JSON stands in the line as it came; anything else as a text. */
function letterJson(schema: EventSchema, masked: boolean): LetterLine {
  const mask = recordMask(schema);
  return ({ partition, position, timeMs, path, reason, retriedAs, record }) => {
    const time = timeMs === null ? null : new Date(timeMs).toISOString();
    const head = JSON.stringify({ partition, position, time, path, reason, retried_as: retriedAs });
    const json =
      record === null ? "null" : masked ? printable(JSON.stringify(mask(record))) : rawJson(record);
    return `${head.slice(0, -1)},"record":${json}}`;
  };
}

function rawJson(record: Uint8Array): string {
  const text = new TextDecoder().decode(record);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

interface RetryParts {
  readonly pipeline: Pipeline;
  readonly data: DataReader;
  readonly dataDirectory: string;
  /** Null for the embedded log. */
  readonly kafka: KafkaIdentity | null;
  readonly logLevels: LogLevels;
}

async function retry(file: string, parts: RetryParts): Promise<number> {
  const lines = readRepaired(await contentOf(file), file);
  const { good, refused } = await judgeRepaired(lines, file, { ...parts, nowMs: Date.now() });
  for (const diagnostic of refused) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  const retried = good.length === 0 ? [] : await send(good, parts);
  const appended = retried.filter(({ already }) => !already);
  const late = await lateAmong(appended, parts.data);
  const counts = [
    `${appended.length} appended`,
    `${retried.length - appended.length} already there`,
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
  ];
  process.stdout.write(`${counts.join(", ")}.\n`);
  const advice =
    parts.kafka === null ? ': "loanstream rebuild TABLE --from TIME" brings them into a table' : "";
  if (late > 0) process.stdout.write(`${late} of them came too late by their time${advice}.\n`);
  return refused.length > 0 ? 1 : 0;
}

async function contentOf(file: string): Promise<string> {
  if (file === "-") return textOf(process.stdin);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw fail("file.unreadable", `it can't be read (${reason})`, "Name a file that can be read.", { file });
  }
}

/** Through the instance that runs on the directory, or without one. */
async function send(
  letters: readonly RepairedLetter[],
  { pipeline, dataDirectory, kafka, logLevels }: RetryParts,
): Promise<readonly RetriedLetter[]> {
  const running = await readRunning(dataDirectory);
  if (running !== null) return retryOver(running, letters);
  const thread = await startEngineThread({ pipeline, dataDirectory, kafka, logLevels });
  try {
    return await thread.retry(letters);
  } finally {
    await thread.drain();
  }
}

const LOOK_AGAIN_MS = 50;
const MOST_WAITING_MS = 10_000;

/** How many of them came too late, once they have been taken in. */
async function lateAmong(retried: readonly RetriedLetter[], data: DataReader): Promise<number> {
  const store = data.store();
  if (store === null || retried.length === 0) return 0;
  const patience = AbortSignal.timeout(MOST_WAITING_MS);
  const isTakenIn = ({ retriedAs: { partition, position } }: RetriedLetter): boolean =>
    position < (store.progress().positions[partition] ?? 0);
  while (!retried.every(isTakenIn) && !patience.aborted) await delay(LOOK_AGAIN_MS);
  return retried.filter(({ retriedAs: { partition, position } }) => {
    const [first] = store.lateRecords({ limit: 1, after: { partition, position: position - 1 } });
    return first !== undefined && first.partition === partition && first.position === position;
  }).length;
}
