/** The engine's loop: records into the log, from the log through the session, out at each commit. */
import type { Append, EventLog } from "../../../eventlog/event-log.ts";
import type { Logger } from "../../../log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { Store } from "../../../store/store.ts";
import type { Ledger, TableRows } from "../../engine.ts";
import type { StepOutput } from "../session.ts";
import { recoverSession } from "./recover.ts";

export interface Timers {
  nowMs(): number;
  /** Calls again and again, until what it returns is called. */
  every(intervalMs: number, work: () => void): () => void;
}

export interface LoopParts {
  readonly pipeline: Pipeline;
  readonly log: EventLog;
  readonly store: Store;
  readonly timers: Timers;
  /** Least time between two snapshots, in milliseconds. */
  readonly snapshotMs: number;
  readonly logger: Logger;
  /** Called once, with what stopped the loop. */
  readonly onFailure: (error: unknown) => void;
}

export interface EngineLoop {
  /** Resolves once the records are durable, with the position of the first. */
  append(batch: Append): Promise<number>;
  /** Takes in what was acknowledged, triggers a last time, closes no window; then closes log and store. */
  drain(): Promise<Ledger>;
}

const NOTHING: StepOutput = { rows: [], late: [], dead: [] };

/** Recovers the state and goes on from the last commit. Throws what `recoverSession` throws. */
export async function openLoop(parts: LoopParts): Promise<EngineLoop> {
  const { pipeline, log, store, timers, logger } = parts;
  const session = await recoverSession(pipeline, log, store);
  let { position } = store.progress();
  let keptPosition = -1;
  let keptAtMs = timers.nowMs();
  let pumping: Promise<void> | null = null;
  let failed = false;
  logger.info("ready", { position, unread: log.end() - position });

  function commit(output: StepOutput, tables: readonly TableRows[], snapshot: Uint8Array | null): void {
    const { late, dead } = output;
    const watermarkMs = session.watermarkMs();
    store.commit({ position, tables, late, dead, ledger: session.ledger(), watermarkMs, snapshot });
    logger.debug("commit", { position, late: late.length, dead: dead.length });
  }

  /** Everything up to the log's end; one commit a batch. */
  async function takeIn(): Promise<void> {
    for await (const batch of log.read(position)) {
      if (failed) return;
      const output = session.step(batch);
      position = batch.basePosition + batch.count;
      commit(output, output.rows, null);
    }
  }

  function pump(): void {
    pumping ??= takeIn()
      .catch(stop)
      .finally(() => {
        pumping = null;
        if (!failed && position < log.end()) pump();
      });
  }

  function trigger(keep: boolean): void {
    const tables = session.trigger();
    const snapshot = keep && position !== keptPosition ? session.snapshot() : null;
    if (tables.length > 0 || snapshot !== null) commit(NOTHING, tables, snapshot);
    if (snapshot === null) return;
    keptPosition = position;
    keptAtMs = timers.nowMs();
  }

  function stop(error: unknown): void {
    if (failed) return;
    failed = true;
    cancel();
    parts.onFailure(error);
  }

  const cancel = timers.every(pipeline.triggerMs, () => {
    try {
      trigger(timers.nowMs() - keptAtMs >= parts.snapshotMs);
    } catch (error) {
      stop(error);
    }
  });
  if (position < log.end()) pump();

  return {
    async append(batch) {
      const first = await log.append(batch);
      pump();
      return first;
    },
    async drain() {
      while (!failed && position < log.end()) {
        pump();
        await pumping;
      }
      cancel();
      await pumping;
      if (!failed) trigger(true);
      await log.close();
      store.close();
      return session.ledger();
    },
  };
}
