/** How far a run is, as its terminal, its page and other processes are told. */
import { LoanstreamError } from "../errors.ts";
import type { State, Status } from "../server/parts.ts";
import { createRate } from "./live-view.ts";

export interface RunState {
  readonly status: () => Status;
  enter(state: State): void;
  /** Enters the history: about so many events from this position on. */
  enterHistory(fromPosition: number, events: number): void;
  fail(error: unknown): void;
}

export interface RunStateParts {
  readonly nowMs: () => number;
  /** Up to which position the last commit came. */
  readonly position: () => number;
  /** The position that the next record gets. */
  readonly end: () => number;
}

const RATE_OVER_MS = 10_000;
const LEAST_BETWEEN_READINGS_MS = 250;

export function createRunState({ nowMs, position, end }: RunStateParts): RunState {
  const startedAtMs = nowMs();
  let state: State = "recovering";
  let history: { readonly from: number; readonly of: number } | null = null;
  let failure: Status["failure"] = null;
  let rate = createRate(RATE_OVER_MS);
  let measured = { atMs: Number.NEGATIVE_INFINITY, perSecond: 0 };

  function measure(read: number): number {
    const atMs = nowMs();
    if (atMs - measured.atMs >= LEAST_BETWEEN_READINGS_MS)
      measured = { atMs, perSecond: rate({ atMs, read }) };
    return measured.perSecond;
  }

  return {
    status() {
      const read = position();
      return {
        state,
        history:
          history === null ? null : { done: Math.min(read - history.from, history.of), of: history.of },
        ratePerSecond: measure(read),
        lag: Math.max(0, end() - read),
        startedAtMs,
        failure,
      };
    },
    enter(next) {
      state = next;
      history = null;
      rate = createRate(RATE_OVER_MS);
      measured = { atMs: Number.NEGATIVE_INFINITY, perSecond: 0 };
    },
    enterHistory(from, events) {
      state = "history";
      history = { from, of: events };
    },
    fail(error) {
      state = "failed";
      failure = error instanceof LoanstreamError ? error.diagnostics[0] : null;
    },
  };
}
