/** A whole run: server, engine thread, what is fed to it, and the way down. */
import { randomBytes } from "node:crypto";
import { type EngineThread, startEngineThread } from "../engine/embedded/thread/thread.ts";
import type { Ledger } from "../engine/engine.ts";
import { fail } from "../errors.ts";
import type { Append } from "../eventlog/event-log.ts";
import { createLogger, type Logger, type LogSettings, processLogSettings } from "../log.ts";
import type { Admin } from "../server/parts.ts";
import { readRunning, removeRunning, writeRunning } from "../server/running.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { openStoreReader, type StoreReader } from "../store/sqlite-reader.ts";
import { type Display, SHOW_CURSOR, startDisplay } from "./display.ts";
import { backfillCounts, backfillFile } from "./run-backfill.ts";
import { openGeneration } from "./run-generate.ts";
import type { GeneratorSettings, RunOptions } from "./run-options.ts";
import { every, sleep, stopSignal, until } from "./run-process.ts";
import { createRunState, type RunState } from "./run-state.ts";

/** What is there once the state is restored. */
interface Opened {
  readonly thread: EngineThread;
  readonly reader: StoreReader;
  /** The position that the next record gets. */
  end: number;
}

interface Run {
  readonly options: RunOptions;
  readonly logs: LogSettings;
  readonly logger: Logger;
  readonly state: RunState;
  readonly signal: AbortSignal;
  opened: Opened | null;
}

/** Runs until the limit, a signal or a failure. Throws what stopped it; what was acknowledged is kept. */
export async function stream(options: RunOptions): Promise<Ledger> {
  await refuseSecond(options.dataDirectory);
  const { signal, release } = stopSignal(() => {
    if (process.stdout.isTTY) process.stdout.write(`${SHOW_CURSOR}\n`);
  });
  const run = createRun(options, signal);
  try {
    const token = randomBytes(32).toString("base64url");
    const server = await listen(run, { token, retry: (letters) => opened(run).thread.retry(letters) });
    try {
      return await withEngine(run, server, token);
    } finally {
      await server.close();
    }
  } finally {
    release();
  }
}

async function refuseSecond(dataDirectory: string): Promise<void> {
  const running = await readRunning(dataDirectory);
  if (running === null) return;
  const message = `process ${running.pid} runs on this data directory, at ${running.url}`;
  const remedy = "Stop it, or name another directory by --data-dir.";
  throw fail("store.in-use", message, remedy, { file: dataDirectory });
}

function createRun(options: RunOptions, signal: AbortSignal): Run {
  const logs = processLogSettings(options.logLevels);
  const state = createRunState({
    nowMs: Date.now,
    position: () => run.opened?.reader.progress().position ?? 0,
    end: () => run.opened?.end ?? 0,
  });
  const run: Run = { options, logs, logger: createLogger("run", logs), state, signal, opened: null };
  return run;
}

function opened(run: Run): Opened {
  if (run.opened) return run.opened;
  throw fail("server.not-ready", "the state is being restored", "Ask again in a moment.");
}

function listen(run: Run, admin: Admin): Promise<RunningServer> {
  const { pipeline, host, port } = run.options;
  return startServer({
    pipeline,
    reader: () => run.opened?.reader ?? null,
    status: run.state.status,
    admin,
    host,
    port,
    logger: createLogger("server", run.logs),
    nowMs: Date.now,
  });
}

async function withEngine(run: Run, { url }: RunningServer, token: string): Promise<Ledger> {
  const { pipeline, dataDirectory } = run.options;
  const thread = await startEngineThread({ pipeline, dataDirectory, logLevels: run.options.logLevels });
  try {
    const reader = openStoreReader(dataDirectory, pipeline);
    run.opened = { thread, reader, end: thread.startPosition };
    writeRunning(dataDirectory, { pid: process.pid, url, token, startedAt: new Date().toISOString() });
    run.logger.info("listens", { url });
    return await shown(run, run.opened, url);
  } catch (error) {
    run.state.fail(error);
    // The thread keeps the process alive until it is drained.
    await thread.drain().catch(() => {});
    throw error;
  } finally {
    removeRunning(dataDirectory);
    run.opened?.reader.close();
    run.opened = null;
  }
}

async function shown(run: Run, { thread, reader }: Opened, url: string): Promise<Ledger> {
  const display = show(run, reader, url);
  try {
    await Promise.race([feedAll(run), thread.ended, display.failed]);
    run.state.enter("draining");
    return await thread.drain();
  } finally {
    display.stop();
  }
}

function show({ options, logger, state }: Run, reader: StoreReader, url: string): Display {
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
    nowMs: Date.now,
    every,
  });
}

/** Files first, then the generator or whatever else comes in. */
async function feedAll(run: Run): Promise<void> {
  const { generator, backfill } = run.options;
  if (backfill.length > 0) await takeFiles(run, backfill);
  if (generator !== null) return generate(run, generator);
  run.state.enter("live");
  await until(run.signal);
}

const BEYOND_THE_DELAY =
  'late ones are older than the tables by more than the delay: "loanstream rebuild TABLE --from T" brings them in';

async function takeFiles(run: Run, files: readonly string[]): Promise<void> {
  const { options, logger, signal } = run;
  const { thread, reader } = opened(run);
  const before = reader.progress().ledger?.source ?? null;
  const log = { ...thread, append: appender(run) };
  run.state.enter("history");
  for (const file of files) {
    const parts = { log, pipeline: options.pipeline, nowMs: Date.now, signal, onBytes: () => {} };
    const { before: known, appended, done } = await backfillFile(file, parts);
    if (known) logger.warn("was taken in before", { file });
    else logger.info(done ? "took a file in" : "stopped within a file", { file, records: appended });
  }
  await committed(run);
  const counts = backfillCounts(before, reader.progress().ledger?.source ?? null);
  logger.info("backfilled", counts);
  if (counts.late > 0) logger.warn(BEYOND_THE_DELAY);
}

async function generate(run: Run, settings: GeneratorSettings): Promise<void> {
  const { options, logs, state, signal } = run;
  const { pipeline, dataDirectory } = options;
  const logger = createLogger("generator", logs);
  const time = { nowMs: Date.now, sleep, signal };
  const { reader, end } = opened(run);
  const parts = { settings, pipeline, dataDirectory, append: appender(run), logger, ...time };
  const generation = await openGeneration(parts, reader.progress());
  state.enterHistory(end, generation.history);
  await generation.takeHistory();
  await committed(run);
  state.enter("live");
  await generation.goOn();
}

/** Appends, and minds where the log ends. */
function appender(run: Run): EngineThread["append"] {
  const engine = opened(run);
  return async (batch: Append) => {
    const position = await engine.thread.append(batch);
    engine.end = Math.max(engine.end, position + batch.records.length);
    return position;
  };
}

const LOOK_MS = 20;

/** Resolves when all that was appended is in the tables, or once the signal is aborted. */
async function committed({ state, signal }: Run): Promise<void> {
  while (!signal.aborted && state.status().lag > 0) await sleep(LOOK_MS, signal);
}
