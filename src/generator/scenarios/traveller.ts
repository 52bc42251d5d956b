/** An honest person far from home, often abroad. */
import { weighted } from "../random.ts";
import { away } from "../sites.ts";
import { channelWorlds } from "../world.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

const country = weighted({ US: 0.5, MX: 0.15, CA: 0.13, GB: 0.07, IN: 0.05, DE: 0.04, PH: 0.03, BR: 0.03 });

export const traveller: Scenario = {
  name: "traveller",
  kind: "hard_negative",
  share: 0.01,
  size: single,
  begunBy: null,
  defaults: null,
  begin: (random) => ({
    members: newcomer(random, channelWorlds.web.products(random), random.chance(0.65) ? "mobile_app" : "web"),
    disguise({ number, member, session }, _place, own) {
      session.addressSite = away(number, member);
      session.ipCountry = country(own);
      session.ipDistanceKm = session.ipCountry === "US" ? 400 + own.below(3_600) : 1_500 + own.below(11_000);
    },
  }),
};
