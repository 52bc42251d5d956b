/** Students of one campus, behind its one address, each on a device of their own, many of them new to credit. */
import { ofCampaign } from "../sites.ts";
import { type Scenario, startsMs } from "./scenario.ts";

export const campus: Scenario = {
  name: "campus",
  kind: "hard_negative",
  share: 0.005,
  size: () => 17,
  begunBy: "web",
  defaults: null,
  begin(random, number) {
    return {
      members: startsMs(random, 10 + random.below(15), 15_000, 480_000).map((afterMs, place) => ({
        afterMs,
        product: random.chance(0.6) ? "student" : "credit_card",
        channel: random.chance(0.5) ? "mobile_app" : "web",
        person: {
          stream: { number, branch: place + 1 },
          product: "student",
          customer: false,
        },
      })),
      disguise(application) {
        application.session.addressSite = ofCampaign(number, 0);
      },
    };
  },
};
