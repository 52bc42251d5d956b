/** What a run needs of its process: signals and time. */
import { setTimeout as delay } from "node:timers/promises";

export interface StopSignal {
  /** Aborted by the first Ctrl-C or SIGTERM, and by `release`. */
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** A second Ctrl-C or SIGTERM ends the process at once, after `onForce`. */
export function stopSignal(onForce: () => void): StopSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) {
      onForce();
      process.exit(1);
    }
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const release = (): void => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    controller.abort();
  };
  return { signal: controller.signal, release };
}

export async function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  await delay(Math.min(delayMs, 2 ** 31 - 1), null, { signal }).catch(() => {});
}

/** A timer keeps the process alive until the signal comes. */
export async function until(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await sleep(60_000, signal);
}

export function every(intervalMs: number, work: () => void): () => void {
  const timer = setInterval(work, intervalMs);
  return () => clearInterval(timer);
}
