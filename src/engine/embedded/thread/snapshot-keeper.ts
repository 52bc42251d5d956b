/** Keeps the state from time to time, and lets go what the log then no longer needs. */
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import { type Positions, total } from "../../../eventlog/positions.ts";
import type { Logger } from "../../../log.ts";
import type { Store } from "../../../store/store.ts";
import type { Intake } from "./intake.ts";
import type { Timers } from "./timers.ts";

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

export interface KeeperParts {
  readonly log: PartitionedLog;
  readonly store: Store;
  readonly timers: Timers;
  readonly snapshots: SnapshotSettings;
  readonly logger: Logger;
}

/** To be called after each trigger; keeps, the last time, whatever isn't kept yet. */
export type SnapshotKeeper = (isLast: boolean) => Promise<void>;

/** @param snapshotPositions those of the newest snapshot */
export function snapshotKeeper(
  parts: KeeperParts,
  intake: Intake,
  snapshotPositions: Positions,
): SnapshotKeeper {
  const { log, store, timers, snapshots, logger } = parts;
  let keptPosition = total(snapshotPositions);
  let keptAtMs = timers.nowMs();
  let releasedAtMs = keptAtMs;

  function isDue(isLast: boolean): boolean {
    const position = total(intake.positions());
    const records = position - keptPosition;
    if (records > 0 && (isLast || records >= snapshots.records)) return true;
    return total(store.neededFrom()) < position && timers.nowMs() - keptAtMs >= snapshots.intervalMs;
  }

  /** A commit of its own, so that what waits for an answer gets it in between. */
  async function keep(): Promise<void> {
    await timers.sleep(0);
    const takenAtMs = timers.nowMs();
    await intake.keepState(takenAtMs);
    keptPosition = total(intake.positions());
    keptAtMs = takenAtMs;
    logger.info("snapshot", { position: keptPosition, tookMs: timers.nowMs() - takenAtMs });
  }

  return async (isLast) => {
    const keeps = isDue(isLast);
    if (keeps) await keep();
    if (!keeps && timers.nowMs() - releasedAtMs < snapshots.intervalMs) return;
    releasedAtMs = timers.nowMs();
    const needed = store.neededFrom();
    for (const [partition, its] of log.partitions.entries()) await its.release(needed[partition] ?? 0);
  };
}
