/** `loanstream consume`: the records of a topic, as they come. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { usageError, wholeNumber } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { recordMask } from "../contract/mask.ts";
import type { EventSchema } from "../contract/schema.ts";
import { fail } from "../errors.ts";
import { dateAndTime } from "../output/time-text.ts";
import { suggest } from "../suggest.ts";
import { isOfSource, type Topic, topicNamed } from "../topics/topic-list.ts";
import type { Start, TopicCursor, TopicRecord } from "../topics/topics.ts";
import type { Command } from "./command.ts";
import { openTopics } from "./open-topics.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { recordText } from "./record-text.ts";
import { printable, terminalWidth } from "./table-text.ts";

export const consume: Command = {
  name: "consume",
  summary: "Follow a topic: events, rows of tables, alerts",
  usage: `
Usage: loanstream consume TOPIC [--from beginning|end|N] [--max N] [--key TEXT] [--table NAME] [--json] [--no-follow]
                          [SETTING…]

Prints the records of a topic as they come, also while another process runs; Ctrl-C ends. With --broker kafka they are
those of Kafka that are committed, of several partitions in the order in which they came. "loanstream topics list"
names the topics; the end of a name is enough where no other ends so, as in risk for loan.output.risk. Events are
masked by the schema in readable lines and on a terminal: --json gives them as they came to a file or a pipe only.

  --from P      beginning, end, or a position (default: end; with --no-follow, beginning)
  --max N       end after so many records
  --key TEXT    only records whose key contains the text
  --table NAME  only rows of this table of the topic
  --json        the records' values as they are, one a line
  --no-follow   end with the newest record

${settingLines("consume")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("consume", args, {
      allowPositionals: true,
      options: {
        from: { type: "string" },
        max: { type: "string" },
        key: { type: "string" },
        table: { type: "string" },
        json: { type: "boolean", default: false },
        follow: { type: "boolean", default: true },
      },
    });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw usageError("consume", "one topic is to be named");
    const pipeline = pipelineFrom(settings.pipeline);
    const { signal, release } = untilInterrupted();
    const { topics, place } = await openTopics(settings, pipeline, signal);
    const topic = topicNamed(topics.list, name);
    const wanted = wantedBy(topic, flags.key, flags.table);
    const from = startOf(flags.from ?? (flags.follow ? "end" : "beginning"));
    const limit = flags.max === undefined ? Infinity : wholeNumber("consume", "max", flags.max, 1);
    try {
      await follow(await topics.open(topic, from), {
        wanted,
        limit,
        write: flags.json
          ? jsonOf(topic, pipeline.schema)
          : textOf(topic, pipeline.schema, pipeline.timeZone),
        patient: flags.follow,
        onNothing: () => process.stderr.write(`${nothingYet(topic, place(), flags.follow)}\n`),
        signal,
      });
    } finally {
      release();
      await topics.close();
    }
    return 0;
  },
};

function startOf(text: string): Start {
  return text === "beginning" || text === "end" ? text : wholeNumber("consume", "from", text, 0);
}

type Wanted = (record: TopicRecord) => boolean;

function wantedBy(topic: Topic, key: string | undefined, table: string | undefined): Wanted {
  const tables = topic.tables.map(({ name }) => name);
  if (table !== undefined && !tables.includes(table))
    throw fail("usage.invalid", `${topic.name} has no table ${table}`, `${suggest(table, tables)}.`);
  return (record) =>
    (key === undefined || record.key?.includes(key) === true) &&
    (table === undefined || record.headers.output === table);
}

type Write = (record: TopicRecord) => Uint8Array;

function jsonOf(topic: Topic, schema: EventSchema): Write {
  if (!process.stdout.isTTY) return ({ value }) => value;
  const mask = recordMask(schema);
  const text = ({ value }: TopicRecord) =>
    isOfSource(topic) ? JSON.stringify(mask(value)) : Buffer.from(value).toString();
  return (record) => Buffer.from(printable(text(record)));
}

function textOf(topic: Topic, schema: EventSchema, timeZone: string): Write {
  const width = process.stdout.isTTY ? terminalWidth() : Infinity;
  const text = recordText(topic, schema, { width, time: dateAndTime(timeZone) });
  return (record) => Buffer.from(text(record));
}

function nothingYet({ name }: Topic, missing: string | null, patient: boolean): string {
  const what = missing === null ? `Nothing new in ${name}` : `${missing} is not there yet`;
  return patient ? `${what}: waiting, Ctrl-C ends.` : `${what}.`;
}

interface Following {
  readonly wanted: Wanted;
  readonly limit: number;
  readonly write: Write;
  /** Waits for what is still to come. */
  readonly patient: boolean;
  /** Called once, where nothing was there at first. */
  readonly onNothing: () => void;
  readonly signal: AbortSignal;
}

const RECORDS_AT_ONCE = 1000;
const LOOK_AGAIN_MS = 200;
const LINE_END = Buffer.from("\n");

async function follow(cursor: TopicCursor, parts: Following): Promise<void> {
  const { wanted, limit, write, patient, onNothing, signal } = parts;
  let left = limit;
  let asked = false;
  while (left > 0 && !signal.aborted) {
    const records = await cursor.next(RECORDS_AT_ONCE);
    if (signal.aborted) return;
    if (records.length === 0) {
      if (!asked) onNothing();
      if (!patient) return;
      await delay(LOOK_AGAIN_MS, null, { signal }).catch(() => {});
    }
    const shown = records.filter(wanted).slice(0, left);
    left -= shown.length;
    await print(Buffer.concat(shown.flatMap((record) => [write(record), LINE_END])), signal);
    asked = true;
  }
}

/** At the pace of whoever reads. */
async function print(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, "drain", { signal }).catch(() => {});
}

/** Ctrl-C is how one ends it, so it is no failure. */
function untilInterrupted(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const release = () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
  return { signal: controller.signal, release };
}
