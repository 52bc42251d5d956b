/** A burst through one channel for some minutes; as many times larger as the lender's traffic is. */
import { campaignMembers } from "../application.ts";
import { choice, weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { bringDevice, inventIdentity, pasteForm } from "./disguises.ts";
import type { Lender, Scenario } from "./scenario.ts";

const drawProduct = weighted({ personal: 0.6, credit_card: 0.4 });
const drawChannel = choice(["partner_api", "call_center", "mobile_app"] as const, () => 1);
const least = 36;
const spread = 24;

const sizeOf = (drawn: number, { scale }: Lender): number =>
  Math.min(campaignMembers, Math.floor(drawn * scale));

export const channelAttack: Scenario = {
  name: "channel_attack",
  kind: "fraud",
  share: 0.0006,
  size: (lender) => sizeOf(least + (spread - 1) / 2, lender),
  begunBy: null,
  defaults: 0.8,
  begin(random, number, lender) {
    const channel = drawChannel(random);
    const count = sizeOf(least + random.below(spread), lender);
    const lastsMs = 150_000 + random.below(150_000);
    return {
      members: Array.from({ length: count }, (_, place) => ({
        afterMs: Math.floor((lastsMs * place) / count),
        product: drawProduct(random),
        channel,
        person: null,
      })),
      disguise(application, place, own) {
        if (channel === "mobile_app") bringDevice(application, place, own.below(600_000));
        if (channel !== "call_center")
          application.session.addressSite = ofCampaign(number, Math.floor(place / 6));
        application.session.ipDistanceKm = 100 + own.below(4_000);
        application.submits = true;
        inventIdentity(application, own);
        pasteForm(application, own, 20_000, 60_000);
      },
    };
  },
};
