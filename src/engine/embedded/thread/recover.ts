/** The engine's state as of the last commit: the newest snapshot, and the log replayed from it. */
import { fail, LoanstreamError } from "../../../errors.ts";
import type { EventLog } from "../../../eventlog/event-log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { Progress, Store } from "../../../store/store.ts";
import { type RecordBatch, recordsBetween } from "../../batch.ts";
import type { TableRows } from "../../engine.ts";
import { openSession } from "../open.ts";
import type { Session } from "../session.ts";

export interface Recovered {
  /** Has taken in exactly what the store has committed, and triggered where the run before triggered. */
  readonly session: Session;
  /** Everything before it has been taken in. */
  readonly position: number;
  /** Where the snapshot was taken that it began with. */
  readonly snapshotPosition: number;
  /**
   * What alerts over groups raised on the way. The store has them, unless an alert is new: then its groups have left
   * for the session, and would not be put out again.
   */
  readonly raised: readonly TableRows[];
}

/**
 * Puts nothing out: rows were committed already. A store that nothing was committed to begins with the oldest record
 * kept. Throws `store.behind-log`, `log.position-gone`, `log.corrupt`, `engine.replay-differs`.
 */
export async function recoverSession(pipeline: Pipeline, log: EventLog, store: Store): Promise<Recovered> {
  const progress = store.progress();
  if (progress.ledger === null) return beginning(pipeline, log.start());
  if (log.end() < progress.position) throw behind(log.end(), progress.position);
  const { session, position: snapshotPosition } = newestSession(pipeline, store, log.start());
  const triggers = store.triggers(snapshotPosition - 1);
  const isRaised = raisedOnce(pipeline);
  const raised: TableRows[] = [];
  const trigger = (): void => void raised.push(...session.trigger().filter(isRaised));
  // If the snapshot was taken after it, it changes nothing.
  if (triggers[0] === snapshotPosition) trigger();
  for await (const batch of until(log, snapshotPosition, progress.position)) {
    for (const { part, triggers: isDue } of split(batch, triggers)) {
      session.step(part);
      if (isDue) trigger();
    }
  }
  if (!agrees(session, progress)) throw differs(progress.position);
  return { session, position: progress.position, snapshotPosition, raised };
}

function beginning(pipeline: Pipeline, position: number): Recovered {
  return { session: openSession(pipeline), position, snapshotPosition: position, raised: [] };
}

/** Without a snapshot the session begins with the oldest record kept: what isn't needed is let go by snapshots only. */
function newestSession(
  pipeline: Pipeline,
  store: Store,
  oldest: number,
): { session: Session; position: number } {
  for (const { position, state } of store.snapshots()) {
    try {
      return { session: openSession(pipeline, state), position };
    } catch (error) {
      if (!isMismatch(error)) throw error;
    }
  }
  return { session: openSession(pipeline), position: oldest };
}

/** A snapshot that this version can't read: an older one, or the whole log, gives the same state. */
function isMismatch(error: unknown): boolean {
  return error instanceof LoanstreamError && error.diagnostics[0].code === "engine.snapshot-mismatch";
}

/** The records of [from, to). */
async function* until(log: EventLog, from: number, to: number): AsyncGenerator<RecordBatch> {
  if (from >= to) return;
  for await (const batch of log.read(from)) {
    yield recordsBetween(batch, batch.basePosition, to);
    if (batch.basePosition + batch.count >= to) return;
  }
}

/** A batch in parts that end where the engine triggered. */
function* split(
  batch: RecordBatch,
  positions: readonly number[],
): Generator<{ part: RecordBatch; triggers: boolean }> {
  let from = batch.basePosition;
  const end = from + batch.count;
  for (const position of positions) {
    if (position <= from || position > end) continue;
    yield { part: recordsBetween(batch, from, position), triggers: true };
    from = position;
  }
  if (from < end) yield { part: recordsBetween(batch, from, end), triggers: false };
}

function raisedOnce({ alerts }: Pipeline): (rows: TableRows) => boolean {
  const names = new Set(alerts.filter(({ rows }) => rows.emit === "once").map(({ rows }) => rows.name));
  return ({ table }) => names.has(table);
}

function agrees(session: Session, { ledger }: Progress): boolean {
  return JSON.stringify(session.ledger()) === JSON.stringify(ledger);
}

function behind(end: number, position: number): LoanstreamError {
  const message = `the log ends at position ${end}, the tables hold what came up to ${position}`;
  const remedy = "Restore the log and the store from the same copy, or start with an empty data directory.";
  return fail("store.behind-log", message, remedy);
}

function differs(position: number): LoanstreamError {
  const message = `replaying the log up to position ${position} gives another ledger than was committed`;
  const remedy = "Restore the data directory from a copy, or start with an empty one, and report this.";
  return fail("engine.replay-differs", message, remedy);
}
