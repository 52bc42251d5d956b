/** `loanstream topics` on Kafka: which of the pipeline's topics are there, and how they come and go. */
import { createInterface } from "node:readline/promises";
import { fail } from "../errors.ts";
import { type KafkaAdmin, type KafkaTopic, openAdmin } from "../kafka/admin.ts";
import { probe } from "../kafka/probe.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { count, counted, size } from "../output/quantities.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { ALERTS_TOPIC, COMMITS_TOPIC } from "../pipeline/topic-names.ts";
import { keptOf } from "../topics/kafka.ts";
import { topicNamed } from "../topics/topic-list.ts";
import { besideInput, differenceOf, type WantedTopic, wantedTopics } from "../topics/wanted-topics.ts";
import { alignedLines } from "./aligned.ts";
import { retentionText } from "./retention-text.ts";

export type TopicsAction = "list" | "create" | "delete" | "recreate";

export interface TopicsRequest {
  readonly action: TopicsAction;
  /** Of topics; none for all. */
  readonly names: readonly string[];
  readonly json: boolean;
  /** Asks nothing. */
  readonly yes: boolean;
}

interface Work {
  readonly admin: KafkaAdmin;
  readonly wanted: readonly WantedTopic[];
  /** Of those, what is there. */
  readonly found: ReadonlyMap<string, KafkaTopic>;
  readonly others: readonly string[];
  readonly request: TopicsRequest;
  readonly bootstrap: string;
}

/** The exit code. Touches no topic but the pipeline's. Throws errors of the catalogue. */
export async function topicsOnKafka(
  settings: KafkaSettings,
  pipeline: Pipeline,
  request: TopicsRequest,
): Promise<number> {
  const made = wantedTopics(pipeline);
  const named = new Set(request.names.map((name) => topicNamed(made, name).name));
  await probe(settings);
  const admin = await openAdmin(settings);
  try {
    const names = await admin.names();
    const input = made.filter(({ name, kind }) => kind === "input" && names.includes(name));
    const all = besideInput(made, [...(await describedIn(admin, input)).values()][0]);
    const wanted = named.size === 0 ? all.filter(mayChange(request, pipeline)) : all.filter(isNamed(named));
    const there = wanted.filter(({ name }) => names.includes(name));
    const found = await describedIn(admin, there);
    const ours = new Set(all.map(({ name }) => name));
    const others = named.size === 0 ? names.filter((name) => !ours.has(name)) : [];
    const bootstrap = settings.bootstrap.join(",");
    return await ACTIONS[request.action]({ admin, wanted, found, others, request, bootstrap });
  } finally {
    await admin.close();
  }
}

const isNamed =
  (names: ReadonlySet<string>) =>
  ({ name }: WantedTopic): boolean =>
    names.has(name);

/**
 * Alerts and marks of commits are those of every application on the cluster: a pipeline whose topics are called otherwise
 * neither deletes them nor makes them anew unless they are named.
 */
function mayChange({ action }: TopicsRequest, { source }: Pipeline): (topic: WantedTopic) => boolean {
  const isTheirs = (name: string): boolean => name.split(".")[0] === source.topic.split(".")[0];
  const isShared = (name: string): boolean => name === ALERTS_TOPIC || name === COMMITS_TOPIC;
  if (action === "list" || action === "create") return () => true;
  return ({ name }) => !isShared(name) || isTheirs(name);
}

/** In the order of those given. */
async function describedIn(
  admin: KafkaAdmin,
  there: readonly WantedTopic[],
): Promise<ReadonlyMap<string, KafkaTopic>> {
  const names = there.map(({ name }) => name);
  const topics = names.length === 0 ? [] : await admin.describe(names);
  const inOrder = topics.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  return new Map(inOrder.map((topic) => [topic.name, topic]));
}

const ACTIONS: Readonly<Record<TopicsAction, (work: Work) => Promise<number>>> = {
  list,
  create,
  delete: remove,
  recreate,
};

const print = (lines: readonly string[]): void => {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
};

async function list({ wanted, found, others, request }: Work): Promise<number> {
  const rows = wanted.map((topic) => rowOf(topic, found.get(topic.name) ?? null));
  if (request.json) {
    const foreign = others.map((name) => ({ name, of_pipeline: false }));
    print([...rows.map(({ json }) => json), ...foreign].map((row) => JSON.stringify(row)));
    return 0;
  }
  const head = ["topic", "partitions", "records", "size", "policy", "kept", "holds"];
  const foreign = others.map((name) => [name, "", "", "", "", "", "(not of this pipeline)"]);
  print(alignedLines([head, ...rows.map(({ cells }) => cells), ...foreign], RIGHT));
  return 0;
}

const RIGHT = new Set([1, 2, 3]);

function rowOf(wanted: WantedTopic, found: KafkaTopic | null) {
  const { name, holds } = wanted;
  if (found === null) {
    const cells = [name, "", "", "", "", "", `missing: "loanstream topics create" makes it`];
    return { cells, json: { name, holds, of_pipeline: true, there: false } };
  }
  const kept = keptOf(found.configs);
  const policy = found.configs["cleanup.policy"] ?? "";
  const [records, bytes] = [recordsIn(found), sum(found.partitions.map((one) => one.bytes))];
  const differs = differencesIn(wanted, found);
  const partitions = found.partitions.length;
  const told = differs.length === 0 ? holds : `${holds}; differs: ${differs.join(", ")}`;
  return {
    cells: [name, String(partitions), count(records), size(bytes), policy, retentionText(kept), told],
    json: {
      ...{ name, holds, of_pipeline: true, there: true, partitions, replication: found.replication },
      ...{ records, bytes, policy, retention_ms: kept.retentionMs, retention_bytes: kept.retentionBytes },
      differs,
    },
  };
}

function differencesIn(wanted: WantedTopic, found: KafkaTopic): readonly string[] {
  const { configs, lasting } = differenceOf(wanted, found);
  return [...lasting, ...Object.keys(configs)];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
/** At most: Kafka counts the ends of transactions too. */
const recordsIn = ({ partitions }: KafkaTopic): number =>
  sum(partitions.map(({ start, end }) => end - start));

async function create({ admin, wanted, found }: Work): Promise<number> {
  const missing = wanted.filter(({ name }) => !found.has(name));
  if (missing.length > 0) await admin.create(missing);
  for (const topic of wanted) {
    const there = found.get(topic.name);
    print([`${topic.name}: ${there ? await adjusted(admin, topic, there) : madeText(topic)}`]);
  }
  return 0;
}

const madeText = ({ partitions }: WantedTopic): string => `made, ${counted(partitions, "partition")}`;

/** A topic isn't grown: the records of a key would lie in two partitions from then on. */
async function adjusted(admin: KafkaAdmin, wanted: WantedTopic, found: KafkaTopic): Promise<string> {
  const { configs, lasting } = differenceOf(wanted, found);
  const names = Object.keys(configs);
  if (names.length > 0) await admin.configure(wanted.name, configs);
  const set = names.length > 0 ? [`${names.join(", ")} set`] : [];
  const remedy = "only recreate changes that, and deletes its records";
  const kept = lasting.length > 0 ? [`${lasting.join(", ")} (${remedy})`] : [];
  const told = [...set, ...kept];
  return told.length === 0 ? "as it should be" : told.join("; ");
}

async function remove(work: Work): Promise<number> {
  const { admin, found } = work;
  if (found.size === 0) {
    print(["None of them is there."]);
    return 0;
  }
  if (!(await isConfirmed(work, "delete"))) return 1;
  await admin.remove([...found.keys()]);
  print([...found.keys()].map((name) => `${name}: deleted`));
  return 0;
}

async function recreate(work: Work): Promise<number> {
  const { admin, wanted, found } = work;
  if (found.size > 0 && !(await isConfirmed(work, "recreate"))) return 1;
  await admin.recreate(wanted);
  print(wanted.map((topic) => `${topic.name}: ${madeText(topic)}`));
  return 0;
}

/** Throws where nobody can be asked. */
async function isConfirmed({ found, request, bootstrap }: Work, action: string): Promise<boolean> {
  if (request.yes) return true;
  const records = counted(sum([...found.values()].map(recordsIn)), "record");
  const what = `${action} ${counted(found.size, "topic")} at ${bootstrap} and lose ${records}`;
  if (!process.stdin.isTTY)
    throw fail("usage.invalid", `this would ${what}`, "Add --yes (make: YES=1) if that is what you want.");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = `Really ${what} (${[...found.keys()].join(", ")})? [y/N] `;
  const answer = await terminal.question(question).finally(() => terminal.close());
  if (answer.trim().toLowerCase() === "y") return true;
  process.stderr.write("Kept.\n");
  return false;
}
