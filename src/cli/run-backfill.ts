/** `run --backfill FILE…`: the records of files into the log, before anything else comes. */
import { realpathSync } from "node:fs";
import type { RecordBatch } from "../engine/batch.ts";
import type { SourceLedger } from "../engine/engine.ts";
import type { Append } from "../eventlog/event-log.ts";
import { readRecords } from "../eventlog/files/read.ts";
import type { Logger } from "../log.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { BackfillFile, KeptBackfill } from "../store/backfills.ts";
import { createUnderWay } from "./feed.ts";
import { hasGrownFrom, identityOf } from "./file-content.ts";
import type { ReadingProgress } from "./reading-progress.ts";

/** What the engine's thread offers to whoever backfills. */
export interface BackfillLog {
  append(batch: Append): Promise<void>;
  beginBackfill(file: BackfillFile): Promise<{
    readonly done: boolean;
    readonly taken: number;
  }>;
  endBackfill(file: string): Promise<void>;
}

export interface BackfillParts {
  readonly log: BackfillLog;
  readonly pipeline: Pick<Pipeline, "source" | "schema">;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly progress: ReadingProgress;
  /** The files that are known, some of which may have changed since. */
  readonly kept: readonly KeptBackfill[];
  readonly logger: Pick<Logger, "info" | "warn">;
}

export interface Backfilled {
  readonly file: string;
  /** Had been taken in before. */
  readonly before: boolean;
  /** Records that this start appended. */
  readonly appended: number;
  /** All of the file is in. */
  readonly done: boolean;
}

/** Of an append, but for the last of a batch. */
const LEAST_BYTES = 1 << 18;

/**
 * Goes on with a file where an earlier start stopped, also if the file has grown since. Ends early once the signal is
 * aborted.
 */
export async function backfillFile(path: string, parts: BackfillParts): Promise<Backfilled> {
  const { log, pipeline, nowMs, signal, progress } = parts;
  const { file, ...content } = await contentOf(path, parts);
  const state = await log.beginBackfill({ file, ...content });
  if (state.done) return { file: path, before: true, appended: 0, done: true };
  const { source, schema } = pipeline;
  const { addBytes: onBytes, along } = progress;
  const settings = { format: source.format, leaves: schema.leaves, stdin: process.stdin, onBytes };
  const underWay = createUnderWay((append) => log.append(append));
  let appended = 0;
  for await (const batch of along(readRecords([path], settings))) {
    for (const records of appendsOf(batch, state.taken)) {
      if (signal.aborted) break;
      appended += records.length;
      await underWay.add({ records, ingestTimeMs: nowMs() });
    }
    if (signal.aborted) break;
  }
  await underWay.all();
  if (!signal.aborted) await log.endBackfill(file);
  return { file: path, before: false, appended, done: !signal.aborted };
}

/** The records from a position on, without the line ends behind them. */
function* appendsOf(
  { basePosition, count, bytes, offsets }: RecordBatch,
  from: number,
): Generator<Uint8Array[]> {
  let records: Uint8Array[] = [];
  let size = 0;
  for (let i = Math.max(0, from - basePosition); i < count; i += 1) {
    const record = withoutLineEnd(bytes.subarray(offsets[i], offsets[i + 1]));
    records.push(record);
    size += record.length;
    if (size < LEAST_BYTES) continue;
    yield records;
    records = [];
    size = 0;
  }
  if (records.length > 0) yield records;
}

function withoutLineEnd(record: Uint8Array): Uint8Array {
  let end = record.length;
  while (end > 0 && (record[end - 1] === 0x0a || record[end - 1] === 0x0d)) end -= 1;
  return record.subarray(0, end);
}

/** Says so where the content is another than before. */
async function contentOf(path: string, { kept, logger }: BackfillParts): Promise<BackfillFile> {
  const file = realpathSync(path);
  const identity = await identityOf(file);
  const before = kept.find((its) => its.file === file);
  if (before === undefined || before.identity === identity) return { file, identity };
  if (await hasGrownFrom(file, before.identity)) {
    logger.info("this file has grown since it was taken in; goes on behind that", { file: path });
    return { file, identity, follows: before.identity };
  }
  logger.warn("this file has changed since it was taken in; it begins anew", { file: path });
  return { file, identity };
}

export type BackfillCounts = Readonly<Record<"records" | "accepted" | "late" | "duplicate" | "dead", number>>;

/** What became of the records, between two states of the ledger. */
export function backfillCounts(before: SourceLedger | null, after: SourceLedger | null): BackfillCounts {
  const of = (name: keyof SourceLedger): number => (after?.[name] ?? 0) - (before?.[name] ?? 0);
  return {
    records: of("read"),
    accepted: of("accepted"),
    late: of("late"),
    duplicate: of("duplicate"),
    dead: of("dead"),
  };
}
