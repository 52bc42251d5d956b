/** The pipeline's input on Kafka: whether what is in it comes through, and in time. */
import { setTimeout as delay } from "node:timers/promises";
import { rawIdentifierIn, rawIdentifiers } from "../contract/raw-identifiers.ts";
import { type Bounds, total } from "../eventlog/positions.ts";
import type { KafkaBatch } from "../kafka/records/record-batches.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { count, counted } from "../output/quantities.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { type Check, type Finding, failed, ok, warning } from "./check.ts";
import { boundsOf, type InputBounds, newestOf, waitingFrom } from "./kafka-input.ts";
import { delayFinding, pressureFinding } from "./lagging.ts";
import { clockFinding } from "./log-checks.ts";
import {
  type NewestRecords,
  ofLast,
  repeatFindings,
  scanRecords,
  schemaFinding,
  textsAt,
  timeFindings,
} from "./newest-records.ts";
import { committedProgress } from "./status.ts";
import { type Attempt, resultOf, type Subject, valueIn } from "./subject.ts";

const LAST_RECORDS = 5000;
const LOOKS_AGAIN_AFTER_MS = 1000;
const NOTABLE_SHARE = 0.05;
/** Of more records than that, most are in one partition only by their keys. */
const ENOUGH_RECORDS = 1000;
const MOST_IN_ONE = 0.9;

/** What is looked at, read once. */
export interface Input extends InputBounds {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly newest: NewestRecords<KafkaBatch>;
}

export async function readInput(kafka: KafkaSettings, pipeline: Pipeline): Promise<Input> {
  const { topic } = pipeline.source;
  const found = await boundsOf(kafka, topic);
  const batches = await newestOf(kafka, topic, found.bounds, LAST_RECORDS);
  return { ...found, kafka, topic, newest: scanRecords(batches, pipeline) };
}

type Look = (input: Input, subject: Subject) => readonly Finding[] | Promise<readonly Finding[]>;

/** `inputOf` gives null where an earlier check has said why there is none. */
export function kafkaInputChecks(
  inputOf: (subject: Subject) => Promise<Attempt<Input | null>>,
): readonly Check<Subject>[] {
  const ofInput = (name: string, look: Look): Check<Subject> => ({
    name,
    async run(subject) {
      const input = valueIn(await inputOf(subject));
      return input === null ? [] : look(input, subject);
    },
  });
  return [
    {
      name: "input",
      async run(subject) {
        const input = resultOf(await inputOf(subject));
        return input === null ? [] : [ok(inputText(input))];
      },
    },
    ofInput("positions", positionFindings),
    ofInput("clock", ({ newest }, { nowMs }) => {
      const newestMs = newest.scanned.map(({ batch }) => batch.ingestTimesMs.at(-1) ?? 0);
      return newestMs.length === 0 ? [] : [clockFinding(Math.max(...newestMs), nowMs)];
    }),
    ofInput("schema", ({ newest }) => (newest.count === 0 ? [] : [schemaFinding(newest)])),
    ofInput("identifiers", identifierFindings),
    ofInput("event times", ({ newest }) => timeFindings(newest)),
    ofInput("repeats", ({ newest }) => repeatFindings(newest)),
    ofInput("keys", keyFindings),
    ofInput("delay", async ({ kafka, topic, bounds }, { status, process, nowMs }) => {
      const found = valueIn(status);
      if (!found) return [];
      const waiting = await waitingFrom(kafka, topic, bounds, found.positions);
      return [delayFinding(waiting, process !== null, nowMs)];
    }),
    ofInput("back-pressure", checkPressure),
  ];
}

const sizeOf = ({ start, end }: Bounds) => end - start;

function inputText({ topic, bounds }: Input): string {
  const records = bounds.reduce((sum, each) => sum + sizeOf(each), 0);
  return `${topic} holds ${counted(records, "record")} in ${counted(bounds.length, "partition")}`;
}

/** Whether what the tables hold, and what recovery needs, is of this topic. */
function positionFindings({ topic, bounds, identity }: Input, { status }: Subject): readonly Finding[] {
  const found = valueIn(status);
  if (!found) return [];
  const { positions, snapshot, logIdentity } = found;
  if (logIdentity !== null && logIdentity !== identity)
    return [failed(`the tables hold what came from another log than this ${topic}`, ANOTHER_TOPIC)];
  const needed = snapshot?.positions ?? positions;
  const findings = bounds.flatMap(({ start, end }, partition) => {
    const at = positions[partition] ?? start;
    if (end < at) return [failed(aheadText(topic, partition, end, at), ANOTHER_TOPIC)];
    const from = needed[partition] ?? start;
    if (from < start) return [failed(goneText(topic, partition, start, from), GONE)];
    return [];
  });
  return findings.length > 0 ? findings : [ok(`the tables hold ${count(total(positions))} offsets of it`)];
}

const aheadText = (topic: string, partition: number, end: number, at: number) =>
  `${topic}, partition ${partition} ends at offset ${count(end)}, the tables hold what came up to ${count(at)}`;
const ANOTHER_TOPIC =
  "The topic was made anew, or broker or kafka.bootstrap name another: correct that, or name another --data-dir to begin with an empty one.";
const goneText = (topic: string, partition: number, start: number, from: number) =>
  `${topic}, partition ${partition} begins at offset ${count(start)}, recovery needs it from ${count(from)} on`;
const GONE =
  "Those records are gone: raise topics.input.retention, run it more often than that, or name another --data-dir to begin with what is kept.";

/** Whether what should have been a token is one. */
function identifierFindings({ newest }: Input): readonly Finding[] {
  const { pipeline, scanned } = newest;
  const paths = rawIdentifiers(pipeline.schema);
  const rawIn = rawIdentifierIn(paths);
  const found = scanned.flatMap(({ batch }) => rawIn(batch) ?? []);
  const [first] = found;
  if (first === undefined)
    return scanned.length === 0 ? [] : [ok("the newest records carry none as they are")];
  return [
    failed(
      `records carry ${[...new Set(found.map(({ path }) => path))].join(", ")} as it is, where the schema has only its token`,
      `Put a token in its place before it enters Kafka, or declare ${first.path} in schema.yaml with x-pii: drop.`,
    ),
  ];
}

/** Whether records of one application come to one partition, and the partitions have about as many. */
function keyFindings({ newest, bounds }: Input): readonly Finding[] {
  const { pipeline, count: all, scanned } = newest;
  const path = pipeline.source.key;
  if (path === null || all === 0) return [];
  const utf8 = new TextDecoder();
  const other = scanned.flatMap(({ batch, read }) =>
    textsAt(pipeline, path, read).filter((text, row) => {
      if (read.dead[row] === 1) return false;
      const { key } = batch.details(row);
      return key === null || utf8.decode(key) !== text;
    }),
  ).length;
  if (other >= all * NOTABLE_SHARE)
    return [warning(`${ofLast(other, all)} bear another key than ${path}, or none`, keyRemedy(path))];
  const sizes = bounds.map(sizeOf);
  const records = sizes.reduce((sum, each) => sum + each, 0);
  if (sizes.length > 1 && records >= ENOUGH_RECORDS && Math.max(...sizes) > records * MOST_IN_ONE)
    return [warning(`nearly all records are in one of ${sizes.length} partitions`, keyRemedy(path))];
  return [ok(`records bear ${path} as their key, and are in every partition alike`)];
}

const keyRemedy = (path: string) =>
  `Send each record with its ${path} as key, by Kafka's own partitioner: only records of one partition keep their order.`;

/** Two looks, where something waits. */
async function checkPressure({ kafka, topic }: Input, subject: Subject): Promise<readonly Finding[]> {
  const { dataDir } = subject.settings;
  if (subject.process === null || !valueIn(subject.status)) return [];
  const look = async () => {
    const { bounds } = await boundsOf(kafka, topic);
    const { positions } = committedProgress(dataDir);
    return { atMs: performance.now(), bounds, end: total(bounds.map(({ end }) => end)), positions };
  };
  const before = await look();
  const { records } = await waitingFrom(kafka, topic, before.bounds, before.positions);
  if (records === 0) return [ok("all that came is taken in")];
  await delay(LOOKS_AGAIN_AFTER_MS);
  const after = await look();
  const flow = {
    came: after.end - before.end,
    takenIn: total(after.positions) - total(before.positions),
    withinMs: after.atMs - before.atMs,
  };
  return [pressureFinding(flow, after.end - total(after.positions))];
}
