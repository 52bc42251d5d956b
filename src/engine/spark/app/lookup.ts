/** An application on Spark as another process finds it by its data directory. */

import { type ErrorCode, LoanstreamError } from "../../../errors.ts";
import { isLocked } from "../../../store/directory-lock.ts";
import { shownAddress } from "../connect/address.ts";
import { connect, type SparkSession } from "../connect/session.ts";
import { explainIn } from "./place.ts";
import { type AppRecord, type QueryRecord, readRecord, sparkDirectory, writeRecord } from "./record.ts";
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
  const { remote, sessionId, queries } = record;
  const all = Object.entries(queries);
  const lost = all.map(([name, its]) => viewBefore(name, its));
  try {
    const session = await connect(remote, { sessionId });
    try {
      const active = new Set((await session.streaming.active()).map(({ runId }) => runId));
      const views: QueryView[] = [];
      for (const [name, its] of all) views.push(await viewOf(session, name, its, active));
      return { remote: shownAddress(remote), connected: true, queries: views };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (isOf(error, "spark.session-lost"))
      return { remote: shownAddress(remote), connected: true, queries: lost };
    if (!isOf(error, "spark.unreachable")) throw error;
    return { remote: shownAddress(remote), connected: false, queries: lost };
  }
}

/** As long as Spark says nothing of it. */
function viewBefore(name: string, { run, failure, counted }: QueryRecord): QueryView {
  const waits = run !== null || failure?.code === "spark.checkpoint-in-use";
  return { ...unseen(name, waits ? "lost" : failure ? "died" : "stopped", counted), failure };
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
    if (isOf(error, "spark.session-lost")) return before;
    throw error;
  }
}

const isOf = (error: unknown, code: ErrorCode): boolean =>
  error instanceof LoanstreamError && error.diagnostics[0].code === code;

/** Stops the queries of an application that no process watches over, and says which. Throws `spark.unreachable`. */
export async function stopApp(dataDirectory: string, { record }: FoundApp): Promise<readonly string[]> {
  const stopped: string[] = [];
  const queries: [string, QueryRecord][] = [];
  try {
    const session = await connect(record.remote, { sessionId: record.sessionId });
    for (const query of await session.streaming.active()) {
      await query.stop();
      stopped.push(query.name ?? query.id);
    }
    for (const [name, its] of Object.entries(record.queries)) {
      const { counted, failure, state } = await viewOf(session, name, its, new Set());
      queries.push([name, { ...its, counted, failure: state === "died" ? failure : null, run: null }]);
    }
    await session.close();
  } catch (error) {
    // What has ended has no queries that run.
    if (!isOf(error, "spark.session-lost")) throw error;
    for (const [name, its] of Object.entries(record.queries)) queries.push([name, { ...its, run: null }]);
  }
  writeRecord(sparkDirectory(dataDirectory), { ...record, queries: Object.fromEntries(queries), pid: null });
  return stopped;
}
