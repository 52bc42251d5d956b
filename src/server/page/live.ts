/** Keeps an open page up to date: first every part, then those that changed. A slow page skips what it missed. */
import { eventText, RETRY_LINE } from "../event-stream.ts";
import type { Board } from "./board.ts";

export async function* liveParts(board: Board, signal: AbortSignal): AsyncGenerator<string> {
  let parts = board.now();
  let seen = 0;
  yield RETRY_LINE;
  while (!signal.aborted) {
    const changed = parts.filter(({ version }) => version > seen);
    seen = Math.max(seen, ...changed.map(({ version }) => version));
    if (changed.length > 0)
      yield changed
        .map(({ id, content }) => eventText("part", JSON.stringify({ id, html: content.html })))
        .join("");
    parts = await board.next();
  }
}
