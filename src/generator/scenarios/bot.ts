/** A script: forms filled in seconds, every field pasted, nothing corrected, each time another device. */
import { weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { fourDecimals } from "../text.ts";
import { bringDevice, leaveUnverified } from "./disguises.ts";
import { type Scenario, startsMs } from "./scenario.ts";

const drawProduct = weighted({ personal: 0.45, credit_card: 0.55 });
const identitiesAnAddress = 3;

export const bot: Scenario = {
  name: "bot",
  kind: "fraud",
  share: 0.0012,
  size: () => 10,
  begunBy: null,
  defaults: 0.8,
  begin(random, number) {
    const starts = startsMs(random, 4 + random.below(13), 8_000, 40_000);
    return {
      members: starts.map((afterMs) => ({
        afterMs,
        product: drawProduct(random),
        channel: "web",
        person: null,
      })),
      disguise(application, place, own) {
        const { checks, session } = application;
        bringDevice(application, place, own.below(5_000));
        session.deviceOs = "linux";
        session.addressSite = ofCampaign(number, Math.floor(place / identitiesAnAddress));
        session.ipDistanceKm = 500 + own.below(3_000);
        session.formMs = 4_000 + own.below(9_000);
        session.pastedFields = 12 + own.below(12);
        session.fieldCorrections = 0;
        application.submits = true;
        checks.emailAgeDays = own.below(120);
        checks.nameEmailSimilarity = fourDecimals(0.2 + 0.7 * own.uniform());
        checks.phoneVerified = own.chance(0.4);
        leaveUnverified(application);
      },
    };
  },
};
