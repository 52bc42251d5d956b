/** The engine's loop: records into the log, from the log through the session, out at each commit. */
import { hasCode } from "../../../errors.ts";
import type { Append } from "../../../eventlog/event-log.ts";
import { total } from "../../../eventlog/positions.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { Publisher } from "../../../publish/publisher.ts";
import type { BackfillFile, BackfillState } from "../../../store/backfills.ts";
import type { Ledger, RecordPlace } from "../../engine.ts";
import { recoverOrAdopt } from "./adopt.ts";
import { openIntake } from "./intake.ts";
import { oneWorker } from "./one-worker.ts";
import { patiently } from "./patiently.ts";
import { type OpenOutbox, reconcile } from "./reconcile.ts";
import { type RepairedLetter, type Retried, retryQueue, settleRetries } from "./retry.ts";
import { type KeeperParts, snapshotKeeper } from "./snapshot-keeper.ts";

export interface LoopParts extends Omit<KeeperParts, "writing"> {
  readonly pipeline: Pipeline;
  /** Called once the state is recovered: whoever can't go on disturbs nobody who publishes. */
  readonly openPublisher: () => Promise<Publisher>;
  /** For a publisher that lacks something of the store; null where nothing is published. */
  readonly openOutbox: (() => OpenOutbox) | null;
  /** Told how many records wait to be taken in, at most, whenever that has changed. */
  readonly onLag: (records: number) => void;
  /** Told after each trigger how long it took, from when it was due until what it put out was committed. */
  readonly onTrigger: (tookMs: number) => void;
  /** Called once, with what stopped the loop. */
  readonly onFailure: (error: unknown) => void;
}

export interface EngineLoop {
  /** Resolves once the records are durable, with where each stands. */
  append(batch: Append): Promise<readonly RecordPlace[]>;
  /** Appends repaired dead letters, each once however often it is asked for. Throws `dlq.not-dead`. */
  retry(letters: readonly RepairedLetter[]): Promise<readonly Retried[]>;
  /**
   * Begins to backfill a file, or goes on with it: what is appended from now on are its records, until it has ended.
   */
  beginBackfill(file: BackfillFile): Promise<BackfillState>;
  endBackfill(file: string): Promise<void>;
  /** The greatest time of an event taken in that was not late; null where there is none. */
  newestEventMs(): number | null;
  /** Takes in what the log holds by now, triggers a last time, closes no window; then closes log and store. */
  drain(): Promise<Ledger>;
}

/** Recovers the state and goes on from the last commit. Throws what `recoverSession` throws. */
export async function openLoop(parts: LoopParts): Promise<EngineLoop> {
  const { pipeline, log, store, timers, logger } = parts;
  const { nowMs } = timers;
  const writing = patiently(timers, logger);
  const end = () => total(log.partitions.map((partition) => partition.end()));
  store.belongsTo(log.identity);
  const recovered = await recoverOrAdopt(pipeline, log, store, nowMs());
  const { session, snapshotPositions } = recovered;
  await writing(() => store.backfills.stopped(end()));
  await settleRetries(log, store, writing);
  for (const notice of store.change?.notices ?? []) logger.warn(notice);
  if (store.progress().ledger === null) await writing(() => store.begin(recovered.positions));
  const publisher = await parts.openPublisher();
  const intakeParts = { log, store, publisher, nowMs, writing, logger };
  const toFollow = await reconcile(intakeParts, recovered, parts.openOutbox);
  const intake = await openIntake(intakeParts, recovered, toFollow);
  const keeper = snapshotKeeper({ ...parts, writing, onFailure: stop }, intake, snapshotPositions);
  const retries = retryQueue({ log, store, append, writing, nowMs });
  let isTriggerDue = false;
  let triggerDueMs = 0;
  let isDraining = false;
  let isClosed = false;
  let failed = false;

  const worker = oneWorker({
    hasWork,
    async work() {
      await (isTriggerDue ? trigger() : intake.takeIn(() => isTriggerDue || failed));
      tellLag();
    },
    onFailure: stop,
  });

  function hasWork(): boolean {
    return !failed && !isClosed && (isTriggerDue || intake.lag() > 0);
  }

  let toldLag = -1;
  function tellLag(): void {
    const lag = intake.lag();
    if (lag !== toldLag) parts.onLag(lag);
    toldLag = lag;
  }

  function wake(): void {
    tellLag();
    void worker.wake();
  }

  async function trigger(): Promise<void> {
    isTriggerDue = false;
    const dueMs = triggerDueMs;
    await intake.putOut();
    await (isDraining ? keeper.last() : keeper.afterTrigger());
    parts.onTrigger(nowMs() - dueMs);
  }

  function triggerNow(): Promise<void> {
    if (!isTriggerDue) triggerDueMs = nowMs();
    isTriggerDue = true;
    return worker.wake();
  }

  function stop(error: unknown): void {
    if (failed) return;
    failed = true;
    cancel();
    parts.onFailure(error);
  }

  async function append(batch: Append): Promise<readonly RecordPlace[]> {
    try {
      return await log.append(batch);
    } catch (error) {
      if (!isRefusal(error)) stop(error);
      throw error;
    }
  }

  const cancel = timers.every(pipeline.triggerMs, () => void triggerNow());
  for (const partition of log.partitions) partition.onMore(wake);
  const position = total(intake.positions());
  logger.info("ready", { position, replayed: position - total(snapshotPositions), unread: intake.lag() });
  wake();

  return {
    append,
    retry: retries.retry,
    beginBackfill: (file) => writing(() => store.backfills.begin(file, end())),
    endBackfill: (file) => writing(() => store.backfills.done(file, end())),
    newestEventMs: session.newestEventMs,
    async drain() {
      await retries.idle();
      cancel();
      intake.endAt(log.partitions.map((partition) => partition.end()));
      while (hasWork()) await worker.wake();
      isDraining = true;
      await triggerNow();
      isClosed = true;
      await worker.idle();
      await publisher.close();
      await log.close();
      store.close();
      return session.ledger();
    },
  };
}

/** Only of these records; the log takes others. */
const isRefusal = (error: unknown): boolean =>
  hasCode(error, "log.record-has-line-end", "kafka.raw-identifier", "kafka.message-too-large");
