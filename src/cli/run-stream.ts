/** A whole run: server, engine thread, what is fed to it, and the way down. */
import { randomBytes } from "node:crypto";
import type { KafkaIdentity } from "../engine/embedded/thread/messages.ts";
import { type EngineThread, startEngineThread } from "../engine/embedded/thread/thread.ts";
import type { Ledger } from "../engine/engine.ts";
import { LoanstreamError } from "../errors.ts";
import { createLogger, processLogSettings } from "../log.ts";
import type { Admin, RepairedLetter, RetriedLetter } from "../server/parts.ts";
import { removeRunning, writeRunning } from "../server/running.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { openStoreReader, type StoreReader } from "../store/sqlite-reader.ts";
import { dataReader } from "../topics/data-reader.ts";
import { awaitBroker } from "./await-broker.ts";
import { type Display, SHOW_CURSOR, startDisplay } from "./display.ts";
import { refuseSecond } from "./refuse-second.ts";
import { feedRun, type Opened, opened, type Run, takeFiles } from "./run-feeding.ts";
import type { RunOptions } from "./run-options.ts";
import { every, sleep, stopSignal } from "./run-process.ts";
import { createRunState } from "./run-state.ts";
import { createScreenMessages } from "./screen-messages.ts";

/** Runs until the limit, a signal or a failure; null where the signal came before there was a broker. Throws what stopped it; what was acknowledged is kept. */
export async function stream(options: RunOptions): Promise<Ledger | null> {
  await refuseSecond(options.dataDirectory);
  const { signal, release } = stopSignal(() => {
    if (process.stdout.isTTY) process.stdout.write(`${SHOW_CURSOR}\n`);
    process.stderr.write("Ended at once: what was acknowledged is kept in the log.\n");
  });
  const run = createRun(options, signal);
  const tables: Tables = { reader: null };
  try {
    const token = randomBytes(32).toString("base64url");
    const server = await listen(run, tables, { token, retry: (letters) => retry(run, letters) });
    try {
      return await withEngine(run, tables, server, token);
    } finally {
      await server.close();
    }
  } finally {
    release();
  }
}

/** What can be read of them: those of an earlier run while the state is restored. */
interface Tables {
  reader: StoreReader | null;
}

async function retry(run: Run, letters: readonly RepairedLetter[]): Promise<readonly RetriedLetter[]> {
  const retried = await opened(run).thread.retry(letters);
  const already = retried.filter((letter) => letter.already).length;
  run.logger.info("dead letters appended", { appended: retried.length - already, already });
  return retried;
}

function createRun(options: RunOptions, signal: AbortSignal): Run {
  const sharesTerminal = process.stdout.isTTY && process.stderr.isTTY;
  const messages = sharesTerminal ? createScreenMessages((line) => process.stderr.write(line)) : null;
  const logs = processLogSettings(options.logLevels, messages?.write);
  const state = createRunState({
    nowMs: Date.now,
    read: () => run.opened?.reader.progress().ledger?.source.read ?? 0,
    lag: () => run.opened?.thread.lag() ?? 0,
    slowestTriggerMs: () => run.opened?.thread.slowestTriggerMs() ?? null,
  });
  const logger = createLogger("run", logs);
  const run: Run = { options, logs, messages, logger, state, signal, opened: null };
  return run;
}

function listen(run: Run, tables: Tables, admin: Admin): Promise<RunningServer> {
  const { pipeline, host, port } = run.options;
  return startServer({
    pipeline,
    reader: () => tables.reader,
    status: run.state.status,
    admin,
    host,
    port,
    logger: createLogger("server", run.logs),
    nowMs: Date.now,
  });
}

async function withEngine(
  run: Run,
  tables: Tables,
  { url }: RunningServer,
  token: string,
): Promise<Ledger | null> {
  const { kafka } = run.options;
  tables.reader = keptTables(run.options);
  try {
    if (kafka !== null) await awaitBroker(kafka.settings, { ...run, sleep });
    if (run.signal.aborted) return null;
    return await withThread(run, tables, url, token).catch((error) => {
      if (error !== run.signal.reason) throw error;
      return null;
    });
  } finally {
    tables.reader?.close();
    tables.reader = null;
  }
}

/** Null where there are none of this pipeline. What else is wrong with them, the engine says. */
function keptTables({ pipeline, dataDirectory }: RunOptions): StoreReader | null {
  try {
    return dataReader(dataDirectory, pipeline).store();
  } catch (error) {
    if (error instanceof LoanstreamError) return null;
    throw error;
  }
}

async function withThread(run: Run, tables: Tables, url: string, token: string): Promise<Ledger> {
  const { pipeline, dataDirectory, kafka, logLevels } = run.options;
  const settings = { pipeline, dataDirectory, kafka, logLevels };
  // A start on Kafka may wait for brokers; one on the directory's own log ends by itself.
  const thread = await startEngineThread(settings, run.logs.write, kafka === null ? undefined : run.signal);
  try {
    const reader = tables.reader ?? openStoreReader(dataDirectory, pipeline);
    tables.reader = reader;
    run.opened = { thread, reader };
    writeRunning(dataDirectory, { pid: process.pid, url, token, startedAt: new Date().toISOString() });
    run.logger.info("listens", { url });
    if (kafka !== null) tellKafka(run, kafka);
    const backfilled = await Promise.race([takeFiles(run), ended(thread)]);
    const ledger = await shown(run, run.opened, url);
    // The screen has hidden what was said before.
    if (backfilled !== null && run.messages !== null) run.logger.info("backfilled", { ...backfilled });
    return ledger;
  } catch (error) {
    run.state.fail(error);
    // The thread keeps the process alive until it is drained.
    await thread.drain().catch(() => {});
    throw error;
  } finally {
    removeRunning(dataDirectory);
    run.opened = null;
  }
}

function tellKafka({ logger, options }: Run, { settings, applicationId }: KafkaIdentity): void {
  const { topic } = options.pipeline.source;
  if (options.generator !== null)
    logger.warn("sends made-up events to the topic; --no-generator only reads it", { topic });
  logger.info("reads from Kafka", { broker: settings.bootstrap.join(), topic, application: applicationId });
}

/** Never resolves to anything but an end. */
async function ended(thread: EngineThread): Promise<null> {
  await thread.ended;
  return null;
}

async function shown(run: Run, { thread, reader }: Opened, url: string): Promise<Ledger> {
  run.messages?.cover();
  const display = show(run, reader, url);
  try {
    await Promise.race([feedRun(run), thread.ended, display.failed]);
    run.state.enter("draining");
    return await thread.drain();
  } finally {
    display.stop();
    run.messages?.uncover();
  }
}

function show({ options, messages, logger, state }: Run, reader: StoreReader, url: string): Display {
  const { tables, timeZone } = options.pipeline;
  const screen = process.stdout.isTTY ? process.stdout : null;
  const { status } = state;
  return startDisplay({
    reader,
    tables: tables.length,
    timeZone,
    status,
    url,
    logger,
    screen,
    messages: () => messages?.newest() ?? [],
    nowMs: Date.now,
    every,
  });
}
