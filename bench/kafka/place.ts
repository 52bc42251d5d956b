/** A broker of a benchmark's own with the default pipeline's topics, and commands on it as a user starts them. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Ledger } from "../../src/engine/engine.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { openReader } from "../../src/kafka/fetch.ts";
import type { KafkaBatch } from "../../src/kafka/records/record-batches.ts";
import { type KafkaSettings, plainSettings } from "../../src/kafka/settings.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { readRunning } from "../../src/server/running.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { startKafka } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";

export const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const command = fileURLToPath(new URL("../../bin/loanstream", import.meta.url));

export interface Place {
  readonly settings: KafkaSettings;
  readonly bootstrap: string;
  /** Of a run; empty at first. */
  readonly dataDirectory: string;
  close(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const scratch = await mkdtemp(join(tmpdir(), "loanstream-bench-kafka-"));
  const cacheDir = defaultCacheDir(process.env);
  const broker = await startKafka({ cacheDir, dataDir: join(scratch, "broker") });
  const settings = plainSettings([broker.bootstrap]);
  const admin = await openAdmin(settings);
  await admin.create(wantedTopics(pipeline));
  await admin.close();
  return {
    settings,
    bootstrap: broker.bootstrap,
    dataDirectory: join(scratch, "data"),
    async close() {
      await broker.stop("SIGKILL");
      await rm(scratch, { recursive: true });
    },
  };
}

/** Generated events to the input topic, all acknowledged. */
export async function generate({ bootstrap }: Place, events: number, args: readonly string[]): Promise<void> {
  const to = ["--out", "kafka", "--kafka-bootstrap", bootstrap, "--events", String(events)];
  await started(["generate", ...to, ...args]).ended;
}

export interface Run {
  /** Resolves once its server answers. */
  ready(): Promise<void>;
  /** Resolves once so many records are taken in. */
  taken(records: number): Promise<void>;
  /** Of all its threads, since its start. */
  cpuSeconds(): number;
  /** As Ctrl-C; gives the ledger. */
  stop(): Promise<Ledger>;
}

export function startRun({ bootstrap, dataDirectory }: Place): Run {
  const where = ["--broker", "kafka", "--kafka-bootstrap", bootstrap, "--data-dir", dataDirectory];
  const { child, ended, check } = started(["run", "--no-generator", "--port", "0", ...where]);
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) {
      check();
      await delay(LOOK_MS);
    }
  };
  return {
    ready: () => until(async () => (await readRunning(dataDirectory)) !== null),
    taken: (records) => until(async () => ledgerOf(dataDirectory).source.read >= records),
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async stop() {
      child.kill("SIGINT");
      await ended;
      return ledgerOf(dataDirectory);
    },
  };
}

const LOOK_MS = 100;

function started(args: readonly string[]): {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly check: () => void;
} {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const check = (): void => assert.equal(child.exitCode ?? 0, 0, `${args[0]} failed: ${said}`);
  const ended = new Promise<void>((resolve, reject) => {
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${args[0]} failed: ${said}`))));
  });
  ended.catch(() => {});
  process.once("exit", () => child.kill("SIGKILL"));
  return { child, ended, check };
}

const NOTHING: Ledger = {
  source: { read: 0, accepted: 0, late: 0, duplicate: 0, dead: 0 },
  tables: {},
};

function ledgerOf(dataDirectory: string): Ledger {
  const reader = openStoreReader(dataDirectory, pipeline);
  try {
    return reader.progress().ledger ?? NOTHING;
  } finally {
    reader.close();
  }
}

/** Kernel ticks a second that `/proc` counts in, on Linux. */
const TICKS_A_SECOND = 100;

/** proc_pid_stat(5): user and system time are the 14th and 15th field; the second, in brackets, may hold spaces. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** What is committed in a topic by now, partition by partition in order. */
export async function* committed({ settings }: Place, topic: string): AsyncGenerator<KafkaBatch> {
  const admin = await openAdmin(settings);
  const ends = await admin.offsets(topic, "stable-end");
  await admin.close();
  const reached = ends.map(() => 0);
  const from = ends.map((_, partition) => ({ topic, partition, offset: 0 }));
  const reader = await openReader(settings, { from, committedOnly: true });
  while (reached.some((offset, partition) => offset < (ends[partition] ?? 0))) {
    for (const { partition, batches, nextOffset } of await reader.next()) {
      reached[partition] = nextOffset;
      yield* batches;
    }
  }
  await reader.close();
}

export const rounded = (number: number): string => (Math.round(number / 1000) * 1000).toLocaleString("en-US");
