/** A Spark session over Spark Connect: batch queries, views, settings, streaming queries. */
import { randomUUID } from "node:crypto";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { parseAddress } from "./address.ts";
import { type Connection, execute, type Plan } from "./execution.ts";
import { toFailure } from "./failure.ts";
import { SparkConnectService } from "./generated/spark/connect/base_pb.js";
import type { LocalData } from "./local-data.ts";
import { localRelation, type Relation, sqlText } from "./relation.ts";
import { decodeBatches, type SparkTable } from "./result.ts";
import { openStreaming, type Response, type Streaming } from "./streaming.ts";

/** Views and settings of one session are invisible to every other. Every call may throw `spark.unreachable`. */
export interface SparkSession {
  /** Whoever connects with it, of the same user, has the same views, settings and streaming queries. */
  readonly id: string;
  readonly streaming: Streaming;
  /** Runs a query or a statement and brings all of its rows here. Throws `spark.query-failed`. */
  sql(query: string): Promise<SparkTable>;
  /** Creates or replaces a temporary view of a relation, that of a stream too. */
  define(name: string, relation: Relation): Promise<void>;
  /** Creates or replaces a temporary view: of a query, or of local data. */
  createView(name: string, source: string | LocalData, options?: ViewOptions): Promise<void>;
  /** Drops a temporary view and the local data that it holds; nothing happens if there is none. */
  dropView(name: string): Promise<void>;
  config(settings: Readonly<Record<string, string>>): Promise<void>;
  version(): Promise<string>;
  /** Drops the local data that views hold, and closes the connection. */
  close(): Promise<void>;
}

export interface ViewOptions {
  /**
   * Whether the server keeps local data as a cached table, as it does by default. Over data that isn't cached its
   * optimizer computes projections and filters while planning: by interpretation, never by generated code.
   */
  readonly cached?: boolean;
}

export interface ConnectOptions {
  /** A UUID; a new session if left out. */
  readonly sessionId?: string;
}

/** What results equal to the embedded engine's ask for. */
const SETTINGS = { "spark.sql.ansi.enabled": "false", "spark.sql.session.timeZone": "UTC" };
/** A gRPC server takes pings that come more often than every five minutes for an attack, and hangs up. */
const PING_INTERVAL_MS = 330_000;
const MAX_RESPONSE_BYTES = 128 * 2 ** 20;

/** `url`: see `parseAddress`. Throws `usage.invalid`, `spark.unreachable` where no server answers, `spark.not-trusted`, `spark.session-lost`. */
export async function connect(
  url: string,
  { sessionId = randomUUID() }: ConnectOptions = {},
): Promise<SparkSession> {
  const { baseUrl, shown, token, userId } = parseAddress(url);
  const http2 = new Http2SessionManager(baseUrl, { pingIntervalMs: PING_INTERVAL_MS });
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: http2,
    readMaxBytes: MAX_RESPONSE_BYTES,
    interceptors: token === null ? [] : [bearing(token)],
  });
  const connection: Connection = {
    client: createClient(SparkConnectService, transport),
    identity: {
      sessionId,
      userContext: { userId, userName: userId },
      clientType: "loanstream",
    },
  };
  const session = openSession(connection, shown, () => http2.abort());
  try {
    await session.config(SETTINGS);
  } catch (error) {
    http2.abort();
    throw error;
  }
  return session;
}

/** Tells the server who asks. */
const bearing =
  (token: string): Interceptor =>
  (next) =>
  (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };

function openSession(connection: Connection, url: string, disconnect: () => void): SparkSession {
  const { client, identity } = connection;
  /** Of the chunks of local data behind views. */
  const partViews = new Set<string>();

  async function failingWell<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      throw await toFailure(thrown, url, (errorId) => client.fetchErrorDetails({ ...identity, errorId }));
    }
  }

  const run = (plan: Plan) => failingWell(() => collect(connection, plan));
  const sql = async (query: string) => decodeBatches(batchesOf(await run(rootOf(sqlText(query)))));
  const createView = async (name: string, input: Relation) => {
    await run(viewOf(name, input));
  };

  async function createLocalView(name: string, data: LocalData, cached: boolean): Promise<void> {
    const parts: string[] = [];
    for await (const chunk of data) {
      const part = `_${name}__${parts.length}`;
      await createView(part, localRelation(chunk));
      partViews.add(part);
      parts.push(cached ? await cache(part) : part);
    }
    await createView(name, sqlText(parts.map((part) => `SELECT * FROM ${part}`).join(" UNION ALL ")));
  }

  /** Spark knows cached data again by its plan; the hint makes that one different from the data's own. */
  async function cache(view: string): Promise<string> {
    const cachedView = `${view}_cached`;
    await sql(`DROP VIEW IF EXISTS ${cachedView}`);
    await sql(`CACHE TABLE ${cachedView} AS SELECT /*+ COALESCE(2) */ * FROM ${view}`);
    partViews.add(cachedView);
    return cachedView;
  }

  return {
    id: identity.sessionId,
    streaming: openStreaming(run),
    sql,
    define: createView,
    async createView(name, source, { cached = true } = {}) {
      if (typeof source === "string") await createView(name, sqlText(source));
      else await createLocalView(name, source, cached);
    },
    async dropView(name) {
      await sql(`DROP VIEW IF EXISTS ${name}`);
      const own = [...partViews].filter((view) => isPartOf(view, name));
      for (const view of own) await sql(`DROP VIEW IF EXISTS ${view}`);
      for (const view of own) partViews.delete(view);
    },
    async config(settings) {
      const pairs = Object.entries(settings).map(([key, value]) => ({ key, value }));
      const operation = { opType: { case: "set" as const, value: { pairs } } };
      await failingWell(() => client.config({ ...identity, operation }));
    },
    async version() {
      const analyze = { case: "sparkVersion" as const, value: {} };
      const { result } = await failingWell(() => client.analyzePlan({ ...identity, analyze }));
      return result.case === "sparkVersion" ? result.value.version : "";
    },
    async close() {
      try {
        for (const view of partViews) await sql(`DROP VIEW IF EXISTS ${view}`);
      } finally {
        disconnect();
      }
    },
  };
}

/** Whether a view holds a chunk of the local data behind the one of this name. */
const isPartOf = (partView: string, name: string): boolean => partView.startsWith(`_${name}__`);

const rootOf = (value: Relation): Plan => ({ opType: { case: "root", value } });

const viewOf = (name: string, input: Relation): Plan => ({
  opType: {
    case: "command",
    value: {
      commandType: { case: "createDataframeView", value: { name, input, isGlobal: false, replace: true } },
    },
  },
});

async function collect(connection: Connection, plan: Plan): Promise<Response[]> {
  const responses: Response[] = [];
  for await (const { responseType } of execute(connection, plan)) responses.push(responseType);
  return responses;
}

/** Arrow streams. */
const batchesOf = (responses: readonly Response[]): Uint8Array[] =>
  responses.flatMap((response) => (response.case === "arrowBatch" ? [response.value.data] : []));
