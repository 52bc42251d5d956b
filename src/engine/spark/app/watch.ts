/** How the queries of an application are, as `status` and the live view tell it. */
import type { Diagnostic } from "../../../errors.ts";
import type { SparkFailure } from "../connect/failure.ts";
import { lagOf, type QueryProgress } from "../connect/progress.ts";
import type { StreamingQuery } from "../connect/streaming.ts";
import { type Counted, count, NOTHING_COUNTED, nextBatch } from "./count.ts";

/** lost: its server or session has ended, and it isn't running again yet. */
export type QueryState = "running" | "stopped" | "died" | "lost";

export interface QueryView {
  readonly name: string;
  readonly state: QueryState;
  /** What it died of, or why it can't be started yet; null otherwise. */
  readonly failure: Diagnostic | null;
  /** What it told last, maybe that there was nothing to do; null before anything. */
  readonly progress: QueryProgress | null;
  /** Its newest batch; null where it remembers none. */
  readonly batch: QueryProgress | null;
  /** Records behind; null while no batch told. */
  readonly lag: number | null;
  readonly counted: Counted;
}

export interface AppView {
  readonly remote: string;
  /** Whether the server answered. */
  readonly connected: boolean;
  readonly queries: readonly QueryView[];
}

/** What an error of Spark's is in the catalogue, and where. */
export type Explain = (failure: SparkFailure) => Diagnostic;

/**
 * How a query is by now. Throws `spark.unreachable`, and `spark.session-lost` where the session doesn't know the run.
 *
 * @param before how it was
 */
export async function lookAt(
  query: StreamingQuery,
  isActive: boolean,
  before: QueryView,
  explain: Explain,
): Promise<QueryView> {
  const failure = isActive ? null : await query.exception();
  const progress = await query.lastProgress();
  const batches = progress === null ? [] : await newBatches(query, progress, before);
  return {
    name: before.name,
    state: isActive ? "running" : failure === null ? "stopped" : "died",
    failure: failure && explain(failure),
    progress: isActive ? progress : null,
    batch: batches.findLast(({ ran }) => ran) ?? before.batch,
    lag: isActive && progress !== null ? lagOf(progress) : null,
    counted: count(before.counted, batches),
  };
}

/** All that Spark remembers is much; mostly there is but one. */
async function newBatches(
  query: StreamingQuery,
  newest: QueryProgress,
  { batch, counted }: QueryView,
): Promise<readonly QueryProgress[]> {
  const allOthersCounted = newest.batchId <= nextBatch(counted);
  return batch !== null && allOthersCounted ? [newest] : query.recentProgress();
}

/** One of which nothing is known but this. */
export const unseen = (name: string, state: QueryState, counted = NOTHING_COUNTED): QueryView => ({
  name,
  state,
  failure: null,
  progress: null,
  batch: null,
  lag: null,
  counted,
});
