/** The engine's loop: records into the log, from the log through the session, out at each commit. */
import { LoanstreamError } from "../../../errors.ts";
import type { Append, EventLog } from "../../../eventlog/event-log.ts";
import type { Logger } from "../../../log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { BackfillFile, BackfillState } from "../../../store/backfills.ts";
import type { State, Store } from "../../../store/store.ts";
import type { RecordBatch } from "../../batch.ts";
import type { DeadLetter, Ledger, RecordPlace, TableRows } from "../../engine.ts";
import { recoverOrAdopt } from "./adopt.ts";
import { patiently } from "./patiently.ts";
import { appendRepaired, type RepairedLetter, type Retried, settleRetries } from "./retry.ts";

export interface Timers {
  nowMs(): number;
  /** Calls again and again, until what it returns is called. */
  every(intervalMs: number, work: () => void): () => void;
  sleep(delayMs: number): Promise<void>;
}

/**
 * A snapshot is due after so many records, and after so much time if any record came; once more while none comes, so
 * that the older of two that are kept needs nothing of the log either.
 */
export interface SnapshotSettings {
  readonly records: number;
  readonly intervalMs: number;
}

/** So many records are replayed in about a second. */
export const SNAPSHOTS: SnapshotSettings = { records: 100_000, intervalMs: 5 * 60_000 };

export interface LoopParts {
  readonly pipeline: Pipeline;
  readonly log: EventLog;
  readonly store: Store;
  readonly timers: Timers;
  readonly snapshots: SnapshotSettings;
  readonly logger: Logger;
  /** Called once, with what stopped the loop. */
  readonly onFailure: (error: unknown) => void;
}

export interface EngineLoop {
  /** Resolves once the records are durable, with the position of the first. */
  append(batch: Append): Promise<number>;
  /** Appends repaired dead letters, each once however often it is asked for. Throws `dlq.not-dead`. */
  retry(letters: readonly RepairedLetter[]): Promise<readonly Retried[]>;
  /**
   * Begins to backfill a file, or goes on with it: what is appended from now on are its records, until it has ended.
   */
  beginBackfill(file: BackfillFile): Promise<BackfillState>;
  endBackfill(file: string): Promise<void>;
  /** The greatest time of an event taken in that was not late; null where there is none. */
  newestEventMs(): number | null;
  /** Takes in what was acknowledged or is being retried, triggers a last time, closes no window; then closes log and store. */
  drain(): Promise<Ledger>;
}

/** What leaves at the next commit. */
interface Pending {
  bytes: number;
  readonly tables: TableRows[];
  readonly late: RecordPlace[];
  readonly dead: DeadLetter[];
}

const nothing = (): Pending => ({ bytes: 0, tables: [], late: [], dead: [] });

/** While the loop is behind, several batches make a commit: so many bytes, or what is taken in in so much time. */
const COMMIT_BYTES = 4 << 20;
const COMMIT_MS = 50;

/** Recovers the state and goes on from the last commit. Throws what `recoverSession` throws. */
export async function openLoop(parts: LoopParts): Promise<EngineLoop> {
  const { pipeline, log, store, timers, snapshots, logger } = parts;
  const writing = patiently(timers, logger);
  const { session, raised, snapshotPosition, ...recovered } = await recoverOrAdopt(
    pipeline,
    log,
    store,
    timers.nowMs(),
  );
  await writing(() => store.backfills.stopped(log.end()));
  await settleRetries(log, store, writing);
  for (const notice of store.change?.notices ?? []) logger.warn(notice);
  let { position } = recovered;
  /** Everything in the log before it has been taken in. */
  let readThrough = position;
  let triggeredPosition = store.triggers(position - 1).length > 0 ? position : -1;
  let keptPosition = snapshotPosition;
  let keptAtMs = timers.nowMs();
  let releasedAtMs = keptAtMs;
  let pending = nothing();
  let isTriggerDue = false;
  let isDraining = false;
  let isClosed = false;
  let failed = false;
  let working: Promise<void> | null = null;
  let retrying: Promise<unknown> = Promise.resolve();

  const hasWork = (): boolean => !failed && !isClosed && (isTriggerDue || readThrough < log.end());

  /** The one place where anything is taken in or put out. */
  async function work(): Promise<void> {
    while (hasWork()) await (isTriggerDue ? trigger() : takeIn());
  }

  function wake(): Promise<void> {
    working ??= work()
      .catch(stop)
      .finally(() => {
        working = null;
        if (hasWork()) void wake();
      });
    return working;
  }

  /** Everything up to the log's end, or until it is time to trigger. */
  async function takeIn(): Promise<void> {
    const end = log.end();
    let commitAtMs = timers.nowMs() + COMMIT_MS;
    for await (const batch of log.read(position)) {
      step(batch);
      if (isTriggerDue || failed) return;
      if (pending.bytes < COMMIT_BYTES && timers.nowMs() < commitAtMs) continue;
      await commit(false, null);
      commitAtMs = timers.nowMs() + COMMIT_MS;
    }
    readThrough = Math.max(end, position);
    if (pending.bytes > 0) await commit(false, null);
  }

  function step(batch: RecordBatch): void {
    const { rows, late, dead } = session.step(batch);
    position = batch.basePosition + batch.count;
    readThrough = position;
    pending.bytes += batch.offsets[batch.count]! - batch.offsets[0]!;
    pending.tables.push(...rows);
    pending.late.push(...late);
    pending.dead.push(...dead);
  }

  async function commit(trigger: boolean, snapshot: State | null): Promise<void> {
    const { tables, late, dead } = pending;
    pending = nothing();
    const state = { ledger: session.ledger(), watermarkMs: session.watermarkMs() };
    await writing(() => store.commit({ position, tables, late, dead, ...state, trigger, snapshot }));
    logger.debug("commit", { position, late: late.length, dead: dead.length, trigger });
  }

  async function trigger(): Promise<void> {
    isTriggerDue = false;
    if (position !== triggeredPosition) await putOut();
    const keeps = isSnapshotDue();
    if (keeps) await keep();
    if (!keeps && timers.nowMs() - releasedAtMs < snapshots.intervalMs) return;
    releasedAtMs = timers.nowMs();
    await log.release(store.neededFrom());
  }

  async function putOut(): Promise<void> {
    pending.tables.push(...session.trigger());
    triggeredPosition = position;
    await commit(true, null);
  }

  /** A commit of its own, so that what waits for an answer gets it in between. */
  async function keep(): Promise<void> {
    await timers.sleep(0);
    const takenAtMs = timers.nowMs();
    await commit(true, { takenAtMs, state: session.snapshot() });
    keptPosition = position;
    keptAtMs = takenAtMs;
    logger.info("snapshot", { position, tookMs: timers.nowMs() - takenAtMs });
  }

  function isSnapshotDue(): boolean {
    const records = position - keptPosition;
    if (records > 0 && (isDraining || records >= snapshots.records)) return true;
    return store.neededFrom() < position && timers.nowMs() - keptAtMs >= snapshots.intervalMs;
  }

  function stop(error: unknown): void {
    if (failed) return;
    failed = true;
    cancel();
    parts.onFailure(error);
  }

  function triggerNow(): Promise<void> {
    isTriggerDue = true;
    return wake();
  }

  async function append(batch: Append): Promise<number> {
    try {
      return await log.append(batch);
    } catch (error) {
      if (!isRefusal(error)) stop(error);
      throw error;
    } finally {
      void wake();
    }
  }

  pending.tables.push(...raised);
  if (raised.length > 0) await commit(false, null);
  const cancel = timers.every(pipeline.triggerMs, () => void triggerNow());
  logger.info("ready", { position, replayed: position - snapshotPosition, unread: log.end() - position });
  void wake();

  return {
    append,
    retry(letters) {
      const done = retrying.then(() =>
        appendRepaired(letters, { log, store, append, writing, nowMs: timers.nowMs }),
      );
      retrying = done.catch(() => {});
      return done;
    },
    beginBackfill: (file) => writing(() => store.backfills.begin(file, log.end())),
    endBackfill: (file) => writing(() => store.backfills.done(file, log.end())),
    newestEventMs: session.newestEventMs,
    async drain() {
      await retrying;
      cancel();
      while (hasWork()) await wake();
      isDraining = true;
      await triggerNow();
      isClosed = true;
      await working;
      await log.close();
      store.close();
      return session.ledger();
    },
  };
}

/** Only of these records; the log takes others. */
function isRefusal(error: unknown): boolean {
  return error instanceof LoanstreamError && error.diagnostics[0].code === "log.record-has-line-end";
}
