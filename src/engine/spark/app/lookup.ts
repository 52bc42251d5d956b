/** An application on Spark as another process finds it by its data directory. */

import { LoanstreamError } from "../../../errors.ts";
import { isLocked } from "../../../store/directory-lock.ts";
import { shownAddress } from "../connect/address.ts";
import { connect, type SparkSession } from "../connect/session.ts";
import { type AppRecord, type QueryRecord, readRecord, sparkDirectory, writeRecord } from "./record.ts";
import { type AppView, lookAt, type QueryView, type Tally, unseen } from "./watch.ts";

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
export async function lookAtApp({ record }: FoundApp, tally: Tally): Promise<AppView> {
  const { remote, sessionId, queries } = record;
  const all = Object.entries(queries);
  try {
    const session = await connect(remote, { sessionId });
    try {
      const active = new Set((await session.streaming.active()).map(({ runId }) => runId));
      const views: QueryView[] = [];
      for (const [name, { run }] of all) views.push(await viewOf(session, { name, run, active, tally }));
      return { remote: shownAddress(remote), connected: true, queries: views };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!isPassing(error)) throw error;
    const lost = all.map(([name, { run }]) => unseen(name, run === null ? "stopped" : "lost"));
    return { remote: shownAddress(remote), connected: false, queries: lost };
  }
}

interface Asked {
  readonly name: string;
  readonly run: QueryRecord["run"];
  readonly active: ReadonlySet<string>;
  readonly tally: Tally;
}

async function viewOf(session: SparkSession, { name, run, active, tally }: Asked): Promise<QueryView> {
  if (run === null) return unseen(name, "stopped");
  try {
    return await lookAt(session.streaming.query(run.id, run.runId, name), active.has(run.runId), tally);
  } catch (error) {
    if (error instanceof LoanstreamError && error.diagnostics[0].code === "spark.session-lost")
      return unseen(name, "lost");
    throw error;
  }
}

const isPassing = (error: unknown): boolean => error instanceof LoanstreamError && error.retryable;

/** Stops the queries of an application that no process watches over. Throws `spark.unreachable`. */
export async function stopApp(dataDirectory: string, { record }: FoundApp): Promise<readonly string[]> {
  const stopped: string[] = [];
  const session = await connect(record.remote, { sessionId: record.sessionId });
  for (const query of await session.streaming.active()) {
    await query.stop();
    stopped.push(query.name ?? query.id);
  }
  await session.close();
  const queries = Object.entries(record.queries).map(([name, its]) => [name, { ...its, run: null }]);
  writeRecord(sparkDirectory(dataDirectory), { ...record, queries: Object.fromEntries(queries), pid: null });
  return stopped;
}
