/**
 * The watermark: the least, over partitions with unread records, of the greatest event time read there, less the
 * allowed delay; the greatest of all where nothing is unread.
 */

export interface Watermark {
  readonly delayMs: number;
  /** Greatest event time by partition. */
  readonly greatestMs: Map<number, number>;
  /** -Infinity before the first event; never goes back. */
  atMs: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

export function createWatermark(delayMs: number): Watermark {
  return { delayMs, greatestMs: new Map(), atMs: NEVER };
}

/** The greatest event time of all partitions; null before the first event. */
export function newestMs({ greatestMs }: Watermark): number | null {
  return greatestMs.size === 0 ? null : Math.max(...greatestMs.values());
}

/** Holds it back while a partition is read, whose records are unread until then: takes the time of each; NaN is none. */
export type Observer = (timeMs: number) => void;

/** @param unread other partitions with unread records */
export function observer(watermark: Watermark, partition: number, unread: readonly number[]): Observer {
  const { greatestMs, delayMs } = watermark;
  const othersMs = leastOf(watermark, unread);
  let greatest = greatestMs.get(partition) ?? NEVER;
  raise(watermark, Math.min(othersMs, greatest));
  return (timeMs) => {
    if (!(timeMs > greatest)) return;
    greatest = timeMs;
    greatestMs.set(partition, timeMs);
    const atMs = Math.min(othersMs, timeMs) - delayMs;
    if (atMs > watermark.atMs) watermark.atMs = atMs;
  };
}

/** What it is when some partitions have unread records, or none. */
export function settle(watermark: Watermark, unread: readonly number[]): void {
  raise(watermark, unread.length > 0 ? leastOf(watermark, unread) : (newestMs(watermark) ?? NEVER));
}

function leastOf({ greatestMs }: Watermark, partitions: readonly number[]): number {
  return partitions.reduce(
    (least, partition) => Math.min(least, greatestMs.get(partition) ?? NEVER),
    Number.POSITIVE_INFINITY,
  );
}

function raise(watermark: Watermark, timeMs: number): void {
  watermark.atMs = Math.max(watermark.atMs, timeMs - watermark.delayMs);
}
