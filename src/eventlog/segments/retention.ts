/** Which segments a log no longer has to keep. */

export interface Retention {
  /** How long after they came records are kept; they go, once released, within a tenth more. */
  readonly retentionMs: number;
  /** Most bytes of the whole log; null for no bound. What isn't released, and the newest segment, stay all the same. */
  readonly maxBytes: number | null;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** A segment that is no longer written to. */
export interface ClosedSegment {
  readonly basePosition: number;
  /** The first position of the segment behind it. */
  readonly endPosition: number;
  /** Of both files. */
  readonly bytes: number;
  /** When its last batch came, milliseconds since the epoch. */
  readonly newestMs: number;
}

/** A segment holds at most this share of what is kept, so that deleting whole ones is fine enough. */
const SHARE = 10;

export const mostSegmentBytes = ({ maxBytes }: Retention): number => (maxBytes ?? Infinity) / SHARE;

/** Whether a batch came too long after a segment's first to be in it. */
export function isApart(retention: Retention, firstMs: number, ingestTimeMs: number): boolean {
  return ingestTimeMs - firstMs >= retention.retentionMs / SHARE;
}

export function isOld({ retentionMs, nowMs }: Retention, newestMs: number): boolean {
  return newestMs <= nowMs() - retentionMs;
}

/** How many of the oldest segments can go. */
export function countExpired(
  segments: readonly ClosedSegment[],
  activeBytes: number,
  releasedPosition: number,
  retention: Retention,
): number {
  let kept = segments.reduce((sum, { bytes }) => sum + bytes, activeBytes);
  const most = retention.maxBytes ?? Infinity;
  const needed = segments.findIndex(({ endPosition, newestMs, bytes }) => {
    if (endPosition > releasedPosition || !(kept > most || isOld(retention, newestMs))) return true;
    kept -= bytes;
    return false;
  });
  return needed < 0 ? segments.length : needed;
}
