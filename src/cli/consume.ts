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
import { recordJson, recordText } from "./record-text.ts";
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

  --from P      beginning, end, or a position, as each line shows its own: those from there on (default: end; with
                --no-follow, beginning). Events count from 0, rows and alerts by one counter over all tables
  --max N       end after so many records
  --key TEXT    only records whose key contains the text
  --table NAME  only rows of this table of the topic
  --json        one JSON a line: an event (input, late, dlq) as it came; a row or an alert as an object of topic,
                partition, position, table, time, key and value
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
    const { topics, missing } = await openTopics(settings, pipeline, signal);
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
        tell: (what) => process.stderr.write(`${whatIsThere(what, topic, missing(), flags.follow)}\n`),
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

/** An event stands for itself; a row would not say of which table it is, nor where it stands. */
function jsonOf(topic: Topic, schema: EventSchema): Write {
  const isTerminal = process.stdout.isTTY === true;
  if (!isOfSource(topic))
    return (record) => Buffer.from(isTerminal ? printable(recordJson(record)) : recordJson(record));
  const mask = recordMask(schema);
  return ({ value }) => (isTerminal ? Buffer.from(printable(JSON.stringify(mask(value)))) : value);
}

function textOf(topic: Topic, schema: EventSchema, timeZone: string): Write {
  const width = process.stdout.isTTY ? terminalWidth() : Infinity;
  const text = recordText(topic, schema, { width, time: dateAndTime(timeZone) });
  return (record) => Buffer.from(text(record));
}

type WhatIsThere = "nothing yet" | "none wanted";

function whatIsThere(what: WhatIsThere, { name }: Topic, missing: string | null, patient: boolean): string {
  if (what === "none wanted") return `No record of ${name} is one of those asked for.`;
  const found = missing ?? `Nothing new in ${name}.`;
  return patient ? `${found} Waiting, Ctrl-C ends.` : found;
}

interface Following {
  readonly wanted: Wanted;
  readonly limit: number;
  readonly write: Write;
  /** Waits for what is still to come. */
  readonly patient: boolean;
  /** Called once: where nothing was there at first, or none of what was there is wanted and no more is awaited. */
  readonly tell: (what: WhatIsThere) => void;
  readonly signal: AbortSignal;
}

const RECORDS_AT_ONCE = 1000;
const LOOK_AGAIN_MS = 200;
const LINE_END = Buffer.from("\n");

async function follow(cursor: TopicCursor, parts: Following): Promise<void> {
  const { wanted, limit, write, patient, tell, signal } = parts;
  let left = limit;
  let asked = false;
  let anyWanted = false;
  while (left > 0 && !signal.aborted) {
    const records = await cursor.next(RECORDS_AT_ONCE);
    if (signal.aborted) return;
    if (records.length === 0) {
      if (!asked) tell("nothing yet");
      else if (!patient && !anyWanted) tell("none wanted");
      if (!patient) return;
      await delay(LOOK_AGAIN_MS, null, { signal }).catch(() => {});
    }
    const shown = records.filter(wanted).slice(0, left);
    left -= shown.length;
    anyWanted ||= shown.length > 0;
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
