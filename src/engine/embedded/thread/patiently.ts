/** Writing a store that another program may hold a lock on for a while. */
import { LoanstreamError } from "../../../errors.ts";
import type { Logger } from "../../../log.ts";

/** Does the work, at once if it can be done at once. Throws what the work throws. */
export type Patiently = <T>(work: () => T) => Promise<T>;

interface Clock {
  nowMs(): number;
  sleep(delayMs: number): Promise<void>;
}

const PATIENCE_MS = 30_000;
const RETRY_MS = 50;

/** Tries again what may succeed later, for half a minute at most. */
export function patiently({ nowMs, sleep }: Clock, logger: Logger): Patiently {
  return async (work) => {
    const beganMs = nowMs();
    for (let tries = 1; ; tries += 1) {
      try {
        return work();
      } catch (error) {
        const mayPass = error instanceof LoanstreamError && error.retryable;
        if (!mayPass || nowMs() - beganMs >= PATIENCE_MS) throw error;
        if (tries === 1) logger.warn("waiting", { because: error.diagnostics[0].message });
        await sleep(RETRY_MS);
      }
    }
  };
}
