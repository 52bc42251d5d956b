/** Tells people when something at the brokers keeps work from going on. */
import type { LoanstreamError } from "../errors.ts";
import type { Logger } from "../log.ts";

export interface Troubles {
  began(trouble: LoanstreamError): void;
  passed(): void;
  /** Whether it was told of one that has not passed. */
  readonly told: boolean;
}

/** What is over sooner, such as a broker's first second, isn't worth telling. */
const TOLD_AFTER_MS = 1000;

/** Tells of trouble once, and when it has passed. */
export function tellTroubles(logger: Logger, nowMs: () => number, whenPassed: string): Troubles {
  let sinceMs: number | null = null;
  let told = false;
  return {
    began(trouble) {
      sinceMs ??= nowMs();
      if (told || nowMs() - sinceMs < TOLD_AFTER_MS) return;
      told = true;
      const [{ code, message, remedy }] = trouble.diagnostics;
      logger.warn(`${message}; waits and tries again`, { code, remedy });
    },
    passed() {
      if (told) logger.info(`goes on: ${whenPassed}`);
      sinceMs = null;
      told = false;
    },
    get told() {
      return told;
    },
  };
}
