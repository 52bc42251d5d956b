/** The watermark: the least, over partitions, of the greatest event time read there, less the allowed delay. */

export interface Watermark {
  readonly delayMs: number;
  /** Greatest event time by partition. */
  readonly greatestMs: Map<number, number>;
  /** -Infinity before the first event; never goes back. */
  atMs: number;
}

export function createWatermark(delayMs: number): Watermark {
  return { delayMs, greatestMs: new Map(), atMs: Number.NEGATIVE_INFINITY };
}

/** The greatest event time of all partitions; null before the first event. */
export function newestMs({ greatestMs }: Watermark): number | null {
  return greatestMs.size === 0 ? null : Math.max(...greatestMs.values());
}

/** Takes one event's time; NaN is none. */
export function observe(watermark: Watermark, partition: number, timeMs: number): void {
  const { greatestMs, delayMs } = watermark;
  if (!(timeMs > (greatestMs.get(partition) ?? Number.NEGATIVE_INFINITY))) return;
  greatestMs.set(partition, timeMs);
  let least = Number.POSITIVE_INFINITY;
  for (const greatest of greatestMs.values()) least = Math.min(least, greatest);
  watermark.atMs = Math.max(watermark.atMs, least - delayMs);
}
