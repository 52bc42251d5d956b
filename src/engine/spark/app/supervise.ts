/** Watches over the queries of an application, and makes them what they should be. */
import { randomUUID } from "node:crypto";
import { type ErrorCode, fail, formatDiagnostic, hasCode, LoanstreamError } from "../../../errors.ts";
import type { KafkaSettings } from "../../../kafka/settings.ts";
import type { TextFile } from "../../../pipeline/files.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { DirectoryLock } from "../../../store/directory-lock.ts";
import { shownAddress } from "../connect/address.ts";
import type { SparkSession } from "../connect/session.ts";
import type { StreamingQuery } from "../connect/streaming.ts";
import type { StreamQuery } from "../stream/query.ts";
import type { Planned } from "./change.ts";
import { explainIn } from "./place.ts";
import { type AppRecord, type QueryRecord, writePipeline, writeRecord } from "./record.ts";
import { claimCheckpoints, configure, openAppSession } from "./session.ts";
import { modelsOf, type Submission, submit, type Views } from "./submit.ts";
import { type AppView, lookAt, type QueryView, unseen } from "./watch.ts";

export interface AppOptions {
  readonly pipeline: Pipeline;
  readonly queries: readonly StreamQuery[];
  /** The texts of the pipeline's models. */
  readonly models: readonly TextFile[];
  readonly dataDirectory: string;
  /** `sc://host:port` */
  readonly remote: string;
  /** Spark's own settings, by its names. */
  readonly conf: Readonly<Record<string, string>>;
  /** The folder of all checkpoints as the server sees it; null: in the data directory. */
  readonly checkpoints: string | null;
  readonly kafka: KafkaSettings;
  /** At most so many records a batch and query. */
  readonly maxOffsets: number;
  /** Whether queries begin anew whose checkpoint can't take a change of the pipeline. */
  readonly anew: boolean;
  readonly tell: (event: AppEvent) => void;
}

export interface AppEvent {
  readonly what:
    | "found"
    | "started"
    | "started again"
    | "stopped"
    | "died"
    | "waits"
    | "server lost"
    | "server back";
  readonly query: string | null;
  readonly why: string | null;
}

export interface SparkApp {
  /** How every query is. The session lives on by being asked; where the server is back, so are its queries. */
  look(): Promise<AppView>;
  /** Stops every query. The batch that one is at is done, or given up and done again at its next start. */
  stop(): Promise<void>;
  /** Leaves the queries to themselves. */
  close(): Promise<void>;
}

interface Running {
  readonly planned: Planned;
  query: StreamingQuery | null;
  view: QueryView;
}

export interface SupervisedParts {
  readonly options: AppOptions;
  readonly directory: string;
  readonly lock: DirectoryLock;
  readonly planned: readonly Planned[];
  /** Queries that the pipeline has no more. */
  readonly former: AppRecord["former"];
  readonly submission: Submission;
  readonly record: AppRecord;
}

/** What a start of one query can't do anything about. */
const OF_ALL: readonly ErrorCode[] = ["spark.unreachable", "spark.session-lost", "spark.connector-missing"];

/** What waiting for a server doesn't help against. */
const HOPELESS: readonly ErrorCode[] = ["spark.connector-missing", "spark.not-trusted", "spark.version"];

/** Nothing is done before `begin`. */
export function supervise(parts: SupervisedParts): SparkApp & { begin(): Promise<void> } {
  const { options, directory, planned, submission } = parts;
  const { tell } = options;
  const running: readonly Running[] = planned.map((each) => ({
    planned: each,
    query: null,
    view: unseen(each.query.name, "lost", each.counted),
  }));
  let record = parts.record;
  let session: SparkSession | null = null;
  let views: Views = new Map();

  function keep(change: Partial<AppRecord>): void {
    record = { ...record, ...change };
    writeRecord(directory, record);
  }

  /** All that is known of the queries. */
  function keepQueries(): void {
    const queries = running.map((one) => [one.planned.query.name, recordOf(one)]);
    keep({ queries: Object.fromEntries(queries) });
  }

  /** A session that has ended can't be had again: its queries go on in a new one. */
  async function openSession(): Promise<SparkSession> {
    views = new Map();
    try {
      return await openAppSession(options.remote, record.sessionId, options.conf);
    } catch (error) {
      if (!hasCode(error, "spark.session-lost")) throw error;
      keep({ sessionId: randomUUID() });
      return openAppSession(options.remote, record.sessionId, options.conf);
    }
  }

  async function start(on: SparkSession, one: Running, what: "started" | "started again"): Promise<void> {
    const { query, generation } = one.planned;
    const { counted } = one.view;
    const folder = `${record.checkpoints}/${query.name}${generation === 1 ? "" : `-${generation}`}`;
    try {
      one.query = await submit(on, views, query, folder, submission);
      one.view = unseen(query.name, "running", counted);
      // Once it is told of, the next client knows it, even if this one is killed.
      keepQueries();
      tell({ what, query: query.name, why: null });
    } catch (error) {
      if (hasCode(error, ...OF_ALL) || !(error instanceof LoanstreamError)) throw error;
      const waits = hasCode(error, "spark.checkpoint-in-use");
      const [failure] = error.diagnostics;
      if (one.view.failure?.message !== failure.message)
        tell({ what: waits ? "waits" : "died", query: query.name, why: error.message });
      one.query = null;
      one.view = { ...unseen(query.name, waits ? "lost" : "died", counted), failure };
      keepQueries();
    }
  }

  /** Queries of before that aren't as they should be. */
  async function stopOthers(active: readonly StreamingQuery[]): Promise<readonly StreamingQuery[]> {
    const good = active.filter(({ name }) =>
      planned.some((each) => !each.changed && each.query.name === name),
    );
    for (const query of active) {
      if (good.includes(query)) continue;
      await query.stop();
      tell({ what: "stopped", query: query.name, why: "the pipeline has changed" });
    }
    return good;
  }

  async function begin(): Promise<void> {
    const opened = await openSession();
    try {
      await claimCheckpoints(opened, record.checkpoints, record.application);
      const good = await stopOthers(await opened.streaming.active());
      const known = new Set([...Object.keys(record.queries), ...Object.keys(record.former)]);
      keep({ former: parts.former });
      for (const one of running) {
        const found = good.find(({ name }) => name === one.planned.query.name);
        if (found === undefined)
          await start(opened, one, known.has(one.planned.query.name) ? "started again" : "started");
        else adopt(one, found);
      }
      keepQueries();
      writePipeline(directory, options.pipeline);
      session = opened;
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
  }

  function adopt(one: Running, found: StreamingQuery): void {
    one.query = found;
    one.view = { ...one.view, state: "running" };
    tell({ what: "found", query: found.name, why: null });
  }

  async function lookAtAll(on: SparkSession): Promise<void> {
    const active = new Set((await on.streaming.active()).map(({ runId }) => runId));
    const waiting = running.filter(({ query, view }) => query === null && view.state === "lost");
    const gone: Running[] = [];
    for (const one of running) if (!(await isKnown(on, one, active))) gone.push(one);
    if (gone.length > 0) await renew(on);
    for (const one of [...waiting, ...gone]) await start(on, one, "started again");
    keepQueries();
  }

  const viewOf = (
    on: SparkSession,
    { planned: { query: its }, view }: Running,
    query: StreamingQuery,
    isActive: boolean,
  ) => {
    const there = on.streaming.query(query.id, query.runId, its.name);
    const models = modelsOf(its, options.models);
    return lookAt(there, isActive, view, (failure) => explainIn(models, failure));
  };

  /** A session whose end nobody saw Spark makes anew unasked, with nothing set or defined in it. */
  async function renew(on: SparkSession): Promise<void> {
    views = new Map();
    await configure(on, options.conf);
  }

  /** Looks at a query; false where the session doesn't know it. */
  async function isKnown(on: SparkSession, one: Running, active: ReadonlySet<string>): Promise<boolean> {
    const { query, view } = one;
    if (query === null || view.state === "died" || view.state === "stopped") return true;
    try {
      one.view = await viewOf(on, one, query, active.has(query.runId));
      // It died with its server, and goes on with the next.
      if (one.view.failure?.code === "spark.session-lost")
        one.view = { ...one.view, state: "lost", failure: null };
    } catch (error) {
      if (!hasCode(error, "spark.session-lost")) throw error;
      return false;
    }
    const { state, failure } = one.view;
    if (state === "died" && failure)
      tell({ what: "died", query: query.name, why: formatDiagnostic(failure) });
    if (state === "stopped") tell({ what: "stopped", query: query.name, why: "by another client" });
    return true;
  }

  async function loseSession(why: string): Promise<void> {
    await session?.close().catch(() => {});
    if (session !== null) tell({ what: "server lost", query: null, why });
    session = null;
    for (const one of running) if (one.view.state === "running") one.view = { ...one.view, state: "lost" };
  }

  /** Of what is written there nothing would be found again, checkpoints that lay there included. */
  async function giveUp(): Promise<never> {
    for (const query of (await session?.streaming.active()) ?? []) await query.stop();
    const remedy = "Start again: the queries begin anew.";
    throw fail("spark.directory-gone", "the directory of the application was removed", remedy, {
      file: directory,
    });
  }

  async function look(): Promise<AppView> {
    if (!parts.lock.isThere()) await giveUp();
    try {
      if (session === null) {
        session = await openSession();
        tell({ what: "server back", query: null, why: null });
      }
      await lookAtAll(session);
    } catch (error) {
      if (hasCode(error, ...HOPELESS) || !(error instanceof LoanstreamError)) throw error;
      // A server that is ending answers with any failure.
      await loseSession(error.message);
    }
    return {
      remote: shownAddress(options.remote),
      connected: session !== null,
      queries: running.map(({ view }) => view),
    };
  }

  async function close(): Promise<void> {
    if (parts.lock.isThere()) keep({ pid: null });
    await session?.close().catch(() => {});
    parts.lock.release();
  }

  /** What it did to its end is counted too, where Spark still knows it. */
  async function endOne(on: SparkSession, one: Running): Promise<void> {
    const { query, view } = one;
    if (view.state === "died") return;
    const last = query === null ? view : await viewOf(on, one, query, false).catch(() => view);
    one.view = { ...last, state: "stopped", failure: null };
  }

  async function stop(): Promise<void> {
    const on = session ?? (await openSession());
    session = on;
    for (const query of await on.streaming.active()) {
      await query.stop();
      tell({ what: "stopped", query: query.name, why: null });
    }
    for (const one of running) await endOne(on, one);
    keepQueries();
  }

  return { begin, look, stop, close };
}

function recordOf({ planned, query, view: { state, counted, failure } }: Running): QueryRecord {
  const { generation, text, state: form, outputs } = planned;
  const goesOn = query !== null && (state === "running" || state === "lost");
  const run = goesOn ? { id: query.id, runId: query.runId } : null;
  return { generation, text, state: form, outputs, counted, failure, run };
}
