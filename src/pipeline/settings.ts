/** Reads `pipeline.yaml`. */
import type { Diagnostic, Place } from "../errors.ts";
import { parseDuration } from "../sql/analyse/window.ts";
import { parseYaml, type YamlMap, type YamlNode } from "../yaml.ts";
import type { Emit, KeptTopic, LogSettings, SourceSettings, TopicSettings } from "./pipeline.ts";
import { ownTopics } from "./topic-names.ts";

export interface PipelineSettings {
  readonly source: SourceSettings;
  readonly sourcePlace: Place;
  readonly delayMs: number;
  readonly triggerMs: number;
  readonly log: LogSettings;
  readonly topics: TopicSettings;
  readonly currency: string;
  readonly timeZone: string;
  readonly tables: readonly TableSettings[];
}

export interface TableSettings {
  readonly name: string;
  readonly output: string;
  readonly topic: string;
  readonly emit: Emit;
  readonly place: Place;
}

/** `once` is for alerts: what a table shows of a group must not depend on when a trigger came. */
const EMITS: readonly Emit[] = ["append", "update", "final"];
const FORMATS = ["json", "csv"] as const;
const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_DELAY_MS = 3650 * DAY_MS;
const LONGEST_RETENTION_MS = 3650 * DAY_MS;
const RETENTION_MS = 7 * DAY_MS;
const ALERTS_RETENTION_MS = 30 * DAY_MS;
const PARTITIONS = 3;
const MOST_PARTITIONS = 1000;
const MOST_REPLICAS = 100;
const SIZE_UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 };
/** A timer holds no more than 24 days. */
const LONGEST_TRIGGER_MS = DAY_MS;

export function readSettings(
  text: string,
  file: string,
): { readonly settings: PipelineSettings; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const root = parseYaml(text, file, diagnostics).map([
    "source",
    "delay",
    "trigger",
    "log",
    "topics",
    "currency",
    "time_zone",
    "outputs",
  ]);
  const source = root.get("source");
  const log = readLog(root.optional("log").map(["retention", "max_size"]));
  const settings = {
    source: readSource(source.map(["event_time", "event_id", "key", "topic", "format"])),
    sourcePlace: source.place,
    delayMs: readDuration(root.optional("delay"), LONGEST_DELAY_MS) ?? MINUTE_MS,
    triggerMs: readDuration(root.optional("trigger"), LONGEST_TRIGGER_MS) ?? SECOND_MS,
    log,
    topics: readTopics(root.optional("topics"), log.retentionMs),
    currency: readCurrency(root.optional("currency")),
    timeZone: readTimeZone(root.optional("time_zone")),
    tables: root
      .get("outputs")
      .map()
      .entries.flatMap(({ key, value }) => readOutput(key, value)),
  };
  complainOfTwins(settings.tables, diagnostics);
  complainOfTopics(settings, diagnostics);
  return { settings, diagnostics };
}

function readSource(source: YamlMap): SourceSettings {
  return {
    eventTime: source.optional("event_time").string(),
    eventId: source.optional("event_id").string(),
    key: source.optional("key").string(),
    topic: source.optional("topic").string() ?? "loan.applications",
    format: source.optional("format").oneOf(FORMATS) ?? "json",
  };
}

function readLog(log: YamlMap): LogSettings {
  return {
    retentionMs: readDuration(log.optional("retention"), LONGEST_RETENTION_MS) ?? RETENTION_MS,
    maxBytes: readSize(log.optional("max_size")),
  };
}

function readTopics(node: YamlNode, eventsMs: number): TopicSettings {
  const topics = node.map(["replication", "input", "outputs", "alerts", "late", "dlq"]);
  const kept = (name: string, partitions: number, retentionMs: number) =>
    readKept(topics.optional(name), { partitions, retentionMs });
  return {
    replication: readCount(topics.optional("replication"), MOST_REPLICAS) ?? 1,
    input: kept("input", PARTITIONS, eventsMs),
    outputs: kept("outputs", PARTITIONS, RETENTION_MS),
    alerts: kept("alerts", 1, ALERTS_RETENTION_MS),
    late: kept("late", 1, eventsMs),
    dlq: kept("dlq", 1, eventsMs),
  };
}

function readKept(node: YamlNode, otherwise: KeptTopic): KeptTopic {
  const map = node.map(["partitions", "retention"]);
  return {
    partitions: readCount(map.optional("partitions"), MOST_PARTITIONS) ?? otherwise.partitions,
    retentionMs: readDuration(map.optional("retention"), LONGEST_RETENTION_MS) ?? otherwise.retentionMs,
  };
}

function readCount(node: YamlNode, most: number): number | null {
  const count = node.integer();
  if (count !== null && (count < 1 || count > most))
    node.complain(`${count} is out of bounds`, `Write a number from 1 to ${most}.`, "pipeline.invalid");
  return count;
}

function readSize(node: YamlNode): number | null {
  const text = node.string();
  if (text === null) return null;
  const [, count, unit = ""] = /^\s*(\d+)\s+([MGT]B)\s*$/.exec(text) ?? [];
  const bytes = Number(count) * (SIZE_UNITS[unit] ?? 0);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  node.complain("this is no size", "Write one such as 10 GB, in MB, GB or TB.", "pipeline.invalid");
  return null;
}

function readDuration(node: YamlNode, longestMs: number): number | null {
  const text = node.string();
  if (text === null) return null;
  const ms = parseDuration(text);
  if (ms === null)
    node.complain("this is no duration of fixed length", "Write one such as 60 seconds.", "pipeline.invalid");
  if (ms !== null && ms > longestMs)
    node.complain("this is too long", `Write ${longestMs / HOUR_MS} hours at most.`, "pipeline.invalid");
  return ms;
}

function readCurrency(node: YamlNode): string {
  const currency = node.string() ?? "USD";
  if (!/^[A-Z]{3}$/.test(currency))
    node.complain("this is no currency", "Write its code of ISO 4217, such as USD.", "pipeline.invalid");
  return currency;
}

function readTimeZone(node: YamlNode): string {
  const zone = node.string() ?? "UTC";
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    node.complain(
      "there is no such time zone",
      "Write a name such as UTC or Europe/Berlin.",
      "pipeline.invalid",
    );
  }
  return zone;
}

function readOutput(output: string, node: YamlNode): readonly TableSettings[] {
  const map = node.map(["topic", "tables"]);
  const topic = map.optional("topic").string() ?? output;
  return map
    .get("tables")
    .map()
    .entries.map(({ key, value, keyPlace }) => ({
      name: key,
      output,
      topic,
      emit: value.oneOf(EMITS) ?? "append",
      place: keyPlace,
    }));
}

function complainOfTwins(tables: readonly TableSettings[], diagnostics: Diagnostic[]): void {
  for (const [index, { name, place }] of tables.entries())
    if (tables.findIndex((table) => table.name === name) < index)
      diagnostics.push({
        code: "pipeline.invalid",
        message: `the table ${name} is in two outputs`,
        remedy: "Name it once.",
        place,
      });
}

/** As Kafka names topics. */
const TOPIC_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/;

/** Events, late and dead ones, alerts and outputs are apart. */
function complainOfTopics(
  { source, sourcePlace, tables }: PipelineSettings,
  diagnostics: Diagnostic[],
): void {
  const complain = (message: string, remedy: string, place: Place) =>
    diagnostics.push({ code: "pipeline.invalid", message, remedy, place });
  const { input, ...others } = ownTopics(source);
  const outputs = new Map(tables.map((table) => [table.output, table]));
  for (const { topic, place } of [{ topic: input, place: sourcePlace }, ...outputs.values()]) {
    if (!TOPIC_NAME.test(topic))
      complain(`"${topic}" can't name a topic`, "Use letters, digits, dots, - and _, at most 249.", place);
    if (Object.values(others).includes(topic) || (topic === input && place !== sourcePlace))
      complain(`the topic ${topic} is taken: events, alerts or commits go there`, "Name another.", place);
  }
}
