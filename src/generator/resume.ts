/**
 * Opens a stream in its midst. What waits there is a function of the applications alone, so that each of those that may
 * have an event left is drawn once, and none is written.
 */
import { type Application, type ApplicationKey, campaignMembers, type Step } from "./application.ts";
import { againCode, codeOf } from "./code.ts";
import { longestWaitMs, waitBoundMs } from "./course.ts";
import { drawAgainLagMs, drawLagMs } from "./delivery.ts";
import type { ArrivalQueue } from "./heap.ts";
import type { InFlightStream } from "./in-flight.ts";
import type { Random } from "./random.ts";
import type { ApplicationSource } from "./source.ts";
import type { Starts } from "./starts.ts";
import { following, isLast, mayBeOvertaken } from "./steps.ts";
import { disorderMs } from "./world.ts";

/** What of a stream is to be opened. */
export interface Resumed {
  readonly random: Random;
  readonly duplicateShare: number;
  readonly source: ApplicationSource;
  readonly starts: Starts;
  readonly inFlight: readonly InFlightStream[];
  readonly queue: ArrivalQueue;
}

/** From an application's start to its last arrival. */
const greatestRestMs = longestWaitMs.reduce((sum, waitMs) => sum + waitMs) + disorderMs;
/** From a campaign's begin to its last member's start: gaps are exponential, their sum has not been seen near it. */
const longestCampaignMs = 2 * 86_400_000;
/** A week's at three events a second; some two seconds. */
const mostLookedAt = 1_000_000;

/**
 * How far back an application that has an event left may have started. Of a fast stream it is less than it could be:
 * what has been under way for longer sends nothing more.
 */
export function lookBackMs(meanGapMs: number): number {
  return Math.min(greatestRestMs + longestCampaignMs, mostLookedAt * meanGapMs);
}

/** Leaves a stream whose first start is the first to be looked at as it is after the last arrival up to a time. */
export function resume(stream: Resumed, afterMs: number): void {
  resumeStarts(stream, afterMs);
  for (const each of stream.inFlight) resumeInFlight(stream, each, afterMs);
}

function resumeStarts(stream: Resumed, afterMs: number): void {
  const { starts, source } = stream;
  while (starts.nextTimeMs() <= afterMs) {
    const { number, channel, startedMs } = starts.take();
    resumeApplication(stream, { number, member: 0, channel }, startedMs, afterMs);
    const begun = source.campaignOf(number, channel);
    for (const [place, member] of begun?.campaign.members.entries() ?? []) {
      if (place >= campaignMembers) break;
      const key = { number, member: place + 1, channel: member.channel };
      resumeApplication(stream, key, startedMs + member.afterMs, afterMs);
    }
  }
}

function resumeApplication(stream: Resumed, key: ApplicationKey, startedMs: number, afterMs: number): void {
  if (startedMs + restBoundMs(stream.random, key) <= afterMs) return;
  queueRest(stream, stream.source.draw(key), 0, startedMs, afterMs);
}

/** No application of this name has an arrival as long after its start. */
function restBoundMs(random: Random, { number, member }: ApplicationKey): number {
  const bounds = ([1, 2, 3] as const).map((step) => waitBoundMs(random, number, member, step));
  return bounds.reduce((sum, boundMs) => sum + boundMs, disorderMs);
}

function resumeInFlight(stream: Resumed, inFlight: InFlightStream, afterMs: number): void {
  while (inFlight.nextTimeMs() <= afterMs) {
    const found = inFlight.next();
    if (found) queueRest(stream, found.application, found.step, found.startedMs, afterMs);
  }
}

/** Puts those of an application's events into the queue that would stand there by then. */
function queueRest(
  { random, queue, duplicateShare }: Resumed,
  application: Application,
  first: Step,
  startedMs: number,
  afterMs: number,
): void {
  const { number, member, stepsMs } = application;
  for (let step = first; ; step = following(step)) {
    const lagMs = drawLagMs(random, number, member, step);
    const againLagMs = drawAgainLagMs(random, lagMs, duplicateShare);
    const timeMs = startedMs + (stepsMs[step] ?? 0);
    const code = codeOf(application, step);
    const came = timeMs + lagMs <= afterMs;
    if (!came) queue.push(timeMs + lagMs, code);
    else if (againLagMs !== null && timeMs + againLagMs > afterMs)
      queue.push(timeMs + againLagMs, againCode(code));
    if (isLast(application, step) || !(came || mayBeOvertaken(application, step, lagMs))) return;
  }
}
