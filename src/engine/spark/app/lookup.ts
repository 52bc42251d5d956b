/** An application on Spark as another process finds it by its data directory. */

import { hasCode } from "../../../errors.ts";
import { isLocked } from "../../../store/directory-lock.ts";
import { shownAddress } from "../connect/address.ts";
import type { SparkSession } from "../connect/session.ts";
import { explainIn } from "./place.ts";
import { type AppRecord, type QueryRecord, readRecord, sparkDirectory, writeRecord } from "./record.ts";
import { inSession } from "./session.ts";
import { type AppView, lookAt, type QueryView, unseen } from "./watch.ts";

export interface FoundApp {
  readonly record: AppRecord;
  /** Whether a process watches over the queries. */
  readonly watched: boolean;
}

/** Null where none was ever started there. */
export function findApp(dataDirectory: string): FoundApp | null {
  const directory = sparkDirectory(dataDirectory);
  const record = readRecord(directory);
  return record && { record, watched: isLocked(directory) };
}

/** How its queries are; asking keeps the session alive. */
export async function lookAtApp({ record }: FoundApp): Promise<AppView> {
  const remote = shownAddress(record.remote);
  try {
    const queries = await inSession(record, async (session) => {
      const active = await session.streaming.active();
      return viewsOf(session, record, new Set(active.map(({ runId }) => runId)));
    });
    return { remote, connected: true, queries };
  } catch (error) {
    const connected = hasCode(error, "spark.session-lost");
    if (!connected && !hasCode(error, "spark.unreachable")) throw error;
    return { remote, connected, queries: viewsBefore(record) };
  }
}

const viewsBefore = ({ queries }: AppRecord): readonly QueryView[] =>
  Object.entries(queries).map(([name, its]) => viewBefore(name, its));

/** As long as Spark says nothing of it. */
function viewBefore(name: string, { run, failure, counted }: QueryRecord): QueryView {
  const waits = run !== null || failure?.code === "spark.checkpoint-in-use";
  return { ...unseen(name, waits ? "lost" : failure ? "died" : "stopped", counted), failure };
}

async function viewsOf(
  session: SparkSession,
  { queries }: AppRecord,
  active: ReadonlySet<string>,
): Promise<readonly QueryView[]> {
  const views: QueryView[] = [];
  for (const [name, its] of Object.entries(queries)) views.push(await viewOf(session, name, its, active));
  return views;
}

async function viewOf(
  session: SparkSession,
  name: string,
  its: QueryRecord,
  active: ReadonlySet<string>,
): Promise<QueryView> {
  const before = viewBefore(name, its);
  if (its.run === null) return before;
  const { id, runId } = its.run;
  try {
    const query = session.streaming.query(id, runId, name);
    return await lookAt(query, active.has(runId), before, (failure) => explainIn([], failure));
  } catch (error) {
    if (hasCode(error, "spark.session-lost")) return before;
    throw error;
  }
}

/** Stops the queries of an application that no process watches over. Throws `spark.unreachable`. */
export async function stopApp(dataDirectory: string, { record }: FoundApp): Promise<void> {
  const views = await inSession(record, (session) => stopAll(session, record)).catch((error) => {
    // What has ended has no queries that run.
    if (!hasCode(error, "spark.session-lost")) throw error;
    return viewsBefore(record);
  });
  const queries = views.map((view): [string, QueryRecord] => [
    view.name,
    stopped(record.queries[view.name]!, view),
  ]);
  writeRecord(sparkDirectory(dataDirectory), { ...record, queries: Object.fromEntries(queries), pid: null });
}

const stopped = (its: QueryRecord, { state, failure, counted }: QueryView): QueryRecord => ({
  ...its,
  ...{ counted, failure: state === "died" ? failure : null, run: null },
});

async function stopAll(session: SparkSession, record: AppRecord): Promise<readonly QueryView[]> {
  for (const query of await session.streaming.active()) await query.stop();
  return viewsOf(session, record, new Set());
}
