/** Errors as HTTP users meet them: a status, and the catalogue's row as JSON. */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Diagnostic, type ErrorCode, fail, LoanstreamError } from "../errors.ts";

const STATUSES: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  "dlq.not-dead": 400,
  "log.record-has-line-end": 400,
  "request.invalid-body": 400,
  "request.invalid-parameter": 400,
  "request.malformed": 400,
  "request.unauthorized": 401,
  "request.not-found": 404,
  "request.unknown-table": 404,
  "request.wrong-method": 405,
  "request.too-large": 413,
  "request.wrong-host": 421,
  "server.not-ready": 503,
};

export interface Problem {
  readonly status: ContentfulStatusCode;
  readonly body: ProblemBody;
}

export interface ProblemBody {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly remedy: string };
}

/** Of an error that isn't the catalogue's nothing is told, since its text could hold anything. */
export function problemOf(error: unknown): Problem {
  const { diagnostics } = error instanceof LoanstreamError ? error : unexpected();
  const [first] = diagnostics;
  return { status: STATUSES[first.code] ?? 500, body: problemBody(first) };
}

export function problemBody({ code, message, remedy }: Diagnostic): ProblemBody {
  return { error: { code, message, remedy } };
}

/** Where a request's host or address can't be read, so that no route sees it. */
export function malformedReply(): Response {
  const remedy = "Send a Host header, and a path that begins with a slash.";
  const { status, body } = problemOf(
    fail("request.malformed", "this request has no address that can be read", remedy),
  );
  return Response.json(body, { status, headers: { "cache-control": "no-store" } });
}

function unexpected(): LoanstreamError {
  return fail("internal.unexpected", "this request met an error", "Look at the log of the process.");
}
