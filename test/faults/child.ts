/**
 * A process that feeds records to the engine thread, from where the log ends to a position, and then drains, or waits
 * for SIGTERM before it does. Each line on standard output is what the parent may rely on: `ready POSITION`, `acknowledged POSITION`
 * (everything before it is durable), `drained`. Fails as the command line does.
 *
 *     node child.ts DATA_DIRECTORY RECORDS UNTIL drain|wait
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type EngineThread, startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { formatDiagnostic, LoanstreamError } from "../../src/errors.ts";
import { openLogReader } from "../../src/eventlog/open-reader.ts";
import { parseLogLevels } from "../../src/log.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { type ArrivedRecord, readRecords } from "./records.ts";

const MOST_WAITING = 4;
const MOST_RECORDS_AN_APPEND = 24;

/**
 * The default pipeline, with triggers and snapshots so frequent that every life of a process has some, and a log of
 * many small segments, the oldest of which are deleted on the way.
 */
function frequentPipeline(): Pipeline {
  const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
  const retentionMs = 100 * 365 * 86_400_000;
  return { ...pipeline, triggerMs: 30, log: { retentionMs, maxBytes: 8 << 20 } };
}

async function feed(
  thread: EngineThread,
  records: readonly ArrivedRecord[],
  from: number,
  until: number,
): Promise<void> {
  const waiting: Promise<void>[] = [];
  for (let at = from; at < until; ) {
    const some = records.slice(at, Math.min(until, at + 1 + ((at * 31) % MOST_RECORDS_AN_APPEND)));
    const appended = append(thread, some, at);
    appended.catch(() => {});
    waiting.push(appended);
    at += some.length;
    if (waiting.length >= MOST_WAITING) await waiting.shift();
  }
  await Promise.all(waiting);
}

async function append(thread: EngineThread, records: readonly ArrivedRecord[], at: number): Promise<void> {
  const ingestTimeMs = records.at(-1)?.ingestTimeMs ?? 0;
  await thread.append({ records: records.map(({ bytes }) => bytes), ingestTimeMs });
  say(`acknowledged ${at + records.length}`);
}

/** At once: a killed process flushes nothing. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function run(dataDirectory: string, file: string, until: number, end: string): Promise<void> {
  const stopped = end === "wait" ? once(process, "SIGTERM") : null;
  const snapshots = { records: 500, intervalMs: 200 };
  const logLevels = parseLogLevels("silent");
  const thread = await startEngineThread({
    pipeline: frequentPipeline(),
    dataDirectory,
    snapshots,
    logLevels,
  });
  const log = await openLogReader(dataDirectory);
  const from = (await log?.end()) ?? 0;
  await log?.close();
  say(`ready ${from}`);
  await Promise.race([feed(thread, readRecords(file), from, until), thread.ended]);
  if (end === "wait") await Promise.race([stopped, thread.ended]);
  await thread.drain();
  say("drained");
}

const [dataDirectory = "", file = "", until = "0", end = "drain"] = process.argv.slice(2);
try {
  await run(dataDirectory, file, Number(until), end);
} catch (error) {
  if (!(error instanceof LoanstreamError)) throw error;
  for (const diagnostic of error.diagnostics) writeSync(2, `${formatDiagnostic(diagnostic)}\n`);
  process.exit(error.exitCode);
}
