/**
 * An endless, reproducible stream of application events in order of arrival. Pure: no clock, no randomness but the
 * seed's, no files. What waits for its next step costs 16 bytes, since applications are drawn again from their number.
 */
import { type Application, campaignMembers, inFlightMember, type Step, steps } from "./application.ts";
import { drawDelivery } from "./delivery.ts";
import { type ArrivalQueue, createArrivalQueue } from "./heap.ts";
import { drawNames } from "./names.ts";
import { createRandom, type Random } from "./random.ts";
import { createRenderer, type Render } from "./render.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { scenarios as defaultScenarios } from "./scenarios/scenarios.ts";
import { type ApplicationSource, createApplicationSource } from "./source.ts";
import { createTokeniser, tokenKeyOfSeed } from "./token.ts";
import { greatestDecisionMs, greatestFormMs, greatestFundingMs } from "./world.ts";

export interface GeneratorOptions {
  /** A safe integer. The same seed, start and rate give the same events, byte for byte. */
  readonly seed: number;
  /** Event time at which the stream begins, in steady state: applications started before are in flight. */
  readonly startMs: number;
  /** Mean number of events a second of event time, duplicates included; greater than 0. */
  readonly ratePerSecond: number;
  /** Share of events that arrive twice, the same bytes. Default 0.004. */
  readonly duplicateShare?: number;
  /** Key of the tokens, at most 64 bytes. Default: derived from the seed. */
  readonly tokenKey?: Uint8Array;
  readonly scenarios?: readonly Scenario[];
}

/** What is true of an application and stands in none of its events. */
export interface Truth {
  readonly applicationId: string;
  readonly scenario: string | null;
}

export interface GeneratedEvent {
  /** One line without its line feed. */
  readonly json: string;
  readonly eventTimeMs: number;
  /** Never decreases; less than 45 s after the event's time. */
  readonly arrivalMs: number;
  /** With the first event of each application. */
  readonly truth?: Truth;
}

/** Which event is to arrive: an integer of at most 53 bits, 9 of them below the application's number. */
interface Due {
  readonly number: number;
  readonly member: number;
  readonly step: Step;
  readonly again: boolean;
}

interface World {
  readonly random: Random;
  readonly source: ApplicationSource;
  readonly queue: ArrivalQueue;
  readonly startMs: number;
  readonly duplicateShare: number;
}

/** Longest wait before each step: an application in flight has begun its wait no longer ago. */
const longestWaitMs = [
  0,
  Math.max(greatestFormMs, 3_600_000),
  greatestDecisionMs,
  greatestFundingMs,
] as const;
const calibrationSize = 4_096;

export function* createGenerator(options: GeneratorOptions): Generator<GeneratedEvent, never, undefined> {
  const { seed, startMs, ratePerSecond, duplicateShare = 0.004, scenarios = defaultScenarios } = options;
  checkOptions(options);
  const random = createRandom(seed);
  const arrivals = createRandom(seed);
  arrivals.seek("arrivals", 0, 0);
  const source = createApplicationSource(random, scenarios, Math.max(1, ratePerSecond / 3));
  const tokenise = createTokeniser(options.tokenKey ?? tokenKeyOfSeed(seed));
  const world: World = { random, source, queue: createArrivalQueue(), startMs, duplicateShare };
  const render = createRenderer({ random, names: drawNames(seed), tokenise, startMs });
  const meanGapMs = (1000 * eventsPerApplication(world)) / ratePerSecond;
  let nextStartMs = startMs + arrivals.exponential(meanGapMs);
  for (let number = 0; ; ) {
    const arrivalMs = world.queue.nextTimeMs();
    if (Math.floor(nextStartMs) <= arrivalMs) {
      admit(world, number, Math.floor(nextStartMs), meanGapMs);
      number += 1;
      nextStartMs += arrivals.exponential(meanGapMs);
    } else {
      yield deliver(world, render, dueOf(world.queue.pop()), arrivalMs);
    }
  }
}

function checkOptions({ seed, startMs, ratePerSecond }: GeneratorOptions): void {
  if (!Number.isSafeInteger(seed)) throw new RangeError("seed must be a safe integer");
  if (!Number.isSafeInteger(startMs)) throw new RangeError("startMs must be whole milliseconds");
  if (!(ratePerSecond > 0 && ratePerSecond <= 1e7))
    throw new RangeError("ratePerSecond must be above 0, at most 1e7");
}

/** Begins an ordinary application, the campaign that its number begins, and what was in flight before the start. */
function admit(world: World, number: number, startedMs: number, meanGapMs: number): void {
  enqueue(world, world.source.draw(number, 0), startedMs, 0);
  const begun = world.source.campaignOf(number);
  for (const [place, afterMs] of (begun?.campaign.startsMs ?? []).entries()) {
    if (place < campaignMembers) enqueue(world, world.source.draw(number, place + 1), startedMs + afterMs, 0);
  }
  for (const step of steps) {
    if (startedMs - world.startMs < longestWaitMs[step])
      admitInFlight(world, number, step, startedMs, meanGapMs);
  }
}

/**
 * Steady state without a past: the first steps after the start of those in flight form, for each step, a Poisson
 * process of the applications' own rate, thinned to those whose wait before that step is longer than the time since
 * the start.
 */
function admitInFlight(world: World, number: number, step: Step, startedMs: number, meanGapMs: number): void {
  const application = world.source.draw(number, inFlightMember + step);
  const atMs = application.stepsMs[step];
  if (atMs === undefined) return;
  const stepTimeMs = startedMs + Math.floor(world.random.exponential(meanGapMs));
  const waitMs = atMs - (application.stepsMs[step - 1] ?? 0);
  if (waitMs > stepTimeMs - world.startMs) enqueue(world, application, stepTimeMs - atMs, step);
}

function enqueue(world: World, application: Application, startedMs: number, from: Step): void {
  for (const step of steps) {
    const atMs = application.stepsMs[step];
    if (atMs === undefined || step < from) continue;
    const { lagMs, againLagMs } = drawDelivery(world.random, application, step, world.duplicateShare);
    const code = codeOf(application, step);
    world.queue.push(startedMs + atMs + lagMs, code);
    if (againLagMs !== null) world.queue.push(startedMs + atMs + againLagMs, code + 1);
  }
}

function codeOf({ number, member }: Application, step: Step): number {
  return number * 512 + member * 8 + step * 2;
}

function dueOf(code: number): Due {
  const low = code % 512;
  const step = steps[(low >> 1) & 3] ?? 0;
  return { number: Math.floor(code / 512), member: low >> 3, step, again: (low & 1) === 1 };
}

function deliver(
  world: World,
  render: Render,
  { number, member, step, again }: Due,
  arrivalMs: number,
): GeneratedEvent {
  const application = world.source.draw(number, member);
  const first = !again && step === firstToArrive(world, application);
  const { lagMs, againLagMs } = drawDelivery(world.random, application, step, world.duplicateShare);
  const eventTimeMs = arrivalMs - (again ? (againLagMs ?? 0) : lagMs);
  const rendered = render(application, step, eventTimeMs - (application.stepsMs[step] ?? 0));
  const event = { json: rendered.json, eventTimeMs, arrivalMs };
  if (!first) return event;
  return { ...event, truth: { applicationId: rendered.applicationId, scenario: application.scenario } };
}

/** The step whose event arrives first; lags can put a later step before an earlier one. */
function firstToArrive(world: World, application: Application): Step {
  const from = application.member > campaignMembers ? application.member - inFlightMember : 0;
  let first: Step = 0;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const step of steps) {
    const atMs = application.stepsMs[step];
    if (atMs === undefined || step < from) continue;
    const arrivesMs = atMs + drawDelivery(world.random, application, step, 0).lagMs;
    if (arrivesMs < earliestMs) {
      earliestMs = arrivesMs;
      first = step;
    }
  }
  return first;
}

/** The mean over the first applications, campaigns and duplicates included: what turns a rate of events into one of starts. */
function eventsPerApplication({ source, duplicateShare }: World): number {
  let events = 0;
  for (let number = 0; number < calibrationSize; number += 1) {
    events += source.draw(number, 0).stepsMs.length;
    const members = source.campaignOf(number)?.campaign.startsMs.length ?? 0;
    for (let member = 1; member <= members; member += 1) events += source.draw(number, member).stepsMs.length;
  }
  return (events * (1 + duplicateShare)) / calibrationSize;
}
