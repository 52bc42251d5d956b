/** How the queries of an application are, as `status` and the live view tell it. */
import type { SparkFailure } from "../connect/failure.ts";
import { lagOf, type QueryProgress } from "../connect/progress.ts";
import type { StreamingQuery } from "../connect/streaming.ts";

/** lost: its server or session has ended, and it isn't running again yet. */
export type QueryState = "running" | "stopped" | "died" | "lost";

export interface QueryView {
  readonly name: string;
  readonly state: QueryState;
  /** Why it died; null otherwise. */
  readonly failure: string | null;
  /** What it told last, maybe that there was nothing to do; null before anything. */
  readonly progress: QueryProgress | null;
  /** Its newest batch with any work to do; null where it remembers none. */
  readonly batch: QueryProgress | null;
  /** Records behind; null while no batch told. */
  readonly lag: number | null;
  /** Of the batches that were looked at. */
  readonly seen: Seen;
}

export interface Seen {
  readonly read: number;
  readonly late: number;
  readonly duplicates: number;
}

export interface AppView {
  readonly remote: string;
  /** Whether the server answered. */
  readonly connected: boolean;
  readonly queries: readonly QueryView[];
}

export const NOTHING_SEEN: Seen = { read: 0, late: 0, duplicates: 0 };

/** Counts what the batches of queries read and dropped, each once, however often it is looked at. */
export interface Tally {
  count(runId: string, batches: readonly QueryProgress[]): Seen;
}

export function createTally(): Tally {
  const counted = new Map<string, { readonly batchId: number; readonly seen: Seen }>();
  return {
    count(runId, batches) {
      const before = counted.get(runId) ?? { batchId: -1, seen: NOTHING_SEEN };
      const fresh = batches.filter(
        ({ batchId, inputRows }) => batchId > before.batchId && isWhole(batchId, inputRows, batches),
      );
      const seen = fresh.reduce(plus, before.seen);
      counted.set(runId, { batchId: fresh.at(-1)?.batchId ?? before.batchId, seen });
      return seen;
    },
  };
}

/** While there is nothing to do, Spark tells of the batch to come over and over, without rows. */
function isWhole(batchId: number, inputRows: number, batches: readonly QueryProgress[]): boolean {
  return inputRows > 0 || batches.some((other) => other.batchId > batchId);
}

const plus = (seen: Seen, { inputRows, droppedByWatermark, duplicates }: QueryProgress): Seen => ({
  read: seen.read + inputRows,
  late: seen.late + droppedByWatermark.reduce((sum, rows) => sum + rows, 0),
  duplicates: seen.duplicates + duplicates,
});

/** Throws `spark.unreachable`, and `spark.session-lost` where the session doesn't know the run. */
export async function lookAt(query: StreamingQuery, isActive: boolean, tally: Tally): Promise<QueryView> {
  const name = query.name ?? query.id;
  if (!isActive) return ended(name, await query.exception());
  const batches = await query.recentProgress();
  const progress = batches.at(-1) ?? null;
  const lag = progress === null ? null : lagOf(progress);
  const batch = batches.findLast(({ durationsMs }) => "addBatch" in durationsMs) ?? null;
  const seen = tally.count(query.runId, batches);
  return { name, state: "running", failure: null, progress, batch, lag, seen };
}

const ended = (name: string, failure: SparkFailure | null): QueryView => ({
  ...unseen(name, failure === null ? "stopped" : "died"),
  failure: failure?.message ?? null,
});

/** One of which nothing is known but this. */
export const unseen = (name: string, state: QueryState): QueryView => ({
  name,
  state,
  failure: null,
  progress: null,
  batch: null,
  lag: null,
  seen: NOTHING_SEEN,
});
