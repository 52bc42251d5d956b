/** The engine's state as of the last commit: the newest snapshot, and the log replayed from it. */
import { fail, LoanstreamError } from "../../../errors.ts";
import type { EventLog } from "../../../eventlog/event-log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { Progress, Store } from "../../../store/store.ts";
import type { RecordBatch } from "../../batch.ts";
import { openSession } from "../open.ts";
import type { Session } from "../session.ts";

/**
 * A session that has taken in exactly what the store has committed. Nothing is put out: rows were committed
 * already, and groups that changed since the snapshot leave again, as they are, at the next trigger.
 * Throws `store.behind-log`, `log.position-gone`, `log.corrupt`, `engine.replay-differs`.
 */
export async function recoverSession(pipeline: Pipeline, log: EventLog, store: Store): Promise<Session> {
  const progress = store.progress();
  if (log.end() < progress.position) throw behind(log.end(), progress.position);
  const { session, position } = newestSession(pipeline, store);
  for await (const batch of until(log, position, progress.position)) session.step(batch);
  if (progress.ledger !== null && !agrees(session, progress)) throw differs(progress.position);
  return session;
}

function newestSession(pipeline: Pipeline, store: Store): { session: Session; position: number } {
  for (const { position, state } of store.snapshots()) {
    try {
      return { session: openSession(pipeline, state), position };
    } catch (error) {
      if (!isMismatch(error)) throw error;
    }
  }
  return { session: openSession(pipeline), position: 0 };
}

/** A snapshot that this version can't read: an older one, or the whole log, gives the same state. */
function isMismatch(error: unknown): boolean {
  return error instanceof LoanstreamError && error.diagnostics[0].code === "engine.snapshot-mismatch";
}

/** The records of [from, to). */
async function* until(log: EventLog, from: number, to: number): AsyncGenerator<RecordBatch> {
  if (from >= to) return;
  for await (const batch of log.read(from)) {
    const count = Math.min(batch.count, to - batch.basePosition);
    yield { ...batch, count, offsets: batch.offsets.subarray(0, count + 1) };
    if (batch.basePosition + count >= to) return;
  }
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
