/** Doing again what failed in passing. */
import { setTimeout as delay } from "node:timers/promises";
import { LoanstreamError } from "../errors.ts";

export interface Patience {
  /** From the first failure on; infinite: until the signal. */
  readonly withinMs: number;
  /** Before the first repetition; doubled each time up to `mostDelayMs`. */
  readonly delayMs: number;
  readonly mostDelayMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure after which it is tried again. */
  readonly onTrouble?: ((trouble: LoanstreamError) => void) | undefined;
}

/** Through a restart of a broker, which takes up to about ten seconds. */
export const PATIENT: Patience = { withinMs: 30_000, delayMs: 20, mostDelayMs: 500 };

/** The attempt's result, or its last error once that isn't retryable, or patience is out. */
export async function retrying<T>(attempt: () => Promise<T>, patience: Patience): Promise<T> {
  let pauseMs = patience.delayMs;
  let deadline: number | null = null;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      deadline ??= performance.now() + patience.withinMs;
      const again = error instanceof LoanstreamError && error.retryable;
      if (!again || performance.now() + pauseMs > deadline || patience.signal?.aborted) throw error;
      patience.onTrouble?.(error);
    }
    await pause(pauseMs, patience.signal);
    pauseMs = Math.min(pauseMs * 2, patience.mostDelayMs);
  }
}

/** Ends early, without an error, when the signal comes. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  delay(ms, undefined, signal ? { signal } : {}).catch(() => {});
