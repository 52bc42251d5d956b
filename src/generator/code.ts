/** An event's name as an integer of 53 bits, so that a queue of them is an array of numbers. */
import { type ApplicationKey, memberEnd, type Step, steps } from "./application.ts";
import { type Channel, channels } from "./world.ts";

const stepCodes = 4;
const arrivals = 2;
const channelCodes = 8;
const applicationCode = stepCodes * arrivals;

export interface EventName extends ApplicationKey {
  /** What names the application alone. */
  readonly application: number;
  readonly step: Step;
  /** The second arrival of the event. */
  readonly again: boolean;
}

const channelCode = new Map<Channel, number>(channels.map((channel, code) => [channel, code]));

/** @param number below 2^36 */
export function codeOf(key: ApplicationKey, step: Step): number {
  const application =
    (key.number * channelCodes + (channelCode.get(key.channel) ?? 0)) * memberEnd + key.member;
  return application * applicationCode + step * arrivals;
}

export const againCode = (code: number): number => code + 1;

export function nameOf(code: number): EventName {
  const application = Math.floor(code / applicationCode);
  const low = code - application * applicationCode;
  const begun = Math.floor(application / memberEnd);
  const number = Math.floor(begun / channelCodes);
  return {
    application,
    number,
    member: application - begun * memberEnd,
    channel: channels[begun - number * channelCodes] ?? "web",
    step: steps[low >> 1] ?? 0,
    again: (low & 1) === 1,
  };
}
