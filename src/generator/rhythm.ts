/**
 * When applications start: weekly schedules, one a kind of channel, linear between whole hours, so that arrivals can
 * be drawn exactly by inverting the schedule's integral. Their shapes are a plausible choice, in US Central time
 * without daylight saving.
 */
import type { Random } from "./random.ts";
import { type Channel, channels, channelWorlds } from "./world.ts";

export const hourMs = 3_600_000;
const weekHours = 168;
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const mondayOffsetHours = 72;
const localOffsetHours = -6;

/** Rate at each whole hour of a week that begins on Monday 00:00 UTC, as a multiple of the week's mean. */
export type Schedule = Float64Array;

/** Schedules of the channels. */
export type Rhythm = Readonly<Record<Channel, Schedule>>;

const onlineDay = [
  0.32, 0.2, 0.14, 0.11, 0.12, 0.2, 0.4, 0.72, 1.02, 1.25, 1.38, 1.45, 1.5, 1.46, 1.42, 1.4, 1.38, 1.36, 1.42,
  1.52, 1.55, 1.38, 1.02, 0.62,
];
const onlineWeek = [1.12, 1.1, 1.06, 1.03, 1.0, 0.86, 0.83];
const officeDay = [
  0, 0, 0, 0, 0, 0, 0, 0, 0.2, 1, 1.25, 1.2, 0.95, 1.05, 1.2, 1.15, 0.9, 0.35, 0, 0, 0, 0, 0, 0,
];
const officeWeek = [1.1, 1.05, 1, 1, 1.1, 0.45, 0];
const phoneDay = [
  0, 0, 0, 0, 0, 0, 0, 0.3, 0.9, 1.2, 1.3, 1.25, 1.15, 1.15, 1.2, 1.2, 1.1, 0.95, 0.8, 0.6, 0.3, 0, 0, 0,
];
const phoneWeek = [1.2, 1.1, 1.05, 1, 1, 0.6, 0.35];

const online = schedule(onlineDay, onlineWeek);
const office = schedule(officeDay, officeWeek);
const phone = schedule(phoneDay, phoneWeek);
const flat = new Float64Array(weekHours).fill(1);

export const rhythms: Readonly<Record<"weekly" | "flat", Rhythm>> = {
  weekly: {
    web: online,
    mobile_app: online,
    branch: office,
    broker: office,
    call_center: phone,
    partner_api: online,
  },
  flat: { web: flat, mobile_app: flat, branch: flat, broker: flat, call_center: flat, partner_api: flat },
};

function schedule(day: readonly number[], week: readonly number[]): Schedule {
  const rates = Float64Array.from({ length: weekHours }, (_, hour) => {
    const local = (hour + localOffsetHours + weekHours) % weekHours;
    return (day[local % 24] ?? 0) * (week[Math.floor(local / 24)] ?? 0);
  });
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / weekHours;
  return rates.map((rate) => rate / mean);
}

/** Of all channels together. */
export function totalOf(rhythm: Rhythm): Schedule {
  return new Float64Array(weekHours).map((_, hour) =>
    channels.reduce((sum, channel) => sum + channelWorlds[channel].share * (rhythm[channel][hour] ?? 0), 0),
  );
}

const hourOfWeek = (hour: number): number =>
  (((hour + mondayOffsetHours) % weekHours) + weekHours) % weekHours;

/** The rate at a time, as a multiple of the mean. */
export function rateAt(rates: Schedule, timeMs: number): number {
  const hour = Math.floor(timeMs / hourMs);
  const from = rates[hourOfWeek(hour)] ?? 0;
  return from + ((rates[hourOfWeek(hour + 1)] ?? 0) - from) * (timeMs / hourMs - hour);
}

/** What the schedule plans for an hour (counted from the epoch), as a multiple of a mean hour. */
export function plannedShare(rates: Schedule, hour: number): number {
  return ((rates[hourOfWeek(hour)] ?? 0) + (rates[hourOfWeek(hour + 1)] ?? 0)) / 2;
}

/**
 * Arrivals of a Poisson process whose rate follows a schedule.
 * @param meanGapMs mean time between arrivals over a week
 * @returns a function that gives the next arrival's time, which need not be whole
 */
export function createArrivals(
  random: Random,
  rates: Schedule,
  startMs: number,
  meanGapMs: number,
): () => number {
  let hour = Math.floor(startMs / hourMs);
  let withinMs = startMs - hour * hourMs;
  return () => {
    let left = random.exponential(meanGapMs);
    for (;;) {
      const from = rates[hourOfWeek(hour)] ?? 0;
      const slope = ((rates[hourOfWeek(hour + 1)] ?? 0) - from) / hourMs;
      const rate = from + slope * withinMs;
      const restMs = hourMs - withinMs;
      const rest = (rate + (slope * restMs) / 2) * restMs;
      if (left < rest) {
        withinMs += (2 * left) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * left)));
        return hour * hourMs + withinMs;
      }
      left -= rest;
      hour += 1;
      withinMs = 0;
    }
  };
}
