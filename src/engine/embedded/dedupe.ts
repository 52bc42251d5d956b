/**
 * Ids of accepted events, each until the watermark reaches its event time plus the delay. Two generations: the old
 * one is dropped whole once all of it has expired, so that nothing is ever searched for what to forget.
 */

export type EventId = string | number | null;

export interface Dedupe {
  readonly delayMs: number;
  /** Expiry in milliseconds of event time, by id. */
  young: Map<EventId, number>;
  old: Map<EventId, number>;
  youngUntilMs: number;
  oldUntilMs: number;
}

export function createDedupe(delayMs: number): Dedupe {
  const never = Number.NEGATIVE_INFINITY;
  return { delayMs, young: new Map(), old: new Map(), youngUntilMs: never, oldUntilMs: never };
}

/** Whether an event with this id was accepted within the delay; if not, this one is from now on. NaN is no time. */
export function isDuplicate(dedupe: Dedupe, id: EventId, timeMs: number, watermarkMs: number): boolean {
  if (Number.isNaN(timeMs)) return false;
  const expiry = dedupe.young.get(id) ?? dedupe.old.get(id);
  if (expiry !== undefined && expiry > watermarkMs) return true;
  if (watermarkMs >= dedupe.oldUntilMs) startGeneration(dedupe);
  dedupe.young.set(id, timeMs + dedupe.delayMs);
  dedupe.youngUntilMs = Math.max(dedupe.youngUntilMs, timeMs + dedupe.delayMs);
  return false;
}

function startGeneration(dedupe: Dedupe): void {
  dedupe.old = dedupe.young;
  dedupe.oldUntilMs = dedupe.youngUntilMs;
  dedupe.young = new Map();
  dedupe.youngUntilMs = Number.NEGATIVE_INFINITY;
}
