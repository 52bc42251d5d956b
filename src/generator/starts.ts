/** When ordinary applications start, and through which channel. */
import type { Random } from "./random.ts";
import { createArrivals, type Rhythm, rateAt, totalOf } from "./rhythm.ts";
import { type Channel, channels, channelWorlds } from "./world.ts";

export interface Start {
  readonly number: number;
  readonly channel: Channel;
  readonly startedMs: number;
}

export interface Starts {
  nextTimeMs(): number;
  take(): Start;
  /** Takes those that start before this, without saying through which channel. */
  passOver(beforeMs: number): void;
}

/**
 * @param random a stream of this process alone
 * @param firstNumber of the first application
 */
export function createStarts(
  random: Random,
  rhythm: Rhythm,
  startMs: number,
  meanGapMs: number,
  firstNumber: number,
): Starts {
  const nextArrival = createArrivals(random, totalOf(rhythm), startMs, meanGapMs);
  let number = firstNumber;
  let atMs = nextArrival();
  return {
    nextTimeMs: () => Math.floor(atMs),
    take: () => {
      const start = { number, channel: drawChannel(random, rhythm, atMs), startedMs: Math.floor(atMs) };
      number += 1;
      atMs = nextArrival();
      return start;
    },
    passOver: (beforeMs) => {
      for (; atMs < beforeMs; atMs = nextArrival()) {
        random.uniform();
        number += 1;
      }
    },
  };
}

/** Each channel's share is that of its rate at this time. */
function drawChannel(random: Random, rhythm: Rhythm, timeMs: number): Channel {
  const rateOf = (channel: Channel): number => channelWorlds[channel].share * rateAt(rhythm[channel], timeMs);
  let total = 0;
  for (const channel of channels) total += rateOf(channel);
  let at = random.uniform() * total;
  for (const channel of channels) {
    at -= rateOf(channel);
    if (at < 0) return channel;
  }
  return "web";
}
