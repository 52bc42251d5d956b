/** A person put together from parts, with a short file nursed to a fair score. */
import type { CreditFile } from "../applicant.ts";
import { type Random, weighted } from "../random.ts";
import { fourDecimals } from "../text.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

const drawProduct = weighted({ credit_card: 0.6, personal: 0.3, auto: 0.1 });

export const syntheticIdentity: Scenario = {
  name: "synthetic_identity",
  kind: "fraud",
  share: 0.002,
  size: single,
  begunBy: null,
  defaults: 0.8,
  begin: (random) => ({
    members: newcomer(random, drawProduct(random), random.chance(0.5) ? "mobile_app" : "web"),
    disguise(application, _place, own) {
      const { checks } = application;
      const file = thinFile(own);
      application.applicant = {
        ...application.applicant,
        file,
        standing: 0.2,
        monthsAtAddress: own.below(18),
      };
      application.submits = true;
      checks.emailAgeDays = own.below(90);
      checks.nameEmailSimilarity = fourDecimals(0.2 + 0.6 * own.uniform());
      checks.addressMatch = own.chance(0.65) ? "mismatch" : "not_found";
      checks.bureauMatch = file.score === null ? "no_file" : own.chance(0.6) ? "partial" : "match";
      checks.taxIdStatus = own.chance(0.7) ? "valid" : own.chance(0.5) ? "not_issued" : "unverified";
      checks.employmentVerified = false;
    },
  }),
};

/** No file yet, or a few months of good conduct. */
function thinFile(random: Random): CreditFile {
  const isEmpty = random.chance(0.3);
  const recent = 1 + random.below(3);
  return {
    score: isEmpty ? null : 610 + random.below(110),
    utilization: isEmpty ? null : fourDecimals(0.3 * random.uniform()),
    delinquencies: 0,
    collections: 0,
    inquiries7d: recent,
    inquiries6m: recent + 1 + random.below(5),
    bankruptcies: 0,
    oldestAccountMonths: isEmpty ? null : 2 + random.below(16),
  };
}
