/** One device and one address, many made-up identities, minutes apart; cash products only. */
import type { Application } from "../application.ts";
import { type Random, weighted } from "../random.ts";
import type { Campaign, Scenario } from "./scenario.ts";

/** The branch of the streams that devices and addresses of rings are drawn from. */
const ringSite = 16;

const cashProducts = weighted({ credit_card: 0.55, personal: 0.45 });

export const deviceRing: Scenario = {
  name: "device_ring",
  /** With 5 to 12 applications a ring, about 1 % of all: within the 0.85-1.5 % of the BAF data suite (NeurIPS 2022). */
  frequency: 0.0012,
  begin: beginRing,
};

function beginRing(random: Random, number: number): Campaign {
  const startsMs: number[] = [];
  const identities = 5 + random.below(8);
  for (
    let startMs = 0;
    startsMs.length < identities;
    startMs += Math.floor(20_000 + random.exponential(60_000))
  ) {
    startsMs.push(startMs);
  }
  const handheld = random.chance(0.5);
  const deviceAgeMs = Math.floor(random.exponential(3_600_000));
  return {
    startsMs,
    products: startsMs.map(() => cashProducts(random)),
    disguise(application, member, own) {
      shareDevice(application, number, handheld);
      application.session.deviceKnownMs = deviceAgeMs + (startsMs[member] ?? 0);
      inventIdentity(application, own);
    },
  };
}

function shareDevice(application: Application, number: number, handheld: boolean): void {
  const { session } = application;
  application.channel = handheld ? "mobile_app" : "web";
  session.deviceSite = { number, branch: ringSite };
  session.addressSite = { number, branch: ringSite };
  session.deviceOs = handheld ? "android" : "windows";
  session.browser = handheld ? "in_app" : "chrome";
  session.ipCountry = "US";
  application.submits = true;
}

function inventIdentity({ session, checks }: Application, random: Random): void {
  session.ipDistanceKm = 200 + random.below(3_000);
  session.formMs = 45_000 + random.below(90_000);
  session.pastedFields = 4 + random.below(9);
  session.fieldCorrections = random.below(2);
  checks.emailAgeDays = random.below(30);
  checks.nameEmailSimilarity = Math.floor(random.uniform() * 4_000) / 10_000;
  checks.phoneVerified = random.chance(0.6);
  checks.addressMatch = random.chance(0.55) ? "mismatch" : "partial";
  checks.bureauMatch = random.chance(0.5) ? "no_file" : "mismatch";
  checks.incomeVerified = false;
  checks.employmentVerified = false;
}
