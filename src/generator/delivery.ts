/** How one event gets here: its lag, whether it comes twice, and how its request was served. */
import { poisson } from "./applicant.ts";
import type { Step } from "./application.ts";
import { type Random, weighted } from "./random.ts";
import { type Channel, disorderMs } from "./world.ts";

/** Arrival minus event time, in [0, 45 s). Leaves `random` where `drawAgainLagMs` goes on. */
export function drawLagMs(random: Random, number: number, member: number, step: Step): number {
  random.seek("delivery", number, member * 4 + step);
  const mean = random.chance(0.06) ? 12_000 : 350;
  return Math.min(Math.floor(random.exponential(mean)), disorderMs - 1);
}

/** The same for a second arrival, null when it comes once. Leaves `random` where the event's id is drawn. */
export function drawAgainLagMs(random: Random, lagMs: number, duplicateShare: number): number | null {
  const twice = random.uniform() < duplicateShare;
  const againLagMs = lagMs + random.below(disorderMs - lagMs);
  return twice ? againLagMs : null;
}

export interface Technical {
  readonly pageLoadMs: number | null;
  readonly apiLatencyMs: number;
  readonly errors: number;
  readonly httpStatus: string;
  readonly clientMinor: string;
}

const drawStatus = weighted({
  200: 0.987,
  422: 0.004,
  400: 0.002,
  429: 0.001,
  500: 0.003,
  502: 0.001,
  503: 0.002,
});
const drawMinor = weighted({ "12.0": 0.62, "11.3": 0.24, "11.2": 0.09, "9.7": 0.05 });

export function drawTechnical(random: Random, channel: Channel): Technical {
  const httpStatus = drawStatus(random);
  const pageLoadMs = Math.floor(random.logNormal(channel === "mobile_app" ? 850 : 1_400, 0.45));
  return {
    pageLoadMs: channel === "partner_api" ? null : pageLoadMs,
    apiLatencyMs: Math.floor(random.logNormal(httpStatus >= "500" ? 2_500 : 170, 0.5)),
    errors: poisson(random, 0.06) + (httpStatus === "200" ? 0 : 1),
    httpStatus,
    clientMinor: drawMinor(random),
  };
}
