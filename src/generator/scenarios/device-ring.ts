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
      application.deviceKnownMs = deviceAgeMs + (startsMs[member] ?? 0);
      inventIdentity(application, own);
    },
  };
}

function shareDevice(application: Application, number: number, handheld: boolean): void {
  application.channel = handheld ? "mobile_app" : "web";
  application.deviceSite = { number, branch: ringSite };
  application.addressSite = { number, branch: ringSite };
  application.deviceOs = handheld ? "android" : "windows";
  application.browser = handheld ? "in_app" : "chrome";
  application.ipCountry = "US";
  application.submits = true;
}

function inventIdentity(application: Application, random: Random): void {
  application.ipDistanceKm = 200 + random.below(3_000);
  application.formMs = 45_000 + random.below(90_000);
  application.pastedFields = 4 + random.below(9);
  application.fieldCorrections = random.below(2);
  application.emailAgeDays = random.below(30);
  application.nameEmailSimilarity = Math.floor(random.uniform() * 4_000) / 10_000;
  application.phoneVerified = random.chance(0.6);
  application.addressMatch = random.chance(0.55) ? "mismatch" : "partial";
  application.bureauMatch = random.chance(0.5) ? "no_file" : "mismatch";
  application.incomeVerified = false;
  application.employmentVerified = false;
}
