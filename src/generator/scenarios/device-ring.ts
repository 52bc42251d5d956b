/** One device and one address, many made-up identities, a minute or so apart; cash products only. */
import { weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { bringDevice, inventIdentity, pasteForm } from "./disguises.ts";
import { type Scenario, startsMs } from "./scenario.ts";

const cashProducts = weighted({ credit_card: 0.55, personal: 0.45 });

export const deviceRing: Scenario = {
  name: "device_ring",
  kind: "fraud",
  share: 0.002,
  size: () => 8.5,
  begunBy: null,
  defaults: 0.85,
  begin(random, number) {
    const starts = startsMs(random, 5 + random.below(8), 20_000, 60_000);
    const channel = random.chance(0.5) ? "mobile_app" : "web";
    const deviceAgeMs = Math.floor(random.exponential(3_600_000));
    return {
      members: starts.map((afterMs) => ({ afterMs, product: cashProducts(random), channel, person: null })),
      disguise(application, place, own) {
        bringDevice(application, 0, deviceAgeMs + (starts[place] ?? 0));
        application.session.addressSite = ofCampaign(number, 0);
        application.session.ipDistanceKm = 200 + own.below(3_000);
        application.submits = true;
        inventIdentity(application, own);
        pasteForm(application, own, 45_000, 90_000);
      },
    };
  },
};
