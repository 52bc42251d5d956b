/** A family of one home, one address and one name, each on a device of their own. */
import { choice } from "../random.ts";
import { home, householdBranch } from "../sites.ts";
import { channelWorlds } from "../world.ts";
import { type Scenario, startsMs } from "./scenario.ts";

const drawSize = choice([2, 3, 4, 5], (size) => [0.5, 0.28, 0.15, 0.07][size - 2] ?? 0);

export const family: Scenario = {
  name: "family",
  kind: "hard_negative",
  share: 0.006,
  size: () => 2.79,
  begunBy: null,
  defaults: null,
  begin(random, number) {
    const household = { number, branch: householdBranch };
    return {
      members: startsMs(random, drawSize(random), 120_000, 3_600_000).map((afterMs) => ({
        afterMs,
        product: channelWorlds.web.products(random),
        channel: random.chance(0.5) ? "mobile_app" : "web",
        person: null,
      })),
      disguise(application) {
        application.applicant = { ...application.applicant, household };
        application.session.addressSite = home(household);
      },
    };
  },
};
