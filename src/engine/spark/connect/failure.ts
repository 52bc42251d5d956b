/** What Spark's answers over gRPC mean in the catalogue of errors. */
import { Code, ConnectError } from "@connectrpc/connect";
import { fail, LoanstreamError } from "../../../errors.ts";
import { ErrorInfoSchema } from "./generated/google/rpc/error_details_pb.js";

/** Whether the connection failed, and not the call. Nothing here cancels: Canceled is a stream that was cut off. */
export const isPassing = ({ code }: ConnectError): boolean =>
  code === Code.Unavailable || code === Code.Canceled;

/**
 * `spark.unreachable` where nothing answers, else `spark.query-failed` with Spark's error class and the first line
 * of its message. Spark 3.5 writes the class as `[CLASS]` before the message, and leaves it out now and then.
 */
export function toFailure(thrown: unknown, url: string): LoanstreamError {
  if (thrown instanceof LoanstreamError) return thrown;
  const error = ConnectError.from(thrown);
  const failure = isPassing(error) ? unreachable(url, error) : queryFailed(error);
  return new LoanstreamError(failure.diagnostics, error);
}

const unreachable = (url: string, error: ConnectError) =>
  fail(
    "spark.unreachable",
    `no Spark Connect server answers at ${url} (${firstLine(error)})`,
    "Start the server, or correct the address; then try again.",
  );

const queryFailed = (error: ConnectError) =>
  fail("spark.query-failed", `Spark: ${withClass(error)}`, "Correct the SQL, or look into the server's log.");

function withClass(error: ConnectError): string {
  const line = firstLine(error);
  const errorClass = error.findDetails(ErrorInfoSchema)[0]?.metadata.errorClass;
  return errorClass === undefined || line.startsWith(`[${errorClass}]`) ? line : `[${errorClass}] ${line}`;
}

/** Without the stack trace and the plan that follow it. */
const firstLine = (error: ConnectError): string =>
  (error.rawMessage.trim().split("\n", 1)[0] ?? "").replace(/[\s;:.]+$/, "");
