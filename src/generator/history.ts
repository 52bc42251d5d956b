/** How many events a stretch of the past holds, and how far back a stretch goes that holds no more than so many. */
import { hourMs, plannedShare, rhythms, totalOf } from "./rhythm.ts";

/** Of an application's events, those that come soon after its start; the rest come over the hours after it. */
const soon = 0.9;
const laterHours = 12;
/** Measured over a week: an hour holds at most 1.08 times what is expected; a channel attack adds 0.02. */
const margin = 1.1;

const total = totalOf(rhythms.weekly);

/**
 * When a stream of the default rhythm begins so that it has at most `mostEvents` up to `endMs`, and goes back at most
 * `historyMs`.
 */
export function historyStartMs(
  ratePerSecond: number,
  historyMs: number,
  mostEvents: number,
  endMs: number,
): number {
  let left = mostEvents / margin;
  let fromMs = endMs;
  while (fromMs > endMs - historyMs) {
    const hour = Math.ceil(fromMs / hourMs) - 1;
    const sinceMs = Math.max(hour * hourMs, endMs - historyMs);
    const eventsPerMs = (ratePerSecond * shareOf(hour)) / 1000;
    const events = (fromMs - sinceMs) * eventsPerMs;
    if (events > left) return Math.ceil(fromMs - left / eventsPerMs);
    left -= events;
    fromMs = sinceMs;
  }
  return fromMs;
}

/** Of the default rhythm, in [fromMs, toMs). */
export function expectedEvents(ratePerSecond: number, fromMs: number, toMs: number): number {
  let events = 0;
  for (let hour = Math.floor(fromMs / hourMs); hour * hourMs < toMs; hour += 1) {
    const withinMs = Math.min((hour + 1) * hourMs, toMs) - Math.max(hour * hourMs, fromMs);
    events += (withinMs * ratePerSecond * shareOf(hour)) / 1000;
  }
  return events;
}

/** Of the events of a mean hour. */
function shareOf(hour: number): number {
  let later = 0;
  for (let back = 1; back <= laterHours; back += 1) later += plannedShare(total, hour - back);
  return soon * plannedShare(total, hour) + ((1 - soon) * later) / laterHours;
}
