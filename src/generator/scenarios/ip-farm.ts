/** Many devices and identities behind one address, over some hours. */
import { weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { bringDevice, inventIdentity, pasteForm } from "./disguises.ts";
import { type Scenario, startsMs } from "./scenario.ts";

const drawProduct = weighted({ credit_card: 0.5, personal: 0.5 });

export const ipFarm: Scenario = {
  name: "ip_farm",
  kind: "fraud",
  share: 0.0016,
  size: () => 14,
  begunBy: null,
  defaults: 0.85,
  begin(random, number) {
    const starts = startsMs(random, 8 + random.below(13), 30_000, 420_000);
    return {
      members: starts.map((afterMs) => ({
        afterMs,
        product: drawProduct(random),
        channel: random.chance(0.4) ? "mobile_app" : "web",
        person: null,
      })),
      disguise(application, place, own) {
        bringDevice(application, place, own.below(900_000));
        application.session.addressSite = ofCampaign(number, 0);
        application.session.ipDistanceKm = 300 + own.below(3_500);
        application.submits = true;
        inventIdentity(application, own);
        pasteForm(application, own, 60_000, 150_000);
      },
    };
  },
};
