/** The order of an application's steps, and which of their events may overtake another on its way. */
import { type Application, inFlightMember, type Step } from "./application.ts";
import { drawLagMs } from "./delivery.ts";
import type { Random } from "./random.ts";
import { leastFormMs } from "./world.ts";

/** As much of an application as its queueing needs. */
export type Waiting = Pick<Application, "number" | "member" | "channel" | "stepsMs">;

/** The next step comes before this one's event arrives. Of the first step, only the bound is known by then. */
export function mayBeOvertaken({ stepsMs }: Waiting, step: Step, lagMs: number): boolean {
  if (step === 0) return lagMs >= leastFormMs;
  return lagMs >= (stepsMs[step + 1] ?? Number.POSITIVE_INFINITY) - (stepsMs[step] ?? 0);
}

export const isLast = ({ stepsMs }: Pick<Waiting, "stepsMs">, step: Step): boolean =>
  step + 1 >= stepsMs.length;
export const lastStep = ({ stepsMs }: Pick<Waiting, "stepsMs">): Step => stepOf(stepsMs.length - 1);
export const following = (step: Step): Step => stepOf(step + 1);
const stepOf = (step: number): Step => (step === 1 || step === 2 || step === 3 ? step : 0);

/** The step whose event arrives first; lags can put a later step before an earlier one. */
export function firstToArrive(random: Random, application: Application): Step {
  const { number, member, stepsMs } = application;
  let step = firstStep(member);
  let first = step;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const lagMs = drawLagMs(random, number, member, step);
    const arrivesMs = (stepsMs[step] ?? 0) + lagMs;
    if (arrivesMs < earliestMs) {
      earliestMs = arrivesMs;
      first = step;
    }
    if (isLast(application, step) || !mayBeOvertaken(application, step, lagMs)) return first;
    step = following(step);
  }
}

/** Of an application in flight at the start, the step that it waited for. */
function firstStep(member: number): Step {
  return stepOf(member - inFlightMember);
}
