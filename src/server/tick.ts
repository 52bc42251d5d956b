/** A beat that all who wait share: one look at the store for all of them, and none while nobody waits. */
import { setTimeout as delay } from "node:timers/promises";

/** Resolves at the next beat, with what was looked up then; rejects if that throws. */
export type Tick<T> = () => Promise<T>;

export function createTick<T>(intervalMs: number, look: () => T): Tick<T> {
  let coming: Promise<T> | null = null;
  const beat = async (): Promise<T> => {
    await delay(intervalMs);
    coming = null;
    return look();
  };
  return () => {
    coming ??= beat();
    return coming;
  };
}
