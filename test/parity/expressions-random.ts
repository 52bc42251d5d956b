/** Seeded choices: one 32-bit word of state, enough for test cases and easy to print. */
export interface Choices {
  /** In [0, 1). */
  share(): number;
  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  chance(probability: number): boolean;
  of<T>(choices: readonly T[]): T;
}

export function choicesFrom(seed: number): Choices {
  let state = seed | 0;
  const word = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const share = () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  const integer = (low: number, high: number) => low + Math.floor(share() * (high - low + 1));
  return {
    share,
    integer,
    chance: (probability) => share() < probability,
    of: (choices) => choices[integer(0, choices.length - 1)]!,
  };
}
