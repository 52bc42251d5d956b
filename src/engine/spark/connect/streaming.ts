/** Streaming queries of a session. They go on in the server without their client, as long as the session lives. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { fail } from "../../../errors.ts";
import type { Plan } from "./execution.ts";
import { readFailure, type SparkFailure } from "./failure.ts";
import type { ExecutePlanResponse } from "./generated/spark/connect/base_pb.js";
import type {
  CommandSchema,
  StreamingQueryCommandResult,
  StreamingQueryCommandSchema,
  StreamingQueryManagerCommandResult_StreamingQueryInstance,
} from "./generated/spark/connect/commands_pb.js";
import { parseProgress, type QueryProgress } from "./progress.ts";
import type { Relation } from "./relation.ts";

export type OutputMode = "append" | "update" | "complete";

/** How a query is started. */
export interface QueryStart {
  readonly name: string;
  readonly input: Relation;
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
  readonly outputMode: OutputMode;
  /** A folder of this query alone. Another start on it stops the query that runs there, whoever's that is. */
  readonly checkpoint: string;
  /** Of a batch after another; null: takes in what is there now, and ends. */
  readonly triggerMs: number | null;
}

export interface QueryStatus {
  readonly isActive: boolean;
  /** What it is doing now, in Spark's words. */
  readonly message: string;
  readonly isDataAvailable: boolean;
  readonly isTriggerActive: boolean;
}

/** Every call throws `spark.unreachable`, and `spark.session-lost` once the session ended with its queries. */
export interface StreamingQuery {
  /** Of the checkpoint. */
  readonly id: string;
  /** Of this start. */
  readonly runId: string;
  readonly name: string | null;
  status(): Promise<QueryStatus>;
  /** The newest last; Spark keeps a hundred. */
  recentProgress(): Promise<readonly QueryProgress[]>;
  lastProgress(): Promise<QueryProgress | null>;
  /** What it died of; null while it runs, and when it was stopped. */
  exception(): Promise<SparkFailure | null>;
  /** Resolves once the batch at work is done or given up. */
  stop(): Promise<void>;
  /** Resolves to whether it ended within that time. Throws what it died of. */
  awaitTermination(timeoutMs: number): Promise<boolean>;
}

export interface Streaming {
  /** Throws `spark.query-failed`, `spark.connector-missing`. */
  start(query: QueryStart): Promise<StreamingQuery>;
  /** Those that run, of whatever client of this session. */
  active(): Promise<readonly StreamingQuery[]>;
  /** One that runs, or that ended not long ago. */
  query(id: string, runId: string, name: string): StreamingQuery;
}

export type Response = ExecutePlanResponse["responseType"];
/** Runs a command to its end. */
export type RunPlan = (plan: Plan) => Promise<readonly Response[]>;
type Command = NonNullable<MessageInitShape<typeof StreamingQueryCommandSchema>["command"]>;
type Result = StreamingQueryCommandResult["resultType"];
type Identity = Pick<StreamingQuery, "id" | "runId" | "name">;

export function openStreaming(run: RunPlan): Streaming {
  return {
    async start(query) {
      const responses = await run(startOf(query));
      const { queryId } = only(responses, "writeStreamOperationStartResult");
      return queryOf(run, { id: queryId?.id ?? "", runId: queryId?.runId ?? "", name: query.name });
    },
    async active() {
      const plan = commandOf({
        case: "streamingQueryManagerCommand",
        value: { command: { case: "active", value: true } },
      });
      const { resultType } = only(await run(plan), "streamingQueryManagerCommandResult");
      const found = resultType.case === "active" ? resultType.value.activeQueries : [];
      return found.map((instance) => queryOf(run, identityOf(instance)));
    },
    query: (id, runId, name) => queryOf(run, { id, runId, name }),
  };
}

function startOf({ name, input, format, options, outputMode, checkpoint, triggerMs }: QueryStart): Plan {
  return commandOf({
    case: "writeStreamOperationStart",
    value: {
      input,
      format,
      options: { ...options, checkpointLocation: checkpoint },
      outputMode,
      queryName: name,
      trigger:
        triggerMs === null
          ? { case: "availableNow", value: true }
          : { case: "processingTimeInterval", value: `${triggerMs} milliseconds` },
    },
  });
}

function queryOf(run: RunPlan, identity: Identity): StreamingQuery {
  const { id, runId } = identity;
  async function ask(command: Command): Promise<Result> {
    const plan = commandOf({ case: "streamingQueryCommand", value: { queryId: { id, runId }, command } });
    return only(await run(plan), "streamingQueryCommandResult").resultType;
  }
  async function progress(which: "recentProgress" | "lastProgress"): Promise<readonly QueryProgress[]> {
    const result = await ask({ case: which, value: true });
    return result.case === "recentProgress" ? result.value.recentProgressJson.map(parseProgress) : [];
  }
  return {
    ...identity,
    async status() {
      const result = await ask({ case: "status", value: true });
      if (result.case !== "status") throw unexpected("status");
      const { statusMessage, isActive, isDataAvailable, isTriggerActive } = result.value;
      return { isActive, message: statusMessage, isDataAvailable, isTriggerActive };
    },
    recentProgress: () => progress("recentProgress"),
    lastProgress: async () => (await progress("lastProgress")).at(-1) ?? null,
    async exception() {
      const result = await ask({ case: "exception", value: true });
      if (result.case !== "exception") return null;
      const { exceptionMessage, errorClass } = result.value;
      return exceptionMessage === undefined ? null : readFailure(exceptionMessage, errorClass ?? null);
    },
    async stop() {
      await run(
        commandOf({
          case: "streamingQueryCommand",
          value: { queryId: { id, runId }, command: { case: "stop", value: true } },
        }),
      );
    },
    async awaitTermination(timeoutMs) {
      const result = await ask({ case: "awaitTermination", value: { timeoutMs: BigInt(timeoutMs) } });
      return result.case === "awaitTermination" && result.value.terminated;
    },
  };
}

type CommandType = NonNullable<MessageInitShape<typeof CommandSchema>["commandType"]>;

const commandOf = (commandType: CommandType): Plan => ({
  opType: { case: "command", value: { commandType } },
});

type Case = NonNullable<Response["case"]>;
type ValueOf<Wanted extends Case> = Extract<Response, { case: Wanted }>["value"];

function only<Wanted extends Case>(responses: readonly Response[], wanted: Wanted): ValueOf<Wanted> {
  for (const response of responses) if (response.case === wanted) return response.value as ValueOf<Wanted>;
  throw unexpected(wanted);
}

const unexpected = (wanted: string) =>
  fail("internal.unexpected", `Spark answered without ${wanted}`, "Report it with the version of Spark.");

function identityOf({ id, name }: StreamingQueryManagerCommandResult_StreamingQueryInstance): Identity {
  return { id: id?.id ?? "", runId: id?.runId ?? "", name: name ?? null };
}
