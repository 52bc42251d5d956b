/**
 * Branches of the streams of people, devices and addresses: who draws from which. A newcomer's branch is the
 * application's member.
 */
import type { StreamAddress } from "./applicant.ts";
import { memberEnd } from "./application.ts";
import type { Channel } from "./world.ts";

export const customerBranch = memberEnd;
export const householdBranch = memberEnd + 1;

const awayBranch = 4_096;
const terminalBranches: Readonly<Partial<Record<Channel, number>>> = {
  branch: 10_001,
  broker: 10_002,
  call_center: 10_003,
};
const campaignBranch = 11_000;

export const ownDevice = ({ number, branch }: StreamAddress, handheld: boolean): StreamAddress => ({
  number,
  branch: branch * 2 + (handheld ? 1 : 0),
});
export const home = (person: StreamAddress): StreamAddress => person;
/** A public or a mobile network's address, of one application only. */
export const away = (number: number, member: number): StreamAddress => ({
  number,
  branch: awayBranch + member,
});
/** Device `place` of a campaign, and its address likewise; drawn by nobody else. */
export const ofCampaign = (number: number, place: number): StreamAddress => ({
  number,
  branch: campaignBranch + place,
});
/** A terminal shared in a branch, at a broker's or in a call center; three have one address. */
export function terminalSites(
  channel: Channel,
  terminal: number,
  terminalsPerAddress: number,
): { readonly device: StreamAddress; readonly address: StreamAddress } {
  const branch = terminalBranches[channel] ?? 10_000;
  return {
    device: { number: terminal, branch },
    address: { number: Math.floor(terminal / terminalsPerAddress), branch },
  };
}
