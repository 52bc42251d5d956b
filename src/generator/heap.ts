/** A queue of what is still to arrive, ordered by time and then by code: 16 bytes an entry. */
export interface ArrivalQueue {
  readonly size: number;
  /** Infinity when empty. */
  nextTimeMs(): number;
  push(timeMs: number, code: number): void;
  /** Removes the first entry and returns its code; its time is what `nextTimeMs` said. */
  pop(): number;
}

/** A binary heap in two typed arrays that double when they are full. */
export function createArrivalQueue(): ArrivalQueue {
  let times = new Float64Array(1024);
  let codes = new Float64Array(1024);
  let size = 0;

  const before = (timeA: number, codeA: number, timeB: number, codeB: number): boolean =>
    timeA < timeB || (timeA === timeB && codeA < codeB);

  const place = (slot: number, time: number, code: number): void => {
    times[slot] = time;
    codes[slot] = code;
  };

  const grow = (): void => {
    const moreTimes = new Float64Array(size * 2);
    const moreCodes = new Float64Array(size * 2);
    moreTimes.set(times);
    moreCodes.set(codes);
    times = moreTimes;
    codes = moreCodes;
  };

  const push = (time: number, code: number): void => {
    if (size === times.length) grow();
    let slot = size;
    size += 1;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const parentTime = times[parent] ?? 0;
      const parentCode = codes[parent] ?? 0;
      if (!before(time, code, parentTime, parentCode)) break;
      place(slot, parentTime, parentCode);
      slot = parent;
    }
    place(slot, time, code);
  };

  const sink = (time: number, code: number): void => {
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) break;
      const right = child + 1;
      if (
        right < size &&
        before(times[right] ?? 0, codes[right] ?? 0, times[child] ?? 0, codes[child] ?? 0)
      ) {
        child = right;
      }
      const childTime = times[child] ?? 0;
      const childCode = codes[child] ?? 0;
      if (!before(childTime, childCode, time, code)) break;
      place(slot, childTime, childCode);
      slot = child;
    }
    place(slot, time, code);
  };

  const pop = (): number => {
    if (size === 0) throw new RangeError("the queue is empty");
    const first = codes[0] ?? 0;
    size -= 1;
    if (size > 0) sink(times[size] ?? 0, codes[size] ?? 0);
    return first;
  };

  return {
    get size() {
      return size;
    },
    nextTimeMs: () => (size === 0 ? Number.POSITIVE_INFINITY : (times[0] ?? 0)),
    push,
    pop,
  };
}
