/** From the log through the session into the store. */
import type { EventLog } from "../../../eventlog/event-log.ts";
import type { Logger } from "../../../log.ts";
import type { State, Store } from "../../../store/store.ts";
import type { RecordBatch } from "../../batch.ts";
import type { Patiently } from "./patiently.ts";
import { createPending } from "./pending.ts";
import type { Recovered } from "./recover.ts";

export interface IntakeParts {
  readonly log: EventLog;
  readonly store: Store;
  readonly nowMs: () => number;
  readonly writing: Patiently;
  readonly logger: Logger;
}

/** Of its promises one at a time. */
export interface Intake {
  /** Everything before it has been taken in. */
  position(): number;
  hasMore(): boolean;
  /** Everything up to the log's end, or until it is to stop; committed by then, unless it was stopped. */
  takeIn(isToStop: () => boolean): Promise<void>;
  /** Triggers and commits, unless nothing came since the last time. */
  putOut(): Promise<void>;
  /** A commit of the state alone. */
  keepState(takenAtMs: number): Promise<void>;
}

/** While it is behind, several batches make a commit: so many bytes, or what is taken in in so much time. */
const COMMIT_BYTES = 4 << 20;
const COMMIT_MS = 50;

/** Goes on from the recovered state, whose alerts are committed. */
export async function openIntake(parts: IntakeParts, recovered: Recovered): Promise<Intake> {
  const { log, store, nowMs, writing, logger } = parts;
  const { session, raised } = recovered;
  const pending = createPending();
  let { position } = recovered;
  let readThrough = position;
  let triggeredPosition = store.triggers(position - 1).length > 0 ? position : -1;

  async function takeIn(isToStop: () => boolean): Promise<void> {
    const end = log.end();
    let commitAtMs = nowMs() + COMMIT_MS;
    for await (const batch of log.read(position)) {
      step(batch);
      if (isToStop()) return;
      if (pending.bytes() < COMMIT_BYTES && nowMs() < commitAtMs) continue;
      await commit(false, null);
      commitAtMs = nowMs() + COMMIT_MS;
    }
    readThrough = Math.max(end, position);
    if (pending.bytes() > 0) await commit(false, null);
  }

  function step(batch: RecordBatch): void {
    pending.addStep(batch, session.step(batch));
    position = batch.basePosition + batch.count;
    readThrough = position;
  }

  async function commit(trigger: boolean, snapshot: State | null): Promise<void> {
    const leaving = pending.take();
    const state = { ledger: session.ledger(), watermarkMs: session.watermarkMs() };
    await writing(() => store.commit({ position, ...leaving, ...state, trigger, snapshot }));
    const [late, dead] = [leaving.late.length, leaving.dead.length];
    logger.debug("commit", { position, late, dead, trigger });
  }

  pending.addRows(raised);
  if (raised.length > 0) await commit(false, null);

  return {
    position: () => position,
    hasMore: () => readThrough < log.end(),
    takeIn,
    async putOut() {
      if (position === triggeredPosition) return;
      pending.addRows(session.trigger());
      triggeredPosition = position;
      await commit(true, null);
    },
    keepState: (takenAtMs) => commit(true, { takenAtMs, state: session.snapshot() }),
  };
}
