/** A password manager fills the form: many fields pasted, quickly, without a correction. */
import { channelWorlds } from "../world.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

export const passwordManager: Scenario = {
  name: "password_manager",
  kind: "hard_negative",
  share: 0.015,
  size: single,
  begunBy: null,
  defaults: null,
  begin: (random) => ({
    members: newcomer(random, channelWorlds.web.products(random), random.chance(0.4) ? "mobile_app" : "web"),
    disguise({ session }, _place, own) {
      session.pastedFields = 5 + own.below(12);
      session.fieldCorrections = own.below(2);
      session.formMs = 35_000 + own.below(110_000);
    },
  }),
};
