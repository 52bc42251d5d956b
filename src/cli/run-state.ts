/** How far a run is, as its terminal, its page and other processes are told. */
import { LoanstreamError } from "../errors.ts";
import type { State, Status } from "../server/parts.ts";
import { createRate } from "./live-view.ts";

export interface RunState {
  readonly status: () => Status;
  enter(state: State): void;
  /** Enters the history: about so many events from here on. */
  enterHistory(events: number): void;
  fail(error: unknown): void;
}

export interface RunStateParts {
  readonly nowMs: () => number;
  /** How many records are committed. */
  readonly read: () => number;
  /** How many wait for that, at most. */
  readonly lag: () => number;
  /** How long a trigger took at most in the last minute; null before any. */
  readonly slowestTriggerMs: () => number | null;
}

const RATE_OVER_MS = 10_000;
const LEAST_BETWEEN_READINGS_MS = 250;

export function createRunState({ nowMs, read, lag, slowestTriggerMs }: RunStateParts): RunState {
  const startedAtMs = nowMs();
  let state: State = "recovering";
  let history: { readonly from: number; readonly of: number } | null = null;
  let failure: Status["failure"] = null;
  let rate = createRate(RATE_OVER_MS);
  let measured = { atMs: Number.NEGATIVE_INFINITY, perSecond: 0 };

  function measure(records: number): number {
    const atMs = nowMs();
    if (atMs - measured.atMs >= LEAST_BETWEEN_READINGS_MS)
      measured = { atMs, perSecond: rate({ atMs, read: records }) };
    return measured.perSecond;
  }

  return {
    status() {
      const records = read();
      return {
        state,
        history:
          history === null ? null : { done: Math.min(records - history.from, history.of), of: history.of },
        ratePerSecond: measure(records),
        lag: lag(),
        slowestTriggerMs: slowestTriggerMs(),
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
    enterHistory(events) {
      state = "history";
      history = { from: read(), of: events };
    },
    fail(error) {
      state = "failed";
      failure = error instanceof LoanstreamError ? error.diagnostics[0] : null;
    },
  };
}
