/** A customer of long standing whose contact was changed days ago, on a device that was never seen. */
import { customerOf, isCustomerFor } from "../people.ts";
import { weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { bringDevice } from "./disguises.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

const drawProduct = weighted({ personal: 0.55, credit_card: 0.45 });
const longStandingDays = 720;
const tries = 5;

export const accountTakeover: Scenario = {
  name: "account_takeover",
  kind: "fraud",
  share: 0.0008,
  size: single,
  begunBy: null,
  defaults: 0.85,
  begin(random, number, { customers }) {
    const [member] = newcomer(random, drawProduct(random), random.chance(0.5) ? "mobile_app" : "web");
    const candidates = Array.from({ length: tries }, () => random.below(customers));
    const victim =
      candidates.find((customer) => isCustomerFor(random, customer) >= longStandingDays) ??
      candidates[0] ??
      0;
    return {
      members: [{ ...member, person: customerOf(random, victim) }],
      disguise(application, _place, own) {
        const { session, checks } = application;
        application.applicant = { ...application.applicant, contactChangedDays: own.below(8) };
        application.submits = true;
        bringDevice(application, 0, own.below(1_800_000));
        session.addressSite = ofCampaign(number, 0);
        session.ipDistanceKm = 300 + own.below(6_000);
        session.formMs = 60_000 + own.below(120_000);
        checks.emailAgeDays = own.below(21);
        checks.phoneVerified = true;
        checks.bureauMatch = "match";
      },
    };
  },
};
