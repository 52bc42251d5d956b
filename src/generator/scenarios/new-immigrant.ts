/** Somebody new in the country: an ITIN, a thin file or none, a new home and a new address. */
import { weighted } from "../random.ts";
import { fourDecimals } from "../text.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

const drawProduct = weighted({ credit_card: 0.5, personal: 0.25, auto: 0.2, mortgage: 0.05 });

export const newImmigrant: Scenario = {
  name: "new_immigrant",
  kind: "hard_negative",
  share: 0.01,
  size: single,
  begunBy: null,
  defaults: null,
  begin: (random) => ({
    members: newcomer(random, drawProduct(random), random.chance(0.5) ? "mobile_app" : "web"),
    disguise(application, _place, own) {
      const { applicant, checks } = application;
      const isEmpty = own.chance(0.55);
      const inquiries7d = own.below(2);
      const file = {
        score: isEmpty ? null : 600 + own.below(120),
        utilization: isEmpty ? null : fourDecimals(0.5 * own.uniform()),
        delinquencies: 0,
        collections: 0,
        inquiries7d,
        inquiries6m: inquiries7d + own.below(4),
        bankruptcies: 0,
        oldestAccountMonths: isEmpty ? null : 1 + own.below(30),
      };
      application.applicant = { ...applicant, taxIdType: "ITIN", monthsAtAddress: own.below(24), file };
      checks.emailAgeDays = 60 + own.below(1_200);
      checks.addressMatch = own.chance(0.5) ? "match" : own.chance(0.5) ? "not_found" : "partial";
      checks.bureauMatch = isEmpty ? "no_file" : own.chance(0.7) ? "match" : "partial";
    },
  }),
};
