/** What Spark's answers over gRPC mean in the catalogue of errors. */
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorCode, fail, LoanstreamError } from "../../../errors.ts";
import { ErrorInfoSchema } from "./generated/google/rpc/error_details_pb.js";
import type { FetchErrorDetailsResponse } from "./generated/spark/connect/base_pb.js";

/** What Spark says of a failure, as far as its version does. */
export interface SparkFailure {
  /** As `UNRESOLVED_COLUMN.WITH_SUGGESTION`. */
  readonly errorClass: string | null;
  /** Spark 3.5 doesn't tell. */
  readonly sqlState: string | null;
  /** The first line. */
  readonly message: string;
  /** In the SQL that was sent; both count from 1. */
  readonly position: { readonly line: number; readonly column: number } | null;
  /** The SQL that it points at, maybe of a view made before; null where Spark doesn't quote it. */
  readonly fragment: string | null;
}

/** Asks the server for more of the error of this id; null where it can't tell. */
export type FetchDetails = (errorId: string) => Promise<FetchErrorDetailsResponse | null>;

/**
 * Whether the connection failed, and not the call. Nothing here cancels: Canceled is a stream that was cut off, Aborted a
 * connection that was reset.
 */
export const isPassing = ({ code }: ConnectError): boolean =>
  code === Code.Unavailable || code === Code.Canceled || code === Code.Aborted;

/** A certificate is judged here, before Spark can say anything. */
const isUntrusted = ({ code, details, rawMessage }: ConnectError): boolean =>
  code === Code.Unauthenticated ||
  code === Code.PermissionDenied ||
  (details.length === 0 && /\bcertificate\b/.test(rawMessage));

/** What a LoanstreamError of this origin has for its cause. */
export function sparkFailureOf(error: unknown): SparkFailure | null {
  return error instanceof LoanstreamError && isSparkFailure(error.cause) ? error.cause : null;
}

const isSparkFailure = (cause: unknown): cause is SparkFailure =>
  typeof cause === "object" && cause !== null && "errorClass" in cause && "position" in cause;

/**
 * `spark.unreachable` where nothing answers, `spark.not-trusted`, `spark.session-lost` where the session has ended, else what `failed` says.
 * Spark 3.5 writes the class as `[CLASS]` before the message, and leaves it out now and then; 4.x tells it aside.
 */
export async function toFailure(
  thrown: unknown,
  url: string,
  details: FetchDetails,
): Promise<LoanstreamError> {
  if (thrown instanceof LoanstreamError) return thrown;
  const error = ConnectError.from(thrown);
  if (isPassing(error)) return new LoanstreamError(unreachable(url, error).diagnostics, error);
  if (isUntrusted(error)) return new LoanstreamError(untrusted(url, error).diagnostics, error);
  const { errorClass, errorId } = error.findDetails(ErrorInfoSchema)[0]?.metadata ?? {};
  const more = errorId === undefined ? null : await details(errorId).catch(() => null);
  return failed(withDetails(readFailure(error.rawMessage, errorClass ?? null), more));
}

/** Of a failure as Spark words it, by its class and, where the version has none, by what it says. */
export function failed(failure: SparkFailure): LoanstreamError {
  const { code, remedy } = kinds.find(({ matches }) => matches.test(wordingOf(failure))) ?? other;
  const message = `Spark: ${wordingOf(failure)}`;
  return new LoanstreamError(fail(code, message, remedy).diagnostics, failure);
}

const other = {
  code: "spark.query-failed",
  remedy: "Correct the SQL, or look into the server's log.",
} as const satisfies { code: ErrorCode; remedy: string };

const kinds: readonly { readonly matches: RegExp; readonly code: ErrorCode; readonly remedy: string }[] = [
  {
    matches:
      /SparkContext was shut ?down|stopped SparkContext|^\[INVALID_HANDLE\.(?:SESSION|OPERATION)_|^Streaming query \S+ is not found|\.STREAMING_QUERY_NOT_FOUND\]/,
    code: "spark.session-lost",
    remedy: "Start the queries again: they go on from their checkpoints.",
  },
  {
    matches:
      /^Cannot start query with id|^\[CONCURRENT_QUERY\]|CONCURRENT_STREAM_LOG_UPDATE|^Multiple streaming queries are concurrently using/,
    code: "spark.checkpoint-in-use",
    remedy: "Stop the one that runs, or name another folder for checkpoints.",
  },
  {
    matches: /some data may have been (?:lost|missed)|^\[KAFKA_DATA_LOSS|Cannot fetch offset \d/i,
    code: "spark.offsets-gone",
    remedy: "Begin such queries anew from the topic's oldest record with --anew.",
  },
  {
    matches: /Failed to find(?: the)? data source: kafka\b/,
    code: "spark.connector-missing",
    remedy:
      "Start the server with --packages org.apache.spark:spark-sql-kafka-0-10_SCALA:SPARK of its versions.",
  },
];

const unreachable = (url: string, error: ConnectError) =>
  fail(
    "spark.unreachable",
    `no Spark Connect server answers at ${url} (${firstLine(error.rawMessage)})`,
    "Start the server (on this machine: make up SPARK=1), or correct the address; then try again.",
  );

const untrusted = (url: string, error: ConnectError) =>
  fail(
    "spark.not-trusted",
    `${url} and this client don't trust each other (${firstLine(error.rawMessage)})`,
    "Correct the token, or name the authority's PEM file by the variable NODE_EXTRA_CA_CERTS.",
  );

/** Of the text alone: what Spark 3.5 tells, and what became of a streaming query in any version. */
export function readFailure(text: string, errorClass: string | null): SparkFailure {
  const line = unwrapped(firstLine(text));
  const [, at, from0] = /\bline (\d+),? pos (\d+)/.exec(text) ?? [];
  const [, quotedAt, from1] = /\bline (\d+), position (\d+)/.exec(text) ?? [];
  return {
    errorClass: /^\[([A-Z0-9_.]+)\]/.exec(line)?.[1] ?? errorClass,
    sqlState: /\bSQLSTATE: (\w{5})/.exec(text)?.[1] ?? null,
    message: line,
    position: at
      ? { line: Number(at), column: Number(from0) + 1 }
      : quotedAt
        ? { line: Number(quotedAt), column: Number(from1) }
        : null,
    fragment: quotedIn(text),
  };
}

/** Signs below a line say where in it. */
function quotedIn(text: string): string | null {
  const [, line = "", indent = ""] = /\n== SQL\b[^\n]*\n(?:.*\n)*?(.*)\n( *|-*)\^/.exec(text) ?? [];
  return line.slice(indent.length) || null;
}

function withDetails(failure: SparkFailure, details: FetchErrorDetailsResponse | null): SparkFailure {
  const root = details?.errors[details.rootErrorIdx ?? 0]?.sparkThrowable;
  if (root === undefined) return failure;
  return {
    ...failure,
    errorClass: failure.errorClass ?? root.errorClass ?? null,
    sqlState: failure.sqlState ?? root.sqlState ?? null,
    fragment: failure.fragment ?? (root.queryContexts[0]?.fragment || null),
  };
}

const wordingOf = ({ errorClass, message }: SparkFailure): string =>
  errorClass === null || message.startsWith(`[${errorClass}]`) ? message : `[${errorClass}] ${message}`;

/** What went wrong, without the query, the job, the task and the exceptions around it, and without SQL states. */
const unwrapped = (line: string): string =>
  line
    .replace(/^.*terminated with exception: (?=\S)/, "")
    .replace(/^.*\b(?:[a-z]\w*\.)+\w*(?:Exception|Error): (?=\S)/, "")
    .replaceAll(/[\s.]*\bSQLSTATE: \w{5}/g, "");

/** Without the stack trace and the plan that follow it. */
const firstLine = (text: string): string => (text.trim().split("\n", 1)[0] ?? "").replace(/[\s;:.]+$/, "");
