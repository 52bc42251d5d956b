/** How one event gets here: its lag, whether it comes twice, and how its request was served. */

import { poisson } from "./applicant.ts";
import type { Application, Step } from "./application.ts";
import { type Random, weighted } from "./random.ts";
import { disorderMs } from "./world.ts";

export interface Delivery {
  /** Arrival minus event time, in [0, 45 s). */
  readonly lagMs: number;
  /** The same for a second arrival; null when it comes once. */
  readonly againLagMs: number | null;
}

/** Leaves `random` where the event's id is drawn. */
export function drawDelivery(
  random: Random,
  { number, member }: Application,
  step: Step,
  duplicateShare: number,
): Delivery {
  random.seek("delivery", number, member * 4 + step);
  const slow = random.chance(0.06);
  const lagMs = Math.min(Math.floor(random.exponential(slow ? 12_000 : 350)), disorderMs - 1);
  const twice = random.chance(duplicateShare);
  const againLagMs = lagMs + random.below(disorderMs - lagMs);
  return { lagMs, againLagMs: twice ? againLagMs : null };
}

export interface Technical {
  readonly pageLoadMs: number | null;
  readonly apiLatencyMs: number;
  readonly errors: number;
  readonly httpStatus: string;
  readonly clientVersion: string;
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
const clients = {
  web: "web/4",
  mobile_app: "app/7",
  branch: "desk/3",
  broker: "desk/3",
  call_center: "desk/3",
  partner_api: "api/2",
};

export function drawTechnical(random: Random, { channel }: Application): Technical {
  const httpStatus = drawStatus(random);
  const pageLoadMs = Math.floor(random.logNormal(channel === "mobile_app" ? 850 : 1_400, 0.45));
  return {
    pageLoadMs: channel === "partner_api" ? null : pageLoadMs,
    apiLatencyMs: Math.floor(random.logNormal(httpStatus >= "500" ? 2_500 : 170, 0.5)),
    errors: poisson(random, 0.06) + (httpStatus === "200" ? 0 : 1),
    httpStatus,
    clientVersion: `${clients[channel]}.${drawMinor(random)}`,
  };
}
