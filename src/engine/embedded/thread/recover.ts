/** The engine's state as of the last commit: the newest snapshot, and the log replayed from it. */
import { fail, hasCode, type LoanstreamError } from "../../../errors.ts";
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import { type Positions, reaches, total } from "../../../eventlog/positions.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { TriggerPoint } from "../../../publish/publisher.ts";
import type { JournalEntry, KeptEntry, Progress, Store } from "../../../store/store.ts";
import type { TableRows } from "../../engine.ts";
import { openSession } from "../open.ts";
import type { Session } from "../session.ts";
import { type Cursor, openCursor, openReading } from "./reading.ts";

export interface Recovered {
  /** Has taken in exactly what the store has committed, and triggered where the run before triggered. */
  readonly session: Session;
  /** Everything before them has been taken in. */
  readonly positions: Positions;
  /** Where the snapshot was taken that it began with. */
  readonly snapshotPositions: Positions;
  /** Where it triggered last; null where that isn't known. */
  readonly triggered: TriggerPoint | null;
  /** Whether it is another pipeline's state, which has put nothing out yet. */
  readonly adopted: boolean;
  /**
   * What alerts over groups raised on the way. The store has them, unless an alert is new: then its groups have left
   * for the session, and would not be put out again.
   */
  readonly raised: readonly TableRows[];
}

/**
 * Puts nothing out: rows were committed already. A store that nothing was committed to begins with the oldest record
 * kept. Throws `store.behind-log`, `log.position-gone`, `log.corrupt`, `engine.snapshot-mismatch`,
 * `engine.replay-differs`.
 */
export async function recoverSession(
  pipeline: Pipeline,
  log: PartitionedLog,
  store: Store,
): Promise<Recovered> {
  const progress = store.progress();
  const { session, positions: snapshotPositions, journalId } = await begin(pipeline, log, store);
  if (progress.ledger === null)
    return {
      session,
      positions: snapshotPositions,
      snapshotPositions,
      triggered: null,
      adopted: false,
      raised: [],
    };
  const ends = log.partitions.map((partition) => partition.end());
  if (progress.positions.some((position, partition) => (ends[partition] ?? 0) < position))
    throw behindLog(ends, progress.positions);
  const raised: TableRows[] = [];
  const isRaised = raisedOnce(pipeline);
  const entries = entriesSince(journalId, store.journal(journalId));
  const replayed = await replay(log, session, snapshotPositions, entries, (rows) => {
    raised.push(...rows.filter(isRaised));
  });
  if (!agrees(session, progress)) throw differs(progress);
  const positions = replayed.positions.map((at, partition) =>
    Math.max(at, progress.positions[partition] ?? at),
  );
  return { session, positions, triggered: replayed.triggered, snapshotPositions, adopted: false, raised };
}

interface Beginning {
  readonly session: Session;
  readonly positions: Positions;
  readonly journalId: number;
}

/** The newest snapshot that can be read; where none can, the log from where the first commit began. */
async function begin(pipeline: Pipeline, log: PartitionedLog, store: Store): Promise<Beginning> {
  let oldest: Omit<Beginning, "session"> | null = null;
  for (const { positions, journalId, state } of store.snapshots()) {
    oldest = { positions, journalId };
    const session = state && restored(pipeline, state);
    if (session) return { session, positions, journalId };
  }
  const session = openSession(pipeline);
  const starts = log.partitions.map((partition) => partition.start());
  const begun = store.progress().begun ?? starts;
  if (oldest === null) return { session, positions: begun, journalId: 0 };
  if (!reaches(begun, starts.slice(0, begun.length))) throw stateLost();
  await readUntil(log, session, begun, oldest.positions);
  return { session, ...oldest };
}

/** As it came, since the journal of then is gone: over several partitions the ledger will tell if that was otherwise. */
async function readUntil(
  log: PartitionedLog,
  session: Session,
  fromPositions: Positions,
  untilPositions: Positions,
): Promise<void> {
  const reading = openReading(log, fromPositions, untilPositions);
  for (let read = await reading.next(); read !== null; read = await reading.next())
    session.step(read.batch, read.unread);
  await reading.rest();
}

/** Null for one that this version can't read: an older one may be readable. */
function restored(pipeline: Pipeline, state: Uint8Array): Session | null {
  try {
    return openSession(pipeline, state);
  } catch (error) {
    if (!isMismatch(error)) throw error;
    return null;
  }
}

const isMismatch = (error: unknown): boolean => hasCode(error, "engine.snapshot-mismatch");

interface Replayed {
  readonly positions: Positions;
  readonly triggered: TriggerPoint | null;
}

/** Does again what the journal tells. */
async function replay(
  log: PartitionedLog,
  session: Session,
  fromPositions: Positions,
  entries: readonly JournalEntry[],
  onTriggered: (rows: readonly TableRows[]) => void,
): Promise<Replayed> {
  const positions = log.partitions.map((partition, i) => fromPositions[i] ?? partition.start());
  const cursors = log.partitions.map((partition, i) => openCursor(partition, positions[i]!));
  let triggered: TriggerPoint | null = null;
  try {
    for (const { steps, trigger } of entries) {
      for (const { partition, toPosition, unread } of steps) {
        await stepThrough(session, cursors[partition]!, toPosition, unread);
        positions[partition] = toPosition;
      }
      if (trigger === null) continue;
      onTriggered(session.trigger(trigger.unread));
      triggered = { positions: [...positions], unread: trigger.unread };
    }
    return { positions, triggered };
  } finally {
    for (const cursor of cursors) await cursor.rest();
  }
}

async function stepThrough(
  session: Session,
  cursor: Cursor,
  toPosition: number,
  unread: readonly number[],
): Promise<void> {
  for (let batch = await cursor.next(toPosition); batch !== null; batch = await cursor.next(toPosition))
    session.step(batch, unread);
}

/** Of the entry that ends where the snapshot was taken the trigger alone: behind it, it changes nothing. */
function entriesSince(id: number, entries: readonly KeptEntry[]): readonly JournalEntry[] {
  return entries.map((entry) => (entry.id === id ? { ...entry, steps: [] } : entry));
}

function raisedOnce({ alerts }: Pipeline): (rows: TableRows) => boolean {
  const names = new Set(alerts.filter(({ rows }) => rows.emit === "once").map(({ rows }) => rows.name));
  return ({ table }) => names.has(table);
}

function agrees(session: Session, { ledger }: Progress): boolean {
  return JSON.stringify(session.ledger()) === JSON.stringify(ledger);
}

export function behindLog(ends: Positions, positions: Positions): LoanstreamError {
  const message = `the log ends at position ${ends.join(", ")}, the tables hold what came up to ${positions.join(", ")}`;
  const remedy = "Restore the log and the store from the same copy, or start with an empty data directory.";
  return fail("store.behind-log", message, remedy);
}

function stateLost(): LoanstreamError {
  const message = "no kept state can be read, and the log no longer reaches back to where these tables begin";
  const remedy =
    "Start with the version that wrote it, or set loanstream.sqlite aside: the next start takes in anew what the log keeps.";
  return fail("engine.snapshot-mismatch", message, remedy);
}

function differs({ positions }: Progress): LoanstreamError {
  const message = `replaying the log up to position ${total(positions)} gives another ledger than was committed`;
  const remedy = "Restore the data directory from a copy, or start with an empty one, and report this.";
  return fail("engine.replay-differs", message, remedy);
}
