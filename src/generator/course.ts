/**
 * When an application takes its steps. Each wait has a stream of its own, so that of those in flight at the start
 * the short ones can be passed over before anything else is drawn.
 */
import type { Application, Step } from "./application.ts";
import type { Random } from "./random.ts";
import { clamp } from "./text.ts";
import {
  channelWorlds,
  greatestAbandonmentMs,
  greatestDecisionMs,
  greatestFormMs,
  greatestFundingMs,
  products,
  productWorlds,
} from "./world.ts";

/** Longest wait before each step: an application in flight has begun its wait no longer ago. */
export const longestWaitMs = [
  0,
  Math.max(greatestFormMs, greatestAbandonmentMs),
  greatestDecisionMs,
  greatestFundingMs,
] as const;

const greatestAutoMs = 900_000;
const slowestFundingMs = 1000 * Math.max(...products.map((product) => productWorlds[product].medianFundingS));

function seek(random: Random, number: number, member: number, step: Step): void {
  random.seek("wait", number, member * 4 + step);
}

const drawFundingPace = (random: Random): number => random.logNormal(1, 0.6);
/** Seconds when rules decide, hours when a person does. */
const drawAutoMs = (random: Random): number => clamp(random.logNormal(9_000, 0.9), 800, greatestAutoMs);
const drawManualMs = (random: Random): number =>
  clamp(random.logNormal(2.5 * 3_600_000, 0.8), 600_000, greatestDecisionMs);

/** No application of this name waits longer before the step. */
export function waitBoundMs(random: Random, number: number, member: number, step: Step): number {
  seek(random, number, member, step);
  if (step === 2) return Math.max(drawManualMs(random), greatestAutoMs);
  if (step === 3) return clamp(slowestFundingMs * drawFundingPace(random), 60_000, greatestFundingMs);
  return longestWaitMs[step];
}

/** Sets mode and times of what has been decided. */
export function drawCourse(random: Random, application: Application): void {
  const { number, member, product, session, decision } = application;
  const lending = productWorlds[product];
  seek(random, number, member, 1);
  if (!application.submits) {
    application.stepsMs = [
      0,
      Math.floor(clamp(random.logNormal(600_000, 0.8), 120_000, greatestAbandonmentMs)),
    ];
    return;
  }
  const submittedMs = Math.min(session.formMs + Math.floor(random.exponential(25_000)), greatestFormMs);
  seek(random, number, member, 2);
  const manualMs = drawManualMs(random);
  application.mode = random.chance(lending.autoDecided) ? "auto" : "manual";
  const decidedMs = submittedMs + Math.floor(application.mode === "auto" ? drawAutoMs(random) : manualMs);
  seek(random, number, member, 3);
  const fundingMs = clamp(1000 * lending.medianFundingS * drawFundingPace(random), 60_000, greatestFundingMs);
  const funded = decision.outcome === "approved" && random.chance(lending.pullThrough);
  application.stepsMs = funded
    ? [0, submittedMs, decidedMs, decidedMs + Math.floor(fundingMs)]
    : [0, submittedMs, decidedMs];
}

/** Whether an application is submitted; the rest is abandoned. */
export const drawSubmits = (random: Random, { channel }: Pick<Application, "channel">): boolean =>
  !random.chance(channelWorlds[channel].abandonment);
