/** `loanstream topics`: what can be followed. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { kafkaSettings } from "../config/kafka.ts";
import { readSettings } from "../config/settings.ts";
import { dateAndTime, type TimeFormat } from "../output/time-text.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openDataTopics } from "../topics/embedded.ts";
import { topicNamed, topicsOf } from "../topics/topic-list.ts";
import type { TopicStatus } from "../topics/topics.ts";
import { alignedLines } from "./aligned.ts";
import type { Command } from "./command.ts";
import { nothingKept } from "./nothing-kept.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { retentionText } from "./retention-text.ts";
import type { TopicsAction, TopicsRequest } from "./topics-kafka.ts";

export const topics: Command = {
  name: "topics",
  summary: "List the topics: what each holds, how much, since when; make and delete them on Kafka",
  usage: `
Usage: loanstream topics list [NAME…] [--json] [SETTING…]
       loanstream topics create|delete|recreate [NAME…] --broker kafka [--yes] [SETTING…]

list shows what "loanstream consume" follows. In the data directory a topic has one partition; times are those of the
oldest and the newest record: of events when they came, of rows and alerts the event's or the end of the window; it
exits with 1 where nothing is kept. On Kafka it shows size, policy and retention, what differs from pipeline.yaml, and
the cluster's other topics by name.

create makes the pipeline's topics that are missing, as pipeline.yaml has them, and sets retention and policy of those
that are there; it never deletes. delete and recreate lose the records, ask before, and touch no other topic. NAME is a
topic or the end of its name, such as risk; without one it is all of the pipeline's.

  --json  print a JSON object a topic, one a line
  --yes   don't ask before records are lost

${settingLines("topics")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("topics", args, {
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, yes: { type: "boolean", default: false } },
    });
    const [first, ...names] = positionals;
    const action = ACTIONS.find((each) => each === first);
    if (action === undefined) throw usageError("topics", `it is to be told one of ${ACTIONS.join(", ")}`);
    const pipeline = pipelineFrom(settings.pipeline);
    const request = { action, names, json: flags.json, yes: flags.yes };
    if (settings.broker !== "kafka") return inDataDirectory(settings.dataDir, pipeline, request);
    const { topicsOnKafka } = await import("./topics-kafka.ts");
    return topicsOnKafka(kafkaSettings(settings), pipeline, request);
  },
};

const ACTIONS: readonly TopicsAction[] = ["list", "create", "delete", "recreate"];

async function inDataDirectory(
  dataDirectory: string,
  pipeline: Pipeline,
  { action, names, json }: TopicsRequest,
): Promise<number> {
  const all = topicsOf(pipeline);
  const named = names.map((name) => topicNamed(all, name).name);
  if (action !== "list") {
    const remedy = action === "create" ? "" : ` To lose its records, remove ${dataDirectory}.`;
    const where = "The embedded log has its topics by itself, on Kafka --broker kafka is to be given";
    process.stderr.write(`${where}: nothing to ${action}.${remedy}\n`);
    return 0;
  }
  const missing = nothingKept(dataDirectory);
  if (missing !== null) {
    process.stderr.write(`${missing}\n`);
    return 1;
  }
  const open = openDataTopics(dataDirectory, pipeline);
  try {
    const found: TopicStatus[] = [];
    for (const topic of open.list)
      if (named.length === 0 || named.includes(topic.name)) found.push(await open.status(topic));
    const lines = json ? found.map(asJson) : asText(found, dateAndTime(pipeline.timeZone));
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    await open.close();
  }
  return 0;
}

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
