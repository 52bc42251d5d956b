/** What the checks of identity, income and employment find for an honest applicant. */
import type { Applicant } from "./applicant.ts";
import type { Checks } from "./application.ts";
import { type Random, weighted } from "./random.ts";
import { clamp, fourDecimals } from "./text.ts";
import { type Channel, channelWorlds } from "./world.ts";

const drawDocument = weighted({ passed: 0.945, unreadable: 0.025, expired: 0.02, failed: 0.01 });
const drawAddressMatch = weighted({ match: 0.88, partial: 0.075, mismatch: 0.03, not_found: 0.015 });
const drawBureauMatch = weighted({ match: 0.94, partial: 0.05, mismatch: 0.01 });
const drawTaxId = weighted({
  valid: 0.985,
  unverified: 0.011,
  invalid: 0.002,
  not_issued: 0.001,
  deceased: 0.001,
});

export function drawChecks(random: Random, channel: Channel, applicant: Applicant): Checks {
  const known = applicant.customerDays !== null;
  const inPerson = channelWorlds[channel].device === "terminal";
  return {
    incomeVerified: random.chance(known ? 0.8 : 0.62),
    employmentVerified: applicant.employment === "employed" && random.chance(0.75),
    documentCheck: channel === "partner_api" || random.chance(0.04) ? "not_performed" : drawDocument(random),
    selfieMatch: inPerson ? null : fourDecimals(clamp(0.93 + 0.045 * random.normal(), 0.3, 1)),
    nameEmailSimilarity: applicant.nameEmailSimilarity,
    emailAgeDays: applicant.emailAgeDays,
    phoneVerified: random.chance(0.955),
    addressMatch: drawAddressMatch(random),
    bureauMatch: applicant.file.score === null ? "no_file" : drawBureauMatch(random),
    taxIdStatus: drawTaxId(random),
  };
}
