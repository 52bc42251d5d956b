/** `loanstream run --engine spark`: the pipeline as streaming queries on Spark, watched over from here. */

import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { kafkaSettings } from "../config/kafka.ts";
import type { SettingsOf } from "../config/table.ts";
import { changedQueries, openApp, requireStartable } from "../engine/spark/app/app.ts";
import { type FoundApp, findApp, lookAtApp, stopApp } from "../engine/spark/app/lookup.ts";
import { makeSparkDirectory, sparkDirectory } from "../engine/spark/app/record.ts";
import type { AppEvent, AppOptions, SparkApp } from "../engine/spark/app/supervise.ts";
import type { AppView } from "../engine/spark/app/watch.ts";
import { streamQueries } from "../engine/spark/stream/queries.ts";
import { fail } from "../errors.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { createLogger, type Logger, processLogSettings } from "../log.ts";
import { readPipelineFiles } from "../pipeline/files.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { wantedTopics } from "../topics/wanted-topics.ts";
import { cutTo } from "./aligned.ts";
import { pipelineDirectory, pipelineFrom } from "./pipeline-option.ts";
import { sleep, stopSignal } from "./run-process.ts";
import { exitCodeOf, failedLines, sparkLines } from "./spark-view.ts";

export interface SparkFlags {
  readonly detach?: boolean | undefined;
  readonly stop?: boolean | undefined;
  readonly restart?: boolean | undefined;
  readonly anew?: boolean | undefined;
}

type Settings = SettingsOf<"run">;

const LOOK_EVERY_MS = 2000;
const STOPPED_WITHIN_MS = 120_000;
const LOG_FILE = "spark.log";

/** Throws what `openApp` throws, `kafka.topic-missing`, and what keeps Kafka from being reached. */
export async function runOnSpark(
  settings: Settings,
  flags: SparkFlags,
  args: readonly string[],
): Promise<number> {
  if (flags.stop && flags.restart)
    throw fail("usage.invalid", "--stop and --restart ask for different things", "Give one of them.");
  if (flags.restart) await requireStart(settings, flags);
  if (flags.stop || flags.restart) await stopAll(settings.dataDir);
  if (flags.stop) return 0;
  const found = findApp(settings.dataDir);
  if (found?.watched) {
    const line = watchedLine(found, settings, flags);
    return flags.detach ? show(found, line) : follow(found, line, settings.dataDir);
  }
  return flags.detach ? detach(settings, args) : own(settings, flags);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function stopAll(dataDirectory: string): Promise<void> {
  const found = findApp(dataDirectory);
  if (found === null) return tell("Nothing was ever started on Spark from this data directory.");
  const before = await lookAtApp(found);
  await endWatcher(dataDirectory);
  const left = findApp(dataDirectory) ?? found;
  await stopApp(dataDirectory, left);
  const stopped = before.queries.filter(({ state }) => state === "running").map(({ name }) => name);
  tell(stopped.length === 0 ? "No query was running." : `Stopped: ${stopped.join(", ")}.`);
}

async function endWatcher(dataDirectory: string): Promise<void> {
  const found = findApp(dataDirectory);
  if (!found?.watched) return;
  const { pid } = found.record;
  if (pid !== null) process.kill(pid, "SIGTERM");
  const deadline = Date.now() + STOPPED_WITHIN_MS;
  while (findApp(dataDirectory)?.watched) {
    if (Date.now() > deadline) throw notStopped(pid, dataDirectory);
    await delay(100);
  }
  tell(`Process ${pid}, which watched over the queries, has ended.`);
}

const notStopped = (pid: number | null, dataDirectory: string) =>
  fail("store.in-use", `process ${pid} doesn't end`, "End it, then stop again.", { file: dataDirectory });

/** What runs goes on until what is to follow it can start. */
async function requireStart(settings: Settings, flags: SparkFlags): Promise<void> {
  const options = appOptions(settings, flags);
  await requireTopics(options.pipeline, kafkaSettings(settings));
  await requireStartable(options);
}

function watchedLine({ record: { pid } }: FoundApp, settings: Settings, flags: SparkFlags): string {
  const changed = changedQueries({ ...appOptions(settings, flags), anew: true });
  const more =
    changed.length === 0
      ? ""
      : ` What they were started with has changed since (${changed.join(", ")}): --restart takes it in.`;
  return `Process ${pid} watches over the queries already.${more}`;
}

async function show(found: FoundApp, line: string): Promise<number> {
  tell(line);
  const view = await lookAtApp(found);
  process.stdout.write(`${sparkLines(view, Date.now()).join("\n")}\n`);
  return exitCodeOf(view);
}

/** Shows what another process watches over, until that ends or Ctrl-C. */
async function follow(first: FoundApp, line: string, dataDirectory: string): Promise<number> {
  const { signal, release } = stopSignal(() => {});
  tell(line);
  const draw = screen("Another process watches over them; Ctrl-C leaves them running.");
  let view: AppView | null = null;
  for (
    let found: FoundApp | null = first;
    found?.watched && !signal.aborted;
    found = findApp(dataDirectory)
  ) {
    view = await lookAtApp(found);
    draw(view);
    await sleep(LOOK_EVERY_MS, signal);
  }
  release();
  return view === null ? 1 : exitCodeOf(view);
}

/** Starts this command as a process of its own, and waits until the queries run. */
async function detach(settings: Settings, args: readonly string[]): Promise<number> {
  const directory = sparkDirectory(settings.dataDir);
  makeSparkDirectory(directory);
  const file = join(directory, LOG_FILE);
  const log = openSync(file, "a", 0o600);
  const before = fstatSync(log).size;
  const rest = args.filter((arg) => !["--detach", "--restart"].includes(arg));
  const command = [...process.execArgv, process.argv[1] ?? "", "run", ...rest];
  const child = spawn(process.execPath, command, { detached: true, stdio: ["ignore", log, log, "ipc"] });
  closeSync(log);
  const { code, watches } = await new Promise<{ code: number; watches: boolean }>((done) => {
    child.once("message", (first) => done({ code: Number(first), watches: true }));
    child.once("exit", (status) => done({ code: status ?? 1, watches: false }));
  });
  process.stderr.write(readFileSync(file).subarray(before));
  if (watches) tell(`Process ${child.pid} watches over the queries and logs to ${file}; --stop ends both.`);
  if (child.connected) child.disconnect();
  child.unref();
  return code;
}

async function own(settings: Settings, flags: SparkFlags): Promise<number> {
  const options = appOptions(settings, flags);
  await requireTopics(options.pipeline, kafkaSettings(settings));
  const { signal, release } = stopSignal(() => tell("Ended at once: the queries run on by themselves."));
  const app = await openApp(options);
  try {
    return await watch(app, signal);
  } finally {
    release();
    await app.close();
  }
}

async function watch(app: SparkApp, signal: AbortSignal): Promise<number> {
  const draw = screen("Ctrl-C stops the queries; they go on from there at the next start.");
  let view = await app.look();
  // To who detached it.
  process.send?.(exitCodeOf(view));
  if (process.connected) process.disconnect();
  while (!signal.aborted && view.queries.some(({ state }) => state === "running" || state === "lost")) {
    draw(view);
    await sleep(LOOK_EVERY_MS, signal);
    view = await app.look();
  }
  draw(view);
  if (process.stdout.isTTY) for (const line of failedLines(view.queries)) tell(line);
  if (signal.aborted) await app.stop();
  return view.queries.some(({ state }) => state === "died") ? 1 : 0;
}

/** Draws on a terminal; elsewhere what happens is logged, and nothing is drawn. */
function screen(hint: string): (view: AppView) => void {
  const { stdout } = process;
  if (!stdout.isTTY) return () => {};
  return (view) => {
    const lines = [...sparkLines(view, Date.now()), "", hint];
    stdout.write(`\x1b[2J\x1b[H${lines.map((line) => cutTo(stdout.columns, line)).join("\n")}\n`);
  };
}

function appOptions(settings: Settings, flags: SparkFlags): AppOptions {
  const logger = createLogger("spark", processLogSettings(settings.logLevel));
  const pipeline = pipelineFrom(settings.pipeline);
  const kafka = kafkaSettings(settings);
  return {
    pipeline,
    queries: streamQueries(pipeline),
    models: readPipelineFiles(pipelineDirectory(settings.pipeline)).models,
    dataDirectory: settings.dataDir,
    remote: settings.sparkRemote,
    conf: settings.sparkConf ?? {},
    checkpoints: settings.sparkCheckpoints,
    kafka: { ...kafka, bootstrap: settings.sparkKafkaBootstrap ?? kafka.bootstrap },
    maxOffsets: settings.sparkMaxOffsets,
    anew: flags.anew ?? false,
    tell: (event) => logEvent(logger, event),
  };
}

function logEvent(logger: Logger, { what, query, why }: AppEvent): void {
  const write = what === "died" ? logger.error : what === "server lost" ? logger.warn : logger.info;
  write(what, { ...(query === null ? {} : { query }), ...(why === null ? {} : { why }) });
}

/** Those that it reads and writes: Spark would say less of one that is missing. */
async function requireTopics(pipeline: Pipeline, kafka: KafkaSettings): Promise<void> {
  const { openAdmin } = await import("../kafka/admin.ts");
  const admin = await openAdmin(kafka);
  try {
    await admin.describe(
      wantedTopics(pipeline)
        .filter(({ kind }) => kind !== "commits")
        .map(({ name }) => name),
    );
  } finally {
    await admin.close();
  }
}
