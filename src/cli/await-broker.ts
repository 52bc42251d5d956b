/** Waits for a cluster that isn't there yet, as when everything starts at once. */
import { LoanstreamError } from "../errors.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import type { Logger } from "../log.ts";

export interface AwaitParts {
  readonly signal: AbortSignal;
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly logger: Pick<Logger, "info" | "warn">;
}

const LOOK_AGAIN_MS = 500;

/**
 * Resolves once every broker can be reached, or the signal is aborted; says once that it waits, and for what. Throws what
 * doesn't pass: `kafka.authentication-failed`, `kafka.tls`, `kafka.version`, …
 */
export async function awaitBroker(
  settings: KafkaSettings,
  { signal, sleep, logger }: AwaitParts,
): Promise<void> {
  const { probe } = await import("../kafka/probe.ts");
  let told = false;
  while (!signal.aborted) {
    const trouble = await passingTrouble(() => probe(settings));
    if (trouble === null) break;
    const [{ code, message, remedy, place }] = trouble.diagnostics;
    if (!told) logger.warn(`${message}; waits for it`, { code, broker: place.broker ?? null, remedy });
    told = true;
    await sleep(LOOK_AGAIN_MS, signal);
  }
  if (told && !signal.aborted) logger.info("goes on: the broker answers");
}

async function passingTrouble(look: () => Promise<unknown>): Promise<LoanstreamError | null> {
  try {
    await look();
    return null;
  } catch (error) {
    if (error instanceof LoanstreamError && error.retryable) return error;
    throw error;
  }
}
