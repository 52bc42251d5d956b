/** From the log through the session into the store. */
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import { type Positions, reaches, total } from "../../../eventlog/positions.ts";
import type { Logger } from "../../../log.ts";
import type { Publication, Published, Publisher, TriggerPoint } from "../../../publish/publisher.ts";
import type { JournalEntry, Store } from "../../../store/store.ts";
import type { Patiently } from "./patiently.ts";
import { createPending } from "./pending.ts";
import { openReading } from "./reading.ts";
import { behindLog, type Recovered } from "./recover.ts";

export interface IntakeParts {
  readonly log: PartitionedLog;
  readonly store: Store;
  readonly publisher: Publisher;
  readonly nowMs: () => number;
  readonly writing: Patiently;
  readonly logger: Logger;
}

/** Of its promises one at a time. */
export interface Intake {
  /** Everything before them has been taken in. */
  positions(): Positions;
  /** How many records may wait to be taken in. */
  lag(): number;
  /** Everything up to the log's end, or until it is to stop; committed by then, unless it was stopped. */
  takeIn(isToStop: () => boolean): Promise<void>;
  /** Triggers and commits; where nothing came since the last time, looks whether it still may. */
  putOut(): Promise<void>;
  /** The engine's, where nothing is taken in that isn't committed. */
  state(): Uint8Array;
  /** Nothing behind these positions is taken in from now on. */
  endAt(positions: Positions): void;
}

/** While it is behind, several batches make a commit: so many bytes, or what is taken in in so much time. */
const COMMIT_BYTES = 4 << 20;
const COMMIT_MS = 50;

/** @param toFollow what another copy of the store has published, where this one is older; null where it isn't */
export async function openIntake(
  parts: IntakeParts,
  recovered: Recovered,
  toFollow: Published | null,
): Promise<Intake> {
  const { log, store, publisher, nowMs, writing, logger } = parts;
  const { session, raised } = recovered;
  const pending = createPending();
  let { triggered } = recovered;
  let isPutOut = !recovered.adopted;
  let reading = openReading(log, recovered.positions);

  /** @param leave what is pending, where it is enough */
  async function takeIn(leave: () => Promise<void>, isToStop: () => boolean): Promise<void> {
    let leaveAtMs = nowMs() + COMMIT_MS;
    try {
      for (let read = await reading.next(); read !== null; read = await reading.next()) {
        pending.addStep(read, session.step(read.batch, read.unread));
        if (isToStop()) return;
        if (pending.bytes() < COMMIT_BYTES && nowMs() < leaveAtMs) continue;
        await leave();
        leaveAtMs = nowMs() + COMMIT_MS;
      }
      if (pending.hasSteps()) await leave();
    } finally {
      await reading.rest();
    }
  }

  function trigger(unread: readonly number[]): JournalEntry["trigger"] {
    pending.addRows(session.trigger(unread));
    triggered = { positions: reading.positions(), unread };
    return { unread };
  }

  async function commit(trigger: JournalEntry["trigger"]): Promise<void> {
    await publisher.begin();
    await publisher.publish(await keep(trigger));
  }

  /** A commit to the store alone. */
  async function keep(trigger: JournalEntry["trigger"]): Promise<Publication> {
    const positions = reading.positions();
    const leaving = pending.take();
    const { late, dead } = leaving;
    const state = { ledger: session.ledger(), watermarkMs: session.watermarkMs() };
    const commit = { positions, ...leaving, ...state, trigger };
    const written = await writing(() => store.commit(commit));
    const counts = { late: late.length, dead: dead.length };
    logger.debug("commit", { position: total(positions), ...counts, trigger: trigger !== null });
    return { positions, triggered, late, dead, ...written };
  }

  /**
   * Takes in what another copy of this store had taken in and published; where it triggered last it puts out what that
   * did. Nothing of it is published, and the store knows that it follows until what it has come to is marked as such.
   */
  async function follow({ positions: untilPositions, triggered: last }: Published): Promise<void> {
    await writing(() => store.follow(true));
    if (last !== null && reaches(last.positions, reading.positions())) {
      await followTo(last.positions);
      await keep(trigger(last.unread));
    }
    await followTo(untilPositions);
    const { seq, positions } = store.progress();
    await publisher.begin();
    await publisher.publish({ seq, positions, triggered, tables: [], late: [], dead: [] });
    await writing(() => store.follow(false));
    const position = total(positions);
    logger.warn("took in again what was published before these tables were restored", { position });
  }

  async function followTo(untilPositions: Positions): Promise<void> {
    reading = openReading(log, reading.positions(), untilPositions);
    const leave = async () => void (await keep(null));
    await takeIn(leave, () => false);
    const positions = reading.positions();
    if (!reaches(positions, untilPositions)) throw behindLog(positions, untilPositions);
    reading = openReading(log, positions);
  }

  if (toFollow !== null) await follow(toFollow);
  pending.addRows(raised);
  if (raised.length > 0) await commit(null);

  return {
    positions: () => reading.positions(),
    lag: () => reading.lag(),
    takeIn: (isToStop) => takeIn(() => commit(null), isToStop),
    async putOut() {
      const unread = reading.unread();
      if (isPutOut && isSame(triggered, { positions: reading.positions(), unread })) return publisher.look();
      await commit(trigger(unread));
      isPutOut = true;
    },
    state: () => session.snapshot(),
    endAt: (ends) => reading.endAt(ends),
  };
}

function isSame(one: TriggerPoint | null, other: TriggerPoint): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
