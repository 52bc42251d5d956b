/** What a process that runs on a data directory says of itself. */

export interface Readiness {
  readonly state: string | null;
  /** Taken in lately. */
  readonly recordsPerSecond: number | null;
  /** How long a trigger took at most in the last minute, from when it was due until it was committed; null before any. */
  readonly slowestTriggerMs: number | null;
  /** What stopped its engine. */
  readonly failure: { readonly message: string; readonly remedy: string } | null;
}

const ANSWERS_WITHIN_MS = 2000;

/** Null where it doesn't tell in time. */
export async function readinessAt(url: string): Promise<Readiness | null> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    return readinessIn(await response.json());
  } catch {
    return null;
  }
}

function readinessIn(reply: unknown): Readiness | null {
  if (typeof reply !== "object" || reply === null) return null;
  const { state, ratePerSecond, slowestTriggerMs, error } = {
    ...{ state: null, ratePerSecond: null, slowestTriggerMs: null, error: null },
    ...reply,
  };
  return {
    state: textIn(state),
    recordsPerSecond: numberIn(ratePerSecond),
    slowestTriggerMs: numberIn(slowestTriggerMs),
    failure: failureIn(error),
  };
}

function failureIn(error: unknown): Readiness["failure"] {
  if (typeof error !== "object" || error === null) return null;
  const { message, remedy } = { message: null, remedy: null, ...error };
  return typeof message === "string" && typeof remedy === "string" ? { message, remedy } : null;
}

const textIn = (found: unknown) => (typeof found === "string" ? found : null);
const numberIn = (found: unknown) => (typeof found === "number" ? found : null);
