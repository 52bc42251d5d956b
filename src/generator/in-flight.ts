/**
 * Steady state without a past. The first steps after the start of those in flight form, for each step, a Poisson
 * process: applications that start at the schedule's rate, of those the ones that began their wait before the
 * start. Its candidates come at the schedule's greatest rate and are thinned to it exactly.
 */
import { type Application, type ApplicationKey, inFlightMember, type Step } from "./application.ts";
import { longestWaitMs, waitBoundMs } from "./course.ts";
import { type Choice, choice, type Random } from "./random.ts";
import { type Rhythm, rateAt } from "./rhythm.ts";
import type { ApplicationSource } from "./source.ts";
import { type Channel, channels, channelWorlds } from "./world.ts";

export interface InFlight {
  readonly application: Application;
  readonly step: Step;
  readonly startedMs: number;
}

export interface InFlightStream {
  /** When the next candidate's step comes; infinity when all have passed. */
  nextTimeMs(): number;
  /** That candidate, or null when it is none of those in flight. */
  next(): InFlight | null;
}

export interface InFlightParts {
  readonly random: Random;
  /** A stream of this process alone. */
  readonly arrivals: Random;
  readonly source: ApplicationSource;
  readonly rhythm: Rhythm;
  readonly startMs: number;
  readonly meanGapMs: number;
  /** Of the first application. */
  readonly firstNumber: number;
}

export function createInFlight(parts: InFlightParts, step: Step): InFlightStream {
  const { random, arrivals, source, rhythm, startMs, meanGapMs } = parts;
  const { peaks, total, drawChannel } = greatestRates(rhythm);
  const endMs = startMs + longestWaitMs[step];
  const gapMs = meanGapMs / total;
  let atMs = startMs + arrivals.exponential(gapMs);
  let number = parts.firstNumber - 1;

  const wasInFlight = (key: ApplicationKey, stepTimeMs: number): InFlight | null => {
    const application = source.draw(key);
    const takenMs = application.stepsMs[step];
    if (takenMs === undefined) return null;
    const waitMs = takenMs - (application.stepsMs[step - 1] ?? 0);
    if (waitMs <= stepTimeMs - startMs) return null;
    const startedMs = stepTimeMs - takenMs;
    random.seek("in_flight", key.number, key.member);
    const rate = rateAt(rhythm[key.channel], startedMs);
    return random.chance(rate / peaks[key.channel]) ? { application, step, startedMs } : null;
  };

  return {
    nextTimeMs: () => (atMs < endMs ? Math.floor(atMs) : Number.POSITIVE_INFINITY),
    next: () => {
      const stepTimeMs = Math.floor(atMs);
      atMs += arrivals.exponential(gapMs);
      number += 1;
      const channel = drawChannel(arrivals);
      const member = inFlightMember + step;
      if (waitBoundMs(random, number, member, step) <= stepTimeMs - startMs) return null;
      return wasInFlight({ number, member, channel }, stepTimeMs);
    },
  };
}

/** Of each channel's schedule, of all together, and channels drawn in their proportion. */
function greatestRates(rhythm: Rhythm): {
  readonly peaks: Readonly<Record<Channel, number>>;
  readonly total: number;
  readonly drawChannel: Choice<Channel>;
} {
  const peakOf = (channel: Channel): number => Math.max(...rhythm[channel]);
  const weightOf = (channel: Channel): number => channelWorlds[channel].share * peakOf(channel);
  return {
    peaks: {
      web: peakOf("web"),
      mobile_app: peakOf("mobile_app"),
      branch: peakOf("branch"),
      broker: peakOf("broker"),
      call_center: peakOf("call_center"),
      partner_api: peakOf("partner_api"),
    },
    total: channels.reduce((sum, channel) => sum + weightOf(channel), 0),
    drawChannel: choice(channels, weightOf),
  };
}
