/** `loanstream why`: all that is known of one application, and why. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { kafkaIfAsked } from "../config/kafka.ts";
import { readSettings } from "../config/settings.ts";
import type { RecordBatch } from "../engine/batch.ts";
import { embeddedEngine } from "../engine/embedded/engine.ts";
import { fail, type LoanstreamError } from "../errors.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { dateAndTime } from "../output/time-text.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { type DataReader, dataReader } from "../topics/data-reader.ts";
import { readCardTexts } from "../why/card-texts.ts";
import { explain } from "../why/explanation.ts";
import { explanationJson } from "../why/explanation-json.ts";
import { keysBeginning } from "../why/find-events.ts";
import type { Command } from "./command.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { placeWriter } from "./place-text.ts";
import { printable, terminalWidth } from "./table-text.ts";
import { explanationText } from "./why-text.ts";

export const why: Command = {
  name: "why",
  summary: "Tell all that is known of one application: events, scores and reasons, groups, alerts",
  usage: `
Usage: loanstream why APPLICATION [--json] [SETTING…]

APPLICATION is what the events have in the field that pipeline.yaml names by source.key, or how it begins: six characters
or more that no other in the log begins with. Shows its events and what
became of each, personal values masked; its rows in the tables, with reasons in words; what each characteristic of the
scorecards gave, against what is usual; the groups that hold it; and the alerts that any of these raised.

  --json  print one JSON object

${settingLines("why")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("why", args, {
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    const [id, ...more] = positionals;
    if (id === undefined || id === "" || more.length > 0)
      throw usageError("why", "one application is to be named");
    const pipeline = pipelineFrom(settings.pipeline);
    const { key } = pipeline.source;
    if (key === null) throw withoutKey();
    const data = dataReader(settings.dataDir, pipeline, kafkaIfAsked(settings));
    try {
      const whole = await wholeId(id, key, data);
      const explanation = await explain(whole, key, { pipeline, data, engine: embeddedEngine });
      if (explanation === null) throw await unknown(id, key, data, pipeline);
      const texts = readCardTexts(pipeline.directory);
      const lines = flags.json
        ? [explanationJson(explanation, pipeline.scorecards, texts)]
        : explanationText(explanation, {
            scorecards: pipeline.scorecards,
            texts,
            width: terminalWidth(),
            time: dateAndTime(pipeline.timeZone),
            place: placeWriter((await data.partitions()).length),
          });
      process.stdout.write(`${lines.join("\n")}\n`);
    } finally {
      await data.close();
    }
    return 0;
  },
};

function withoutKey(): LoanstreamError {
  const remedy = "Name the field there, such as key: application_id under source.";
  return fail("pipeline.invalid", "pipeline.yaml doesn't say which field names an application", remedy);
}

const LEAST_BEGIN = 6;
const MOST_LISTED = 10;

/** Of the one application in the log that begins so; the text itself where none does. Throws `why.ambiguous`. */
async function wholeId(id: string, key: string, data: DataReader): Promise<string> {
  const begun = id.length < LEAST_BEGIN ? [] : await keysBeginning(await data.partitions(), key, id);
  if (begun.includes(id)) return id;
  if (begun.length <= 1) return begun[0] ?? id;
  const more = begun.length - MOST_LISTED;
  const listed = begun.slice(0, MOST_LISTED).join(", ");
  const message = printable(`several begin with ${id}: ${listed}${more > 0 ? `, and ${more} more` : ""}`);
  throw fail("why.ambiguous", message, "Give more of the one that is meant.");
}

/** With what was searched. */
async function unknown(
  id: string,
  key: string,
  data: DataReader,
  { timeZone }: Pipeline,
): Promise<LoanstreamError> {
  const kept = await keptRange(await data.partitions(), dateAndTime(timeZone));
  const remedy = `Look for one with "loanstream consume", in the field ${key}.`;
  return fail("why.unknown", printable(`nothing is known of ${id}: ${kept}`), remedy);
}

async function keptRange(partitions: readonly LogReader[], time: (ms: number) => string): Promise<string> {
  if (partitions.length === 0) return "there is no log yet";
  const ranges: string[] = [];
  const times: number[] = [];
  for (const [partition, log] of partitions.entries()) {
    const [start, end] = [await log.start(), await log.end()];
    if (start === end) continue;
    const where = partitions.length > 1 ? ` of partition ${partition}` : "";
    ranges.push(`positions ${start} to ${end - 1}${where}`);
    times.push(...(await firstTimes(log.read(start, start + 1))));
  }
  if (ranges.length === 0) return "the log is empty";
  const since = times.length === 0 ? "" : `, since ${time(Math.min(...times))}`;
  return `the log keeps ${ranges.join(", ")}${since}`;
}

async function firstTimes(batches: AsyncIterable<RecordBatch>): Promise<readonly number[]> {
  for await (const { ingestTimesMs } of batches) return [...(ingestTimesMs?.slice(0, 1) ?? [])];
  return [];
}
