/** Every route, with what each passes before. Nothing here listens. */
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { fail } from "../errors.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import { eventStream } from "./event-stream.ts";
import { bearerOf, neverStored, ownHostOnly, securityHeaders } from "./guard.ts";
import { healthReply, readinessReply } from "./health.ts";
import { createBoard } from "./page/board.ts";
import { liveParts } from "./page/live.ts";
import { page } from "./page/page.ts";
import { refuseParameters, rowsQuery, streamQuery, tableNamed } from "./parameters.ts";
import type { ServerParts, Status } from "./parts.ts";
import { problemOf } from "./problems.ts";
import { lettersReply, readLetters } from "./retry-api.ts";
import { rowStream } from "./row-stream.ts";
import { servedTables } from "./served.ts";
import { ledgerReply, rowsReply, tablesReply } from "./tables-api.ts";
import { createTick } from "./tick.ts";
import type { WebFile } from "./web-files.ts";

/** How often the store is looked at for those who follow it. */
const LOOK_MS = 200;
const LARGEST_BODY_BYTES = 16 << 20;
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

/** @param closing ends the streams */
export function createApp(parts: ServerParts, web: readonly WebFile[], closing: AbortSignal): Hono {
  const app = new Hono();
  app.use(logged(parts), neverStored, securityHeaders, ownHostOnly(parts.host));
  app.onError((error, context) => {
    const { status, body } = problemOf(error);
    if (status === 500)
      parts.logger.error("a request failed", { path: context.req.path, reason: error.name });
    if (status === 401) context.header("www-authenticate", "Bearer");
    return context.json(body, status);
  });
  app.notFound(() => {
    throw fail("request.not-found", "there is nothing at this path", "See docs/http.md for the routes.");
  });
  addHealth(app, parts);
  addTables(app, parts, closing);
  addAdmin(app, parts);
  addPage(app, parts, web, closing);
  return app;
}

/** The path alone: what it is filtered by may be somebody's. */
function logged({ logger, nowMs }: ServerParts): MiddlewareHandler {
  return async (context, next) => {
    const beganMs = nowMs();
    await next();
    const { method, path } = context.req;
    logger.debug("request", { method, path, status: context.res.status, ms: nowMs() - beganMs });
  };
}

function addHealth(app: Hono, { status }: ServerParts): void {
  for (const [path, reply] of [
    ["/healthz", healthReply],
    ["/readyz", readinessReply],
  ] as const) {
    app.get(path, (context) => {
      const { status: code, body } = reply(status());
      return context.json(body, code);
    });
    app.all(path, only("GET, HEAD"));
  }
}

function addTables(app: Hono, parts: ServerParts, closing: AbortSignal): void {
  const served = servedTables(parts.pipeline);
  const reader = () => openReader(parts);
  const tick = createTick(LOOK_MS, () => reader().progress().seq);
  app.get("/v1/tables", (context) => {
    refuseParameters(new URL(context.req.url).searchParams);
    return context.json(tablesReply(served, reader()));
  });
  app.get("/v1/tables/:name", ({ req, body }) => {
    const table = tableNamed(served, req.param("name"));
    const query = rowsQuery(table, new URL(req.url).searchParams);
    return body(rowsReply(table, reader(), query), 200, JSON_TYPE);
  });
  app.get("/v1/ledger", (context) => {
    refuseParameters(new URL(context.req.url).searchParams);
    return context.json(ledgerReply(reader()));
  });
  app.get("/v1/stream", (context) => {
    const { req } = context;
    const query = streamQuery(served, new URL(req.url).searchParams, req.header("last-event-id"));
    const signal = AbortSignal.any([req.raw.signal, closing]);
    const texts = rowStream({ served, reader: reader(), tick, nowMs: parts.nowMs, signal }, query);
    return eventStream(context, texts, signal, parts.logger);
  });
  for (const path of ["/v1/tables", "/v1/tables/:name", "/v1/ledger", "/v1/stream"])
    app.all(path, only("GET, HEAD"));
}

function addAdmin(app: Hono, { admin, status }: ServerParts): void {
  if (admin === null) return;
  const path = "/v1/dlq/retry";
  app.post(path, bearerOf(admin.token), limitedBody, async ({ req, body }) => {
    const letters = readLetters(await req.text());
    refuseUnlessLive(status());
    const outcomes = await admin.retry(letters);
    return body(lettersReply(outcomes), 200, { "content-type": "application/x-ndjson" });
  });
  app.all(path, only("POST"));
}

/** Before, files may be taken in, whose records are counted by the log's; behind it the log is closed. */
function refuseUnlessLive({ state }: Status): void {
  if (state === "live") return;
  throw fail("server.not-ready", "this run isn't live", "Ask again once /readyz answers 200.");
}

function addPage(app: Hono, parts: ServerParts, web: readonly WebFile[], closing: AbortSignal): void {
  const board = createBoard(parts);
  app.get("/", (context) => context.html(page(parts.pipeline, board)));
  app.get("/live", (context) => {
    const signal = AbortSignal.any([context.req.raw.signal, closing]);
    return eventStream(context, liveParts(board, signal), signal, parts.logger);
  });
  for (const { path, type, text } of web)
    app.get(path, ({ body }) => body(text, 200, { "content-type": type }));
  for (const path of ["/", "/live", ...web.map((file) => file.path)]) app.all(path, only("GET, HEAD"));
}

function openReader({ reader }: ServerParts): StoreReader {
  const open = reader();
  if (open) return open;
  throw fail("server.not-ready", "the state is being restored", "Ask again once /readyz answers 200.");
}

/** For methods that no route of the path takes. */
function only(methods: string): MiddlewareHandler {
  return async (context) => {
    context.header("allow", methods);
    throw fail(
      "request.wrong-method",
      "this path takes other methods",
      `Use ${methods.replace(",", " or")}.`,
    );
  };
}

const limitedBody = bodyLimit({
  maxSize: LARGEST_BODY_BYTES,
  onError: () => {
    const most = `${LARGEST_BODY_BYTES >> 20} MB`;
    throw fail("request.too-large", `the body is larger than ${most}`, "Send it in parts.");
  },
});
