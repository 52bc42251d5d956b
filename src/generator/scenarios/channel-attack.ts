/**
 * A burst through a partner's interface for some minutes, as with a key that was stolen: many times what usually comes
 * there in five minutes, so that it stands out in the channel's busiest hour too.
 */
import { campaignMembers } from "../application.ts";
import { weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { channelWorlds, eventsPerApplication } from "../world.ts";
import { inventIdentity } from "./disguises.ts";
import type { Lender, Scenario } from "./scenario.ts";

const channel = "partner_api";
const drawProduct = weighted({ personal: 0.6, credit_card: 0.4 });
/** Applications that start in the channel in five minutes, on average over a week, at three events a second. */
const usual = (300 * 3 * channelWorlds[channel].share) / eventsPerApplication.ordinary;
const least = 13;
const spread = 4;

const sizeOf = (timesUsual: number, { scale }: Lender): number =>
  Math.min(campaignMembers, Math.floor(timesUsual * usual * scale));

export const channelAttack: Scenario = {
  name: "channel_attack",
  kind: "fraud",
  share: 0.0012,
  size: (lender) => sizeOf(least + spread / 2, lender),
  begunBy: null,
  defaults: 0.8,
  begin(random, number, lender) {
    const count = sizeOf(least + spread * random.uniform(), lender);
    const lastsMs = 120_000 + random.below(90_000);
    return {
      members: Array.from({ length: count }, (_, place) => ({
        afterMs: Math.floor((lastsMs * place) / count),
        product: drawProduct(random),
        channel,
        person: null,
      })),
      disguise(application, place, own) {
        application.session.addressSite = ofCampaign(number, Math.floor(place / 6));
        application.session.ipDistanceKm = 100 + own.below(4_000);
        application.submits = true;
        inventIdentity(application, own);
      },
    };
  },
};
