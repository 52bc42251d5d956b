/** What several kinds of fraud have in common. */
import type { Application } from "../application.ts";
import type { Random } from "../random.ts";
import { ofCampaign } from "../sites.ts";
import { fourDecimals } from "../text.ts";

/** A device that this campaign brings, phone or computer as the channel has it. */
export function bringDevice({ number, channel, session }: Application, place: number, knownMs: number): void {
  if (session.deviceSite === null) return;
  const onPhone = channel === "mobile_app";
  session.deviceSite = ofCampaign(number, place);
  session.deviceOs = onPhone ? "android" : "windows";
  session.browser = onPhone ? "in_app" : "chrome";
  session.deviceKnownMs = knownMs;
}

/** An identity that nobody has: a young address that is not made of the name, and records that don't know it. */
export function inventIdentity({ checks }: Application, random: Random): void {
  checks.emailAgeDays = random.below(30);
  checks.nameEmailSimilarity = fourDecimals(0.4 * random.uniform());
  checks.phoneVerified = random.chance(0.6);
  checks.addressMatch = random.chance(0.55) ? "mismatch" : "partial";
  checks.bureauMatch = random.chance(0.5) ? "no_file" : "mismatch";
  leaveUnverified({ checks });
}

export function leaveUnverified({ checks }: Pick<Application, "checks">): void {
  checks.incomeVerified = false;
  checks.employmentVerified = false;
}

/** Prepared texts are pasted into the form. */
export function pasteForm({ session }: Application, random: Random, leastMs: number, spreadMs: number): void {
  if (session.deviceSite === null) return;
  session.formMs = leastMs + random.below(spreadMs);
  session.pastedFields = 4 + random.below(9);
  session.fieldCorrections = random.below(2);
}
