/** Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html. */
import type { Context } from "hono";
import type { Logger } from "../log.ts";

/** A browser that lost its connection asks again after so long. */
export const RETRY_LINE = "retry: 2000\n";
export const HEARTBEAT_MS = 15_000;
export const HEARTBEAT = ": still here\n\n";

/** One event; `data` is on one line. */
export function eventText(event: string, data: string, id?: number): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

/**
 * Replies with texts as fast as the client takes them: the next one is asked for only when its socket has room, so that
 * a slow client holds no more than one. What the texts throw ends the reply.
 * @param signal after which nobody wants the rest
 */
export function eventStream(
  context: Context,
  texts: AsyncIterable<string>,
  signal: AbortSignal,
  logger: Logger,
): Response {
  const body = ReadableStream.from(encoded(texts, signal, logger));
  return context.body(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "transfer-encoding": "chunked",
    "x-accel-buffering": "no",
  });
}

async function* encoded(
  texts: AsyncIterable<string>,
  signal: AbortSignal,
  logger: Logger,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    for await (const text of texts) yield encoder.encode(text);
  } catch (error) {
    // Once the server closes, the store may be closed as well.
    if (!signal.aborted)
      logger.error("a stream ended", { reason: error instanceof Error ? error.name : "unknown" });
  }
}
