/** The cluster as the pipeline needs it. */
import { kafkaSettings } from "../config/kafka.ts";
import { openAdmin } from "../kafka/admin.ts";
import { probe, type Rights, rightsTo } from "../kafka/probe.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { counted } from "../output/quantities.ts";
import { refuseOthersOutputs } from "../publish/kafka.ts";
import { markerReader } from "../publish/marker-reader.ts";
import { besideInput, differenceOf, type WantedTopic, wantedTopics } from "../topics/wanted-topics.ts";
import { type Check, type Finding, failed, ok, warning } from "./check.ts";
import { type Input, kafkaInputChecks, readInput } from "./kafka-input-checks.ts";
import { attempt, type Subject, valueIn } from "./subject.ts";

/** What comes after the first is looked at only where the cluster can be reached; the cluster is looked at once. */
export function kafkaChecks(): readonly Check<Subject>[] {
  const cluster = once(onCluster);
  const input = once((subject) => attempt(async () => inputOn(subject, await cluster(subject))));
  const ofCluster = (name: string, look: Look): Check<Subject> => ({
    name,
    async run(subject) {
      const found = await cluster(subject);
      return found === null ? [] : look(found, subject);
    },
  });
  return [
    { name: "broker", run: checkBroker },
    ofCluster("topics", checkTopics),
    ofCluster("rights", checkRights),
    ofCluster("outputs", checkOutputs),
    ...kafkaInputChecks(input),
  ];
}

interface OnCluster {
  readonly kafka: KafkaSettings;
  readonly wanted: readonly WantedTopic[];
  readonly there: readonly WantedTopic[];
  readonly generates: boolean;
}

type Look = (cluster: OnCluster, subject: Subject) => Promise<readonly Finding[]>;

function once<Found>(work: (subject: Subject) => Promise<Found>): (subject: Subject) => Promise<Found> {
  let found: Promise<Found> | null = null;
  return (subject) => {
    found ??= work(subject);
    return found;
  };
}

async function checkBroker({ settings }: Subject): Promise<readonly Finding[]> {
  const kafka = kafkaSettings(settings);
  const brokers = await probe(kafka);
  const user = kafka.sasl === null ? "" : `, and lets ${kafka.sasl.username} in`;
  const where = kafka.bootstrap.join(",");
  return [ok(`${where} answers${user}; ${counted(brokers.length, "broker")}, each where it says it is`)];
}

/** Null where an earlier check has said why. */
async function onCluster({ settings, pipeline }: Subject): Promise<OnCluster | null> {
  const compiled = valueIn(pipeline);
  const kafka = await reachable(settings);
  if (compiled === null || kafka === null) return null;
  const wanted = wantedTopics(compiled);
  const names = await withAdmin(kafka, (admin) => admin.names());
  const there = wanted.filter(({ name }) => names.includes(name));
  return { kafka, wanted, there, generates: settings.generator };
}

async function reachable(settings: Subject["settings"]): Promise<KafkaSettings | null> {
  try {
    const kafka = kafkaSettings(settings);
    await probe(kafka);
    return kafka;
  } catch {
    return null;
  }
}

/** Null where it isn't there. */
async function inputOn({ pipeline }: Subject, cluster: OnCluster | null): Promise<Input | null> {
  const compiled = valueIn(pipeline);
  const isThere = cluster?.there.some(({ kind }) => kind === "input") ?? false;
  return compiled !== null && cluster !== null && isThere ? readInput(cluster.kafka, compiled) : null;
}

async function withAdmin<Found>(
  kafka: KafkaSettings,
  work: (admin: Awaited<ReturnType<typeof openAdmin>>) => Promise<Found>,
): Promise<Found> {
  const admin = await openAdmin(kafka);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

const CREATE = 'Run "loanstream topics create --broker kafka"';

async function checkTopics({ kafka, wanted, there }: OnCluster): Promise<readonly Finding[]> {
  const missing = wanted.filter((topic) => !there.includes(topic)).map(({ name }) => name);
  const found = await withAdmin(kafka, (admin) => admin.describe(there.map(({ name }) => name)));
  const input = wanted.find(({ kind }) => kind === "input")?.name;
  const expected = besideInput(
    there,
    found.find(({ name }) => name === input),
  );
  const differing = found.flatMap((topic) => {
    const one = expected.find(({ name }) => name === topic.name);
    return one === undefined ? [] : differenceIn(one, differenceOf(one, topic));
  });
  const absent = failed(
    `${counted(missing.length, "topic")} missing: ${missing.join(", ")}`,
    `${CREATE}; a topic that the user may not describe looks missing too.`,
  );
  const findings = [...(missing.length > 0 ? [absent] : []), ...differing];
  return findings.length > 0
    ? findings
    : [ok(`${counted(wanted.length, "topic")}, as pipeline.yaml has them`)];
}

function differenceIn(
  { name }: WantedTopic,
  { configs, lasting }: ReturnType<typeof differenceOf>,
): readonly Finding[] {
  const settable = Object.keys(configs);
  const remedy = `Write what it has into pipeline.yaml; or "loanstream topics recreate ${name} --broker kafka", which loses its records.`;
  return [
    ...(settable.length > 0
      ? [warning(`${name} differs from pipeline.yaml: ${settable.join(", ")}`, `${CREATE}.`)]
      : []),
    ...(lasting.length > 0
      ? [warning(`${name} differs from pipeline.yaml: ${lasting.join(", ")}`, remedy)]
      : []),
  ];
}

async function checkRights({ kafka, there, generates }: OnCluster): Promise<readonly Finding[]> {
  if (there.length === 0) return [];
  const rights = await rightsTo(
    kafka,
    there.map(({ name }) => name),
  );
  const lacking = there.flatMap((topic) => lackingRight(topic, rights.get(topic.name), generates));
  if (lacking.length === 0) return [ok("the user may read and write the topics")];
  const user = kafka.sasl === null ? "ANONYMOUS" : kafka.sasl.username;
  return lacking.map(({ name, operation }) =>
    failed(
      `the user may not ${operation} on Topic ${name}`,
      `Allow it: kafka-acls --add --allow-principal User:${user} --operation ${operation} --topic ${name}.`,
    ),
  );
}

const MARKER_WITHIN_MS = 10_000;

/** Whether what was put out under the application's name is of these tables; only where all of its topics are there. */
async function checkOutputs(
  { kafka, wanted, there }: OnCluster,
  { settings, pipeline, status }: Subject,
): Promise<readonly Finding[]> {
  const [compiled, found] = [valueIn(pipeline), valueIn(status)];
  if (compiled === null || "error" in status || there.length < wanted.length) return [];
  const applicationId = settings.kafkaApplicationId;
  return withAdmin(kafka, async (admin) => {
    const signal = AbortSignal.timeout(MARKER_WITHIN_MS);
    const looking = { applicationId, patienceMs: MARKER_WITHIN_MS, onTrouble: () => {}, signal };
    const marker = await (await markerReader(kafka, admin, looking)).newest();
    const whose = { applicationId, pipeline: compiled, storeId: found?.storeId ?? "none yet" };
    await refuseOthersOutputs(admin, marker, whose);
    return [ok(`what application ${applicationId} put out, if anything, is of this data directory`)];
  });
}

/** Events are read, and written where they are generated; all else is written, and read by who follows it. */
function lackingRight({ name, kind }: WantedTopic, rights: Rights | undefined, generates: boolean) {
  const needed = [
    { operation: "Read", has: rights?.read },
    { operation: "Write", has: rights?.write || (kind === "input" && !generates) },
  ];
  return needed.filter(({ has }) => !has).map(({ operation }) => ({ name, operation }));
}
