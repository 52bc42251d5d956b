/** Somebody else's good file, from a device and a place where the victim never was. */
import { weighted } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { fourDecimals } from "../text.ts";
import { bringDevice, leaveUnverified } from "./disguises.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

const drawProduct = weighted({ personal: 0.5, credit_card: 0.4, auto: 0.1 });
const farCountry = weighted({ US: 0.6, NG: 0.1, RO: 0.1, RU: 0.08, VN: 0.07, BR: 0.05 });

export const identityTheft: Scenario = {
  name: "identity_theft",
  kind: "fraud",
  share: 0.0018,
  size: single,
  begunBy: null,
  defaults: 0.9,
  begin: (random, number) => ({
    members: newcomer(random, drawProduct(random), random.chance(0.35) ? "mobile_app" : "web"),
    disguise(application, _place, own) {
      const { applicant, checks, session } = application;
      const file = {
        ...applicant.file,
        score: 725 + own.below(100),
        utilization: fourDecimals(0.25 * own.uniform()),
        delinquencies: 0,
        collections: 0,
        bankruptcies: 0,
        oldestAccountMonths: 90 + own.below(260),
      };
      application.applicant = { ...applicant, file, standing: 1.1 };
      application.submits = true;
      bringDevice(application, 0, own.below(240_000));
      session.addressSite = ofCampaign(number, 0);
      session.ipCountry = farCountry(own);
      session.ipDistanceKm = session.ipCountry === "US" ? 400 + own.below(3_500) : 3_000 + own.below(9_000);
      checks.emailAgeDays = own.below(60);
      checks.nameEmailSimilarity = fourDecimals(0.1 + 0.7 * own.uniform());
      checks.phoneVerified = own.chance(0.5);
      checks.addressMatch = own.chance(0.6) ? "match" : "partial";
      checks.bureauMatch = "match";
      checks.selfieMatch = fourDecimals(0.45 + 0.4 * own.uniform());
      leaveUnverified(application);
    },
  }),
};
