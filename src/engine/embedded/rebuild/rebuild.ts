/** Tables made anew from the stored log, late events included, and what an engine goes on from with them. */
import type { LogReader, PartitionedLog } from "../../../eventlog/event-log.ts";
import { total } from "../../../eventlog/positions.ts";
import { tableFingerprint } from "../../../pipeline/fingerprint.ts";
import { FAR_FUTURE_MS, type Pipeline, type Table } from "../../../pipeline/pipeline.ts";
import type { RebuiltSpan, ReplacedRows } from "../../../store/replace-rows.ts";
import type { StoreToRebuild } from "../../../store/sqlite-store.ts";
import type { RecordBatch } from "../../batch.ts";
import type { TableRows } from "../../engine.ts";
import { closing } from "../engine.ts";
import { openSession } from "../open.ts";
import { stateOf } from "../planned-table.ts";
import type { Session } from "../session.ts";
import { adoption } from "../thread/adopt.ts";
import { recoverSession } from "../thread/recover.ts";
import { recompute } from "./recompute.ts";

export interface RebuildParts {
  /** As it is now. */
  readonly pipeline: Pipeline;
  /** Those to rebuild; among them all that have changed. */
  readonly tables: readonly Table[];
  /** Event time; null for all that the log holds. */
  readonly fromMs: number | null;
  readonly opened: StoreToRebuild;
  readonly log: PartitionedLog;
  readonly reader: LogReader;
  readonly nowMs: number;
  /** Passes on what is read, to show how far it has come. */
  along(batches: AsyncIterable<RecordBatch>): AsyncIterable<RecordBatch>;
}

export interface Rebuild {
  /** In the order of the pipeline. */
  readonly tables: readonly ReplacedRows[];
  /** The records of [fromPosition, toPosition) were computed. */
  readonly fromPosition: number;
  readonly toPosition: number;
}

/** Before every time. */
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Changes rows, state and pipeline of the store in one transaction, or nothing. Throws what `recoverSession` throws,
 * `log.position-gone`, `log.corrupt`, `engine.sum-overflow`, and what a commit throws.
 */
export async function rebuild(parts: RebuildParts): Promise<Rebuild> {
  const { pipeline, tables, opened, log, reader } = parts;
  const { store, rows } = opened;
  const before = store.change?.before ?? pipeline;
  const { session: live, positions } = await recoverSession(before, log, store);
  const position = total(positions);
  const due = live.trigger();
  const start = await reader.start();
  const beginning = tables.filter((table) => begins(table, opened, start));
  const kept = parts.along(reader.read(start, position));
  const fresh = await freshSession({ ...pipeline, delayMs: before.delayMs }, beginning, kept);

  const fromMs = parts.fromMs ?? NEVER;
  const span = await spanToRead(reader, fromMs, position);
  const batches = parts.along(reader.read(span.fromPosition, position));
  await recompute({ pipeline, tables, fromMs, batches }, rows);

  const rebuilt = {
    snapshot: fresh.snapshot(),
    tables: new Set(beginning.map(({ name }) => name)),
    aggregates: incomplete(beginning, before, opened.begun, start),
  };
  const session = openSession(pipeline, live.snapshot(), rebuilt);
  const spanOf = (table: Table): RebuiltSpan => ({
    fromMs: table.emit === "append" ? fromMs : span.windowsFromMs,
    untilMs: Math.max(closedUntil(live), beginning.includes(table) ? closedUntil(fresh) : NEVER),
    begins: beginning.includes(table),
  });
  const adopted = await adoption(session, positions, parts.nowMs);
  let replaced: readonly ReplacedRows[] = [];
  const dueRows = due.filter(writableIn(before, pipeline));
  const withDue = { ...adopted, commit: { ...adopted.commit, tables: dueRows } };
  store.adopt(withDue, { tables: rebuilt.tables, fromPosition: start }, (afterSeq) => {
    const done = rows.replace(spanOf, afterSeq);
    replaced = done.replaced;
    return done.seq;
  });
  return { tables: replaced, fromPosition: span.fromPosition, toPosition: position };
}

/** Whether the log has more of what the table counts than the engine has counted. */
function begins(table: Table, { store: { change }, begun }: StoreToRebuild, start: number): boolean {
  if (change?.changed.includes(table) || change?.added.includes(table)) return true;
  return (begun.get(table.name) ?? start) > start;
}

/** The aggregates of these tables whose groups the engine doesn't have, or only of what came later than the log's start. */
function incomplete(
  tables: readonly Table[],
  before: Pipeline,
  begun: StoreToRebuild["begun"],
  start: number,
): ReadonlySet<string> {
  const whole = new Set(before.tables.filter(({ name }) => (begun.get(name) ?? start) <= start).map(stateOf));
  const states = tables.map(stateOf).filter((state) => state !== null);
  return new Set(states.filter((state) => !whole.has(state)));
}

/** What a run of these tables over the batches would have come to; nothing is read for none. */
async function freshSession(
  pipeline: Pipeline,
  tables: readonly Table[],
  batches: AsyncIterable<RecordBatch>,
): Promise<Session> {
  const session = openSession({ ...pipeline, tables: tables.map(closing), alerts: [] });
  if (tables.length === 0) return session;
  for await (const batch of batches) {
    session.step(batch);
    session.trigger();
  }
  return session;
}

/** Windows that end by then have closed. */
function closedUntil(session: Session): number {
  return session.watermarkMs() ?? NEVER;
}

interface SpanToRead {
  readonly fromPosition: number;
  /** Every event of windows that begin at this time or later is read. */
  readonly windowsFromMs: number;
}

/** An event's time is at most `FAR_FUTURE_MS` after it was taken in: what was taken in before is of windows before. */
async function spanToRead(reader: LogReader, fromMs: number, end: number): Promise<SpanToRead> {
  const start = await reader.start();
  const asked = Number.isFinite(fromMs) ? await reader.positionAtTime(fromMs - FAR_FUTURE_MS) : start;
  const fromPosition = Math.min(end, Math.max(start, asked));
  if (fromPosition > start || start === 0) return { fromPosition, windowsFromMs: fromMs };
  const takenInMs = await firstIngestMs(reader.read(start, end));
  return { fromPosition, windowsFromMs: Math.max(fromMs, takenInMs + FAR_FUTURE_MS + 1) };
}

async function firstIngestMs(batches: AsyncIterable<RecordBatch>): Promise<number> {
  for await (const { ingestTimesMs } of batches) return ingestTimesMs?.[0] ?? Number.POSITIVE_INFINITY;
  return Number.POSITIVE_INFINITY;
}

/** Whether rows of the pipeline before can be written as rows of this one. */
function writableIn(before: Pipeline, after: Pipeline): (rows: TableRows) => boolean {
  const all = ({ tables, alerts }: Pipeline) =>
    new Map(
      [...tables, ...alerts.map(({ rows }) => rows)].map((table) => [table.name, tableFingerprint(table)]),
    );
  const [was, is] = [all(before), all(after)];
  return ({ table }) => is.has(table) && was.get(table) === is.get(table);
}
