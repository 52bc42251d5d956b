import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../src/generator/random.ts";
import {
  createArrivals,
  hourMs,
  plannedShare,
  rateAt,
  rhythms,
  totalOf,
} from "../../src/generator/rhythm.ts";
import { createStarts } from "../../src/generator/starts.ts";
import { channels, channelWorlds } from "../../src/generator/world.ts";
import { startMs, take } from "./generated.ts";

const total = totalOf(rhythms.weekly);
const firstHour = startMs / hourMs;

/** Arrivals of each of some hours. */
function countsOf(hours: number, perHour: number, seed: number): Float64Array {
  const random = createRandom(seed);
  random.seek("arrivals", 0, 0);
  const next = createArrivals(random, total, startMs, hourMs / perHour);
  const counts = new Float64Array(hours);
  for (;;) {
    const hour = Math.floor((next() - startMs) / hourMs);
    if (hour >= hours) return counts;
    counts[hour] = (counts[hour] ?? 0) + 1;
  }
}

test("schedules have a mean of one over the week and differ by hour and day", () => {
  for (const channel of channels) {
    const rates = rhythms.weekly[channel];
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    assert.ok(Math.abs(mean - 1) < 1e-12, channel);
    assert.ok(Math.max(...rates) > 1.3 && Math.min(...rates) < 0.4, channel);
  }
});

test("a week's arrivals are as planned, hour by hour", () => {
  const perHour = 2_000;
  const counts = countsOf(168, perHour, 5);
  let chiSquare = 0;
  for (const [hour, count] of counts.entries()) {
    const planned = perHour * plannedShare(total, firstHour + hour);
    assert.ok(
      Math.abs(count - planned) < 5 * Math.sqrt(planned),
      `hour ${hour}: ${count}, planned ${planned}`,
    );
    chiSquare += (count - planned) ** 2 / planned;
  }
  // Of 168 degrees of freedom: five standard deviations.
  assert.ok(Math.abs(chiSquare - 168) < 5 * Math.sqrt(2 * 168), `chi square ${chiSquare}`);
});

test("channels start at their own hours", () => {
  const random = createRandom(8);
  random.seek("arrivals", 0, 0);
  const starts = createStarts(random, rhythms.weekly, startMs, hourMs / 600, 0);
  const branch = new Float64Array(168);
  let all = 0;
  for (let hour = 0; hour < 168; ) {
    const { channel, startedMs } = starts.take();
    hour = Math.floor((startedMs - startMs) / hourMs);
    all += 1;
    if (channel === "branch" && hour < 168) branch[hour] = (branch[hour] ?? 0) + 1;
  }
  const share = branch.reduce((sum, count) => sum + count, 0) / all;
  assert.ok(Math.abs(share - channelWorlds.branch.share) < 0.004, `${share} branch`);
  for (const [hour, count] of branch.entries()) {
    if (plannedShare(rhythms.weekly.branch, firstHour + hour) === 0) assert.equal(count, 0, `hour ${hour}`);
  }
});

for (const ratePerSecond of [1, 50, 50_000]) {
  test(`at ${ratePerSecond} events a second, what is sent in its first stretch is the schedule's`, () => {
    const count = 30_000;
    // Monday noon in US Central time.
    const noonMs = startMs + 18 * hourMs;
    const events = take(count, { ratePerSecond, startMs: noonMs, duplicateShare: 0 });
    const lastMs = events[count - 1]!.arrivalMs;
    let planned = 0;
    for (let ms = noonMs; ms < lastMs; ms += (lastMs - noonMs) / 1000)
      planned += (rateAt(total, ms) * ratePerSecond * (lastMs - noonMs)) / 1e6;
    // Steps follow their starts by up to hours, so the events' rate trails the schedule; the first second is lag.
    const tolerance = ratePerSecond === 50_000 ? 0.75 : ratePerSecond === 1 ? 0.05 : 0.4;
    assert.ok(planned > 0 && Math.abs(count / planned - 1) < tolerance, `${count} sent, ${planned} planned`);
  });
}
