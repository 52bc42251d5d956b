/** A start with a pipeline that has changed since the last one, in a way that goes on. */
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import type { Positions } from "../../../eventlog/positions.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import { packState } from "../../../store/snapshots.ts";
import type { Adoption, Commit, Store } from "../../../store/store.ts";
import { openSession } from "../open.ts";
import type { Session } from "../session.ts";
import { type Recovered, recoverSession } from "./recover.ts";

/**
 * Recovers with the pipeline that the store's state belongs to, then takes over from it what a changed one has in
 * common. Throws what `recoverSession` throws.
 */
export async function recoverOrAdopt(
  pipeline: Pipeline,
  log: PartitionedLog,
  store: Store,
  nowMs: number,
): Promise<Recovered> {
  if (store.change === null) return recoverSession(pipeline, log, store);
  const { session, ...recovered } = await recoverSession(store.change.before, log, store);
  const changed = openSession(pipeline, session.snapshot());
  store.adopt(await adoption(changed, recovered.positions, nowMs));
  return {
    ...recovered,
    session: changed,
    snapshotPositions: recovered.positions,
    adopted: true,
    raised: [],
  };
}

/** A session's state, as if nothing had come before it. */
export async function adoption(session: Session, positions: Positions, nowMs: number): Promise<Adoption> {
  const commit: Commit = {
    positions,
    steps: [],
    tables: [],
    late: [],
    dead: [],
    ledger: session.ledger(),
    watermarkMs: session.watermarkMs(),
    trigger: null,
  };
  return { commit, takenAtMs: nowMs, packed: await packState(session.snapshot()) };
}
