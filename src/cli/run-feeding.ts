/** What comes into a run: files first, then generated events. */
import { realpathSync, statSync } from "node:fs";
import type { EngineThread } from "../engine/embedded/thread/thread.ts";
import { fail } from "../errors.ts";
import { backfillStatus, backfillText, goOnCommand } from "../inspect/backfills.ts";
import { createLogger, type Logger, type LogSettings } from "../log.ts";
import { counted } from "../output/quantities.ts";
import type { KeptBackfill } from "../store/backfills.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import { createReadingProgress, type ReadingProgress } from "./reading-progress.ts";
import { type BackfillCounts, backfillCounts, backfillFile } from "./run-backfill.ts";
import { embeddedLog, kafkaLog, openGeneration } from "./run-generate.ts";
import type { GeneratorSettings, RunOptions } from "./run-options.ts";
import { sleep, until } from "./run-process.ts";
import type { RunState } from "./run-state.ts";
import type { ScreenMessages } from "./screen-messages.ts";

/** What is there once the state is restored. */
export interface Opened {
  readonly thread: EngineThread;
  readonly reader: StoreReader;
}

export interface Run {
  readonly options: RunOptions;
  readonly logs: LogSettings;
  /** Null where messages and the screen don't share a terminal. */
  readonly messages: ScreenMessages | null;
  readonly logger: Logger;
  readonly state: RunState;
  readonly signal: AbortSignal;
  opened: Opened | null;
}

export function opened(run: Run): Opened {
  if (run.opened) return run.opened;
  throw fail("server.not-ready", "the state is being restored", "Ask again in a moment.");
}

/** The generator's events, or whatever else comes in, until the limit is reached or the signal comes. */
export async function feedRun(run: Run): Promise<void> {
  const { generator } = run.options;
  if (run.signal.aborted) return;
  if (generator !== null) return generate(run, generator);
  run.state.enter("live");
  await until(run.signal);
}

/** Takes the files in that are asked for, before anything else comes, and says what became of their records. */
export async function takeFiles(run: Run): Promise<BackfillCounts | null> {
  const { options, logger, signal } = run;
  const { thread, reader } = opened(run);
  const kept = reader.backfills();
  tellInterrupted(run, kept);
  if (options.backfill.length === 0) return null;
  const before = reader.progress().ledger?.source ?? null;
  run.state.enter("history");
  const progress = readingProgress(options.backfill);
  for (const file of options.backfill) {
    const parts = {
      log: thread,
      pipeline: options.pipeline,
      nowMs: Date.now,
      signal,
      progress,
      kept,
      logger,
    };
    const { before: known, appended, done } = await backfillFile(file, parts);
    if (known) logger.warn("was taken in before", { file });
    else logger.info(done ? "took a file in" : "stopped within a file", { file, records: appended });
  }
  await committed(run);
  const counts = backfillCounts(before, reader.progress().ledger?.source ?? null);
  tellBackfilled(logger, counts);
  return counts;
}

function tellBackfilled(logger: Logger, counts: BackfillCounts): void {
  logger.info("backfilled", { ...counts });
  if (counts.late === 0) return;
  logger.warn(
    `${counted(counts.late, "record")} came more than the delay behind the newest before them; "loanstream rebuild TABLE --from T" takes in what the tables don't have of them`,
  );
}

/** Of files that this start doesn't go on with. */
function tellInterrupted({ options, logger }: Run, kept: readonly KeptBackfill[]): void {
  const given = new Set(options.backfill.map((path) => realpathSync(path)));
  for (const its of kept.filter(({ file, done }) => !done && !given.has(file))) {
    const status = backfillStatus(its, 0, false);
    logger.warn(`${backfillText(status)}; "${goOnCommand(status)}" goes on`);
  }
}

function readingProgress(files: readonly string[]): ReadingProgress {
  const totalBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  return createReadingProgress({
    totalBytes,
    screen: process.stderr.isTTY ? process.stderr : null,
    nowMs: Date.now,
  });
}

async function generate(run: Run, settings: GeneratorSettings): Promise<void> {
  const { options, logs, state, signal } = run;
  const { dataDirectory } = options;
  const logger = createLogger("generator", logs);
  const time = { nowMs: Date.now, sleep, signal };
  const { reader, thread } = opened(run);
  await committed(run);
  if (signal.aborted) return;
  const log =
    options.kafka === null
      ? embeddedLog(dataDirectory, reader, thread.append)
      : kafkaLog(dataDirectory, thread.append);
  const generation = await openGeneration(
    { settings, dataDirectory, log, logger, ...time },
    await thread.newestEventMs(),
  );
  state.enterHistory(generation.history);
  await generation.takeHistory();
  await committed(run);
  if (signal.aborted) return;
  state.enter("live");
  await generation.goOn();
}

const LOOK_MS = 20;

/** Resolves when all that is in the log is in the tables, or once the signal is aborted. */
async function committed({ state, signal }: Run): Promise<void> {
  while (!signal.aborted && state.status().lag > 0) await sleep(LOOK_MS, signal);
}
