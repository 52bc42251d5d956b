/** Time as the engine thread sees it; an argument, so that a test says when it passes. */
export interface Timers {
  nowMs(): number;
  /** Calls again and again, until what it returns is called. */
  every(intervalMs: number, work: () => void): () => void;
  sleep(delayMs: number): Promise<void>;
}
