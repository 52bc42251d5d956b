/** `loanstream topics`: what can be followed. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { dateAndTime, type TimeFormat } from "../output/time-text.ts";
import { openDataTopics } from "../topics/embedded.ts";
import type { TopicStatus } from "../topics/topics.ts";
import { alignedLines } from "./aligned.ts";
import type { Command } from "./command.ts";
import { nothingKept } from "./nothing-kept.ts";
import { pipelineFrom } from "./pipeline-option.ts";

export const topics: Command = {
  name: "topics",
  summary: "List the topics: what each holds, how much, since when",
  usage: `
Usage: loanstream topics list [--json] [SETTING…]

Lists what "loanstream consume" follows. Times are those of the oldest and the newest record: of events when they came,
of rows and alerts the event's or the end of the window. The embedded log has one partition a topic. Exits with 1 where
nothing is kept.

  --json  print a JSON object a topic, one a line

${settingLines("topics")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("topics", args, {
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    if (positionals.length !== 1 || positionals[0] !== "list")
      throw usageError("topics", "it does one thing: loanstream topics list");
    const missing = nothingKept(settings.dataDir);
    if (missing !== null) {
      process.stderr.write(`${missing}\n`);
      return 1;
    }
    const pipeline = pipelineFrom(settings.pipeline);
    const open = openDataTopics(settings.dataDir, pipeline);
    try {
      const found: TopicStatus[] = [];
      for (const topic of open.list) found.push(await open.status(topic));
      const lines = flags.json ? found.map(asJson) : asText(found, dateAndTime(pipeline.timeZone));
      process.stdout.write(`${lines.join("\n")}\n`);
    } finally {
      await open.close();
    }
    return 0;
  },
};

function asJson({ topic, partitions, records, ...status }: TopicStatus): string {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return JSON.stringify({
    name: topic.name,
    holds: topic.holds,
    tables: topic.tables.map(({ name }) => name),
    partitions,
    records,
    oldest: iso(status.oldestMs),
    newest: iso(status.newestMs),
    retention_ms: status.retentionMs,
    retention_bytes: status.retentionBytes,
  });
}

const RIGHT = new Set([1, 2]);

function asText(found: readonly TopicStatus[], time: TimeFormat): string[] {
  const when = (ms: number | null) => (ms === null ? "" : time(ms));
  const rows = found.map((status) => [
    status.topic.name,
    String(status.partitions),
    status.records.toLocaleString("en-US"),
    when(status.oldestMs),
    when(status.newestMs),
    retentionText(status),
    status.topic.holds,
  ]);
  const head = ["topic", "partitions", "records", "oldest", "newest", "kept", "holds"];
  return alignedLines([head, ...rows], RIGHT);
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

function retentionText({ retentionMs, retentionBytes }: TopicStatus): string {
  if (retentionMs === null) return "for good";
  const days = retentionMs / DAY_MS;
  const time = Number.isInteger(days)
    ? `${days} days`
    : `${Math.round((retentionMs / HOUR_MS) * 10) / 10} hours`;
  return retentionBytes === null ? time : `${time}, ${(retentionBytes / 1e9).toFixed(1)} GB`;
}
