/** The engine's loop: records into the log, from the log through the session, out at each commit. */
import { LoanstreamError } from "../../../errors.ts";
import type { Append } from "../../../eventlog/event-log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { BackfillFile, BackfillState } from "../../../store/backfills.ts";
import type { Ledger } from "../../engine.ts";
import { recoverOrAdopt } from "./adopt.ts";
import { openIntake } from "./intake.ts";
import { oneWorker } from "./one-worker.ts";
import { patiently } from "./patiently.ts";
import { type RepairedLetter, type Retried, retryQueue, settleRetries } from "./retry.ts";
import { type KeeperParts, snapshotKeeper } from "./snapshot-keeper.ts";

export interface LoopParts extends KeeperParts {
  readonly pipeline: Pipeline;
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

/** Recovers the state and goes on from the last commit. Throws what `recoverSession` throws. */
export async function openLoop(parts: LoopParts): Promise<EngineLoop> {
  const { pipeline, log, store, timers, logger } = parts;
  const { nowMs } = timers;
  const writing = patiently(timers, logger);
  const recovered = await recoverOrAdopt(pipeline, log, store, nowMs());
  const { session, snapshotPosition } = recovered;
  await writing(() => store.backfills.stopped(log.end()));
  await settleRetries(log, store, writing);
  for (const notice of store.change?.notices ?? []) logger.warn(notice);
  const intake = await openIntake({ log, store, nowMs, writing, logger }, recovered);
  const keepSnapshot = snapshotKeeper(parts, intake, snapshotPosition);
  const retries = retryQueue({ log, store, append, writing, nowMs });
  let isTriggerDue = false;
  let isDraining = false;
  let isClosed = false;
  let failed = false;

  const worker = oneWorker({
    hasWork,
    work: () => (isTriggerDue ? trigger() : intake.takeIn(() => isTriggerDue || failed)),
    onFailure: stop,
  });

  function hasWork(): boolean {
    return !failed && !isClosed && (isTriggerDue || intake.hasMore());
  }

  async function trigger(): Promise<void> {
    isTriggerDue = false;
    await intake.putOut();
    await keepSnapshot(isDraining);
  }

  function triggerNow(): Promise<void> {
    isTriggerDue = true;
    return worker.wake();
  }

  function stop(error: unknown): void {
    if (failed) return;
    failed = true;
    cancel();
    parts.onFailure(error);
  }

  async function append(batch: Append): Promise<number> {
    try {
      return await log.append(batch);
    } catch (error) {
      if (!isRefusal(error)) stop(error);
      throw error;
    } finally {
      void worker.wake();
    }
  }

  const cancel = timers.every(pipeline.triggerMs, () => void triggerNow());
  const position = intake.position();
  logger.info("ready", { position, replayed: position - snapshotPosition, unread: log.end() - position });
  void worker.wake();

  return {
    append,
    retry: retries.retry,
    beginBackfill: (file) => writing(() => store.backfills.begin(file, log.end())),
    endBackfill: (file) => writing(() => store.backfills.done(file, log.end())),
    newestEventMs: session.newestEventMs,
    async drain() {
      await retries.idle();
      cancel();
      while (hasWork()) await worker.wake();
      isDraining = true;
      await triggerNow();
      isClosed = true;
      await worker.idle();
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
