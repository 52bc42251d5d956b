/** Keeps the state from time to time, and lets go what the log then no longer needs. */
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import { type Positions, total } from "../../../eventlog/positions.ts";
import type { Logger } from "../../../log.ts";
import { packState } from "../../../store/snapshots.ts";
import type { StatePoint, Store } from "../../../store/store.ts";
import type { Intake } from "./intake.ts";
import type { Patiently } from "./patiently.ts";
import type { Timers } from "./timers.ts";

/**
 * A snapshot is due after so many records, and after so much time if any record came; once more while none comes, so
 * that the older of two that are kept needs nothing of the log either.
 */
export interface SnapshotSettings {
  readonly records: number;
  readonly intervalMs: number;
}

/** So many records are replayed in about five seconds; keeping the state takes a tenth of that, most of it beside the engine. */
export const SNAPSHOTS: SnapshotSettings = { records: 250_000, intervalMs: 5 * 60_000 };

export interface KeeperParts {
  readonly log: PartitionedLog;
  readonly store: Store;
  readonly timers: Timers;
  readonly snapshots: SnapshotSettings;
  readonly writing: Patiently;
  /** Told why a state couldn't be kept. */
  readonly onFailure: (error: unknown) => void;
  readonly logger: Logger;
}

export interface SnapshotKeeper {
  /** To be called after each trigger: takes the state where that is due, and keeps it meanwhile. */
  afterTrigger(): Promise<void>;
  /** Resolves once whatever was taken in is part of a kept state. */
  last(): Promise<void>;
}

/** @param snapshotPositions those of the newest snapshot */
export function snapshotKeeper(
  parts: KeeperParts,
  intake: Intake,
  snapshotPositions: Positions,
): SnapshotKeeper {
  const { log, store, timers, snapshots, writing, logger, onFailure } = parts;
  const { nowMs } = timers;
  let takenPosition = total(snapshotPositions);
  let takenAtMs = nowMs();
  let releasedAtMs = takenAtMs;
  let keeping: Promise<void> | null = null;

  function isDue(): boolean {
    const position = total(intake.positions());
    if (position - takenPosition >= snapshots.records) return true;
    return total(store.neededFrom()) < position && nowMs() - takenAtMs >= snapshots.intervalMs;
  }

  /** What waits for an answer gets it before. */
  async function take(): Promise<void> {
    await timers.sleep(0);
    takenAtMs = nowMs();
    const point = { takenAtMs, positions: intake.positions(), journalId: store.journalEnd() };
    takenPosition = total(point.positions);
    keeping = keep(point, intake.state())
      .catch(onFailure)
      .finally(() => {
        keeping = null;
      });
  }

  async function keep(point: StatePoint, state: Uint8Array): Promise<void> {
    const packed = await packState(state);
    await writing(() => store.keepSnapshot({ ...point, packed }));
    logger.info("snapshot", { position: total(point.positions), tookMs: nowMs() - point.takenAtMs });
    await release();
  }

  async function release(): Promise<void> {
    releasedAtMs = nowMs();
    const needed = store.neededFrom();
    for (const [partition, its] of log.partitions.entries()) await its.release(needed[partition] ?? 0);
  }

  return {
    async afterTrigger() {
      if (keeping !== null) return;
      if (isDue()) await take();
      else if (nowMs() - releasedAtMs >= snapshots.intervalMs) await release();
    },
    async last() {
      await keeping;
      if (total(intake.positions()) > takenPosition) await take();
      await keeping;
    },
  };
}
