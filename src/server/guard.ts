/** What every request passes first, and every reply carries. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { fail } from "../errors.ts";

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
export const securityHeaders: MiddlewareHandler = secureHeaders({
  strictTransportSecurity: false,
  xFrameOptions: "DENY",
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

export const neverStored: MiddlewareHandler = async (context, next) => {
  await next();
  context.header("cache-control", "no-store");
};

/**
 * A page of another site can't read replies, unless it makes its own name point to this machine: then requests carry
 * that name. So a server that listens on this machine only takes its own names. Throws `request.wrong-host`.
 */
export function ownHostOnly(host: string): MiddlewareHandler {
  return async ({ req }, next) => {
    if (isLoopback(host) && !isLoopback(hostName(req.header("host") ?? ""))) {
      const remedy = "Ask for it as localhost, or start with another --host.";
      throw fail(
        "request.wrong-host",
        "this server listens on this machine, under its own names only",
        remedy,
      );
    }
    await next();
  };
}

function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

function hostName(header: string): string {
  return header.replace(/:\d+$/, "");
}

/** Throws `request.unauthorized`. */
export function bearerOf(token: string): MiddlewareHandler {
  return async ({ req }, next) => {
    const given = /^Bearer (.+)$/i.exec(req.header("authorization") ?? "")?.[1] ?? "";
    if (!timingSafeEqual(digest(given), digest(token))) {
      const remedy = "Send the token of run.json in the data directory, as Authorization: Bearer TOKEN.";
      throw fail("request.unauthorized", "this needs the token of the running instance", remedy);
    }
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
