/** The HTTP server of a run: tables, their changes, health, and the page. */
import { createServer, type Server } from "node:http";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Hono } from "hono";
import { fail } from "../errors.ts";
import { createApp } from "./app.ts";
import type { ServerParts } from "./parts.ts";
import { malformedReply, problemOf } from "./problems.ts";
import { readWebFiles } from "./web-files.ts";

export interface RunningServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ends the streams, answers what was asked, and stops listening. */
  close(): Promise<void>;
}

/** Clients that take nothing any more are left after so long. */
const CLOSES_WITHIN_MS = 2000;

/** Resolves once it listens. Throws `server.port-in-use`, `server.bad-host`. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const closing = new AbortController();
  const app = createApp(parts, readWebFiles(), closing.signal);
  const server = createServer({ requireHostHeader: false }, listenerOf(app, parts));
  await listen(server, parts);
  return {
    url: urlOf(server, parts.host),
    close: async () => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A connection whose reply ends from now on would otherwise be kept for the next request.
      const idle = setInterval(() => server.closeIdleConnections(), 20);
      const impatience = setTimeout(() => server.closeAllConnections(), CLOSES_WITHIN_MS);
      await closed;
      clearInterval(idle);
      clearTimeout(impatience);
    },
  };
}

/** A missing Host header is left to it, so that errors have one form. */
function listenerOf(app: Hono, { logger }: ServerParts) {
  return getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      if (error instanceof RequestError) return malformedReply();
      logger.error("a request failed", { reason: error instanceof Error ? error.name : "unknown" });
      return Response.json(problemOf(error).body, { status: 500 });
    },
  });
}

async function listen(server: Server, { host, port, logger }: ServerParts): Promise<void> {
  const listening = Promise.withResolvers<void>();
  server.once("error", (error) => listening.reject(refusal(error, host, port)));
  server.listen({ host, port, exclusive: true }, listening.resolve);
  await listening.promise;
  server.on("error", ({ name }) => logger.error("the server met an error", { reason: name }));
}

function refusal(error: Error, host: string, port: number): Error {
  const code = "code" in error ? error.code : null;
  if (code === "EADDRINUSE") {
    const remedy = "Choose another by --port, or --port 0 for any that is free.";
    return fail("server.port-in-use", `port ${port} of ${host} is in use`, remedy);
  }
  if (code === "EACCES") {
    const remedy = "Choose one from 1024 on by --port.";
    return fail("server.port-in-use", `port ${port} of ${host} is not for this user`, remedy);
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL")
    return fail(
      "server.bad-host",
      `this machine has no address ${host}`,
      "Name 127.0.0.1 by --host, or leave it out.",
    );
  return error;
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
