/**
 * An endless, reproducible stream of application events in order of arrival, written as bytes. Pure: no clock, no
 * randomness but the seed's, no files. What waits for its next step costs 16 bytes, since applications are drawn
 * again from their name; those under way are kept while there is room.
 */
import { type Application, type Course, campaignMembers, courseOf, type Step } from "./application.ts";
import { againCode, codeOf, type EventName, nameOf } from "./code.ts";
import { drawAgainLagMs, drawLagMs } from "./delivery.ts";
import { createArrivalQueue } from "./heap.ts";
import { createInFlight, type InFlightStream } from "./in-flight.ts";
import { createPutTime, type Line } from "./line.ts";
import { namesOfSeed } from "./names.ts";
import { createRandom, type Random } from "./random.ts";
import { createRenderer, type Renderer } from "./render.ts";
import { lookBackMs, type Resumed, resume } from "./resume.ts";
import { type Rhythm, rhythms } from "./rhythm.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { scenarios as defaultScenarios } from "./scenarios/scenarios.ts";
import { clear, createPlace, createShelf, type Kept, type Shelf } from "./shelf.ts";
import { type ApplicationSource, createApplicationSource } from "./source.ts";
import { createStarts } from "./starts.ts";
import { firstToArrive, following, isLast, lastStep, mayBeOvertaken, type Waiting } from "./steps.ts";
import { createTokeniser, tokenKeyOfSeed } from "./token.ts";
import { drawTruth, type Truth } from "./truth.ts";
import { type Channel, eventsPerApplication, leastFormMs } from "./world.ts";

export interface StreamOptions {
  /** A safe integer. The same options give the same events, byte for byte. */
  readonly seed: number;
  /** Event time at which the stream begins, in steady state: applications started before are in flight. */
  readonly startMs: number;
  /** Mean number of events a second of event time over a week, duplicates included; greater than 0. */
  readonly ratePerSecond: number;
  /** Share of events that arrive twice, the same bytes. Default 0.004. */
  readonly duplicateShare?: number;
  /** Key of the tokens, at most 64 bytes. Default: derived from the seed. */
  readonly tokenKey?: Uint8Array;
  readonly scenarios?: readonly Scenario[];
  /** How the rate changes with the hour and the day. Default: `rhythms.weekly`. */
  readonly rhythm?: Rhythm;
  /** Of the first application that starts. Default 0; below 2^36 throughout. */
  readonly firstNumber?: number;
  /**
   * Only those events of this stream that arrive later than this, without making the others. Default: all. At high
   * rates what has long been under way by then sends nothing more: see `resume.ts`.
   */
  readonly afterMs?: number;
}

export interface EventStream {
  /** Writes the next event's line, without its line feed, where `line` stands: at most `mostEventBytes`. */
  next(line: Line): void;
  /** Of the event last written. */
  readonly last: Arrival;
  /** Of the application whose first event was written last; null after any other event. */
  truth(): Truth | null;
}

export interface Arrival {
  readonly eventTimeMs: number;
  /** Never decreases; less than 45 s after the event's time. */
  readonly arrivalMs: number;
  /** It was written before, and arrives once more. */
  readonly again: boolean;
}

export const mostEventBytes = 8_192;
/** About 4 kB each. */
const keptApplications = 16_384;

/** What the stream consists of. */
interface Flow extends Resumed {
  readonly shelf: Shelf;
  /** The place of what has none on the shelf. */
  readonly nowhere: Kept;
  readonly renderer: Renderer;
  readonly last: Last;
}

interface Last {
  eventTimeMs: number;
  arrivalMs: number;
  again: boolean;
  name: EventName | null;
  /** The application last drawn, which need not be that of the event last written. */
  application: Application | null;
}

/** Throws a RangeError for options without sense. */
export function createEventStream(options: StreamOptions): EventStream {
  const flow = createFlow(options);
  if (options.afterMs !== undefined) resume(flow, options.afterMs);
  return {
    next: (line) => writeNext(flow, line),
    last: flow.last,
    truth: () => truthOf(flow),
  };
}

function createFlow(options: StreamOptions): Flow {
  checkOptions(options);
  const {
    seed,
    startMs,
    ratePerSecond,
    duplicateShare = 0.004,
    rhythm = rhythms.weekly,
    firstNumber = 0,
  } = options;
  const random = createRandom(seed);
  const scale = Math.max(1, ratePerSecond / 3);
  const source = createApplicationSource(random, options.scenarios ?? defaultScenarios, scale);
  const meanGapMs = (1000 * eventsPerStart(source) * (1 + duplicateShare)) / ratePerSecond;
  const arrivalsOf = (step: Step): Random => {
    const arrivals = createRandom(seed);
    arrivals.seek("arrivals", 0, step);
    return arrivals;
  };
  const fromMs = (options.afterMs ?? Number.NEGATIVE_INFINITY) - lookBackMs(meanGapMs);
  const starts = createStarts(arrivalsOf(0), rhythm, startMs, meanGapMs, firstNumber);
  starts.passOver(fromMs);
  const stepsInFlight = startMs < fromMs ? [] : ([1, 2, 3] as const);
  return {
    random,
    duplicateShare,
    source,
    starts,
    inFlight: stepsInFlight.map((step) =>
      createInFlight(
        { random, arrivals: arrivalsOf(step), source, rhythm, startMs, meanGapMs, firstNumber },
        step,
      ),
    ),
    queue: createArrivalQueue(),
    shelf: createShelf(keptApplications),
    nowhere: createPlace(-1),
    renderer: createRenderer({
      random,
      names: namesOfSeed(seed),
      putToken: createTokeniser(options.tokenKey ?? tokenKeyOfSeed(seed)),
      putTime: createPutTime(),
      startMs,
    }),
    last: { eventTimeMs: startMs, arrivalMs: startMs, again: false, name: null, application: null },
  };
}

function checkOptions({ seed, startMs, ratePerSecond, duplicateShare = 0 }: StreamOptions): void {
  if (!Number.isSafeInteger(seed)) throw new RangeError("seed must be a safe integer");
  if (!Number.isSafeInteger(startMs)) throw new RangeError("startMs must be whole milliseconds");
  if (!(ratePerSecond > 0 && ratePerSecond <= 1e7))
    throw new RangeError("ratePerSecond must be above 0, at most 1e7");
  if (!(duplicateShare >= 0 && duplicateShare <= 1))
    throw new RangeError("duplicateShare must be from 0 to 1");
}

/** Turns a rate of events into one of ordinary applications. */
function eventsPerStart({ campaignApplications }: ApplicationSource): number {
  return eventsPerApplication.ordinary + campaignApplications * eventsPerApplication.campaign;
}

function writeNext(flow: Flow, line: Line): void {
  const { random, queue, last, duplicateShare } = flow;
  const arrivalMs = admitUntilNext(flow);
  const name = nameOf(queue.pop());
  const { number, member, step, again } = name;
  const lagMs = drawLagMs(random, number, member, step);
  const againLagMs = drawAgainLagMs(random, lagMs, duplicateShare);
  last.eventTimeMs = arrivalMs - (again ? (againLagMs ?? 0) : lagMs);
  last.arrivalMs = arrivalMs;
  last.again = again;
  last.name = name;
  const kept = placeOf(flow, name);
  const course = kept.course ?? prepare(flow, kept, name, last.eventTimeMs);
  drawAgainLagMs(random, drawLagMs(random, number, member, step), duplicateShare);
  flow.renderer.put(line, kept, course, step, last.eventTimeMs);
  if (!again) follow(flow, course, step, last.eventTimeMs, lagMs, againLagMs);
  if (isLast(course, step) && (again || againLagMs === null)) flow.shelf.release(kept);
}

/** What is under way is kept on the shelf while all of it has room there; beyond that nothing stays long enough. */
function placeOf({ queue, shelf, nowhere }: Flow, { application }: EventName): Kept {
  return queue.size <= keptApplications ? shelf.placeOf(application) : clear(nowhere);
}

/** Draws an application, and writes what its events need: of one with a place all of it, while it is at hand. */
function prepare(
  { source, renderer, nowhere, last }: Flow,
  kept: Kept,
  name: EventName,
  timeMs: number,
): Course {
  const application = source.draw(name);
  const startedMs = timeMs - (application.stepsMs[name.step] ?? 0);
  renderer.prepare(kept, application, name.step, startedMs);
  if (kept !== nowhere) renderer.prepare(kept, application, lastStep(application), startedMs);
  last.application = application;
  kept.course = courseOf(application);
  return kept.course;
}

/** Admits whatever could arrive before the queue's first, and gives that one's arrival. */
function admitUntilNext(flow: Flow): number {
  for (;;) {
    const arrivalMs = flow.queue.nextTimeMs();
    const waiting = earliestOf(flow.inFlight);
    const waitingMs = waiting?.nextTimeMs() ?? Number.POSITIVE_INFINITY;
    if (flow.starts.nextTimeMs() <= Math.min(arrivalMs, waitingMs)) {
      admit(flow);
    } else if (waiting && waitingMs <= arrivalMs) {
      const found = waiting.next();
      if (found) enqueue(flow, found.application, found.step, found.startedMs);
    } else {
      return arrivalMs;
    }
  }
}

function earliestOf(streams: readonly InFlightStream[]): InFlightStream | null {
  let earliest: InFlightStream | null = null;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const stream of streams) {
    const timeMs = stream.nextTimeMs();
    if (timeMs < earliestMs) {
      earliestMs = timeMs;
      earliest = stream;
    }
  }
  return earliest;
}

/** Begins an ordinary application and the campaign that its number begins. */
function admit(flow: Flow): void {
  const { number, channel, startedMs } = flow.starts.take();
  start(flow, number, 0, channel, startedMs);
  const begun = flow.source.campaignOf(number, channel);
  if (begun === null) return;
  for (const [place, member] of begun.campaign.members.entries()) {
    if (place < campaignMembers) start(flow, number, place + 1, member.channel, startedMs + member.afterMs);
  }
}

/** Only where the next step may come before the started event arrives must the application be drawn already. */
function start(flow: Flow, number: number, member: number, channel: Channel, startedMs: number): void {
  const key = { number, member, channel };
  const lagMs = drawLagMs(flow.random, number, member, 0);
  if (lagMs < leastFormMs) flow.queue.push(startedMs + lagMs, codeOf(key, 0));
  else enqueue(flow, flow.source.draw(key), 0, startedMs);
}

/** Puts a step into the queue, and with it those that may overtake it. */
function enqueue(flow: Flow, course: Waiting, step: Step, startedMs: number): void {
  const atMs = course.stepsMs[step];
  if (atMs === undefined) return;
  const lagMs = drawLagMs(flow.random, course.number, course.member, step);
  flow.queue.push(startedMs + atMs + lagMs, codeOf(course, step));
  if (mayBeOvertaken(course, step, lagMs)) enqueue(flow, course, following(step), startedMs);
}

/** After an event's first arrival, its second one and the next step wait. */
function follow(
  flow: Flow,
  course: Course,
  step: Step,
  timeMs: number,
  lagMs: number,
  againLagMs: number | null,
): void {
  if (againLagMs !== null) flow.queue.push(timeMs + againLagMs, againCode(codeOf(course, step)));
  if (isLast(course, step) || mayBeOvertaken(course, step, lagMs)) return;
  enqueue(flow, course, following(step), timeMs - (course.stepsMs[step] ?? 0));
}

function truthOf({ last, random, source }: Flow): Truth | null {
  const { name } = last;
  if (name === null || name.again) return null;
  const known = last.application;
  const isKnown = known?.number === name.number && known.member === name.member;
  if (!isKnown && name.step > 0) return null;
  const application = isKnown ? known : source.draw(name);
  if (name.step !== firstToArrive(random, application)) return null;
  return drawTruth(random, application, source.scenarioOf(application)?.defaults ?? null);
}
