/**
 * Draws an application from its number. Nothing of it is kept while it waits for its next step: whoever needs it
 * draws it again, and gets the same.
 */
import { type Applicant, drawApplicant, poisson, type StreamAddress } from "./applicant.ts";
import { type Application, type Checks, campaignMembers, type Decision, type Loan } from "./application.ts";
import { drawDecision } from "./decision.ts";
import { type Random, weighted } from "./random.ts";
import type { Campaign, Scenario } from "./scenarios/scenario.ts";
import { clamp, fourDecimals } from "./text.ts";
import * as world from "./world.ts";
import {
  type Channel,
  channelWorlds,
  desktopSystems,
  handheldSystems,
  type Product,
  productWorlds,
} from "./world.ts";

export interface ApplicationSource {
  draw(number: number, member: number): Application;
  /** The campaign that begins with an application, if any. */
  campaignOf(number: number): { readonly scenario: Scenario; readonly campaign: Campaign } | null;
}

const handheldBrowser = weighted({
  safari: 0.5,
  chrome: 0.38,
  samsung_internet: 0.08,
  firefox: 0.02,
  other: 0.02,
});
const desktopBrowser = weighted({ chrome: 0.6, edge: 0.18, safari: 0.14, firefox: 0.07, other: 0.01 });
const farCountry = weighted({ MX: 0.3, CA: 0.25, GB: 0.12, IN: 0.12, DE: 0.08, PH: 0.07, BR: 0.06 });
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

/** Branches of the streams of people and sites. A newcomer's branch is its member, below 64. */
const customerBranch = 64;
const homeSites = 256;
const terminalSites: Partial<Record<Channel, { readonly branch: number; readonly count: number }>> = {
  branch: { branch: 1, count: world.sites.branchTerminals },
  broker: { branch: 2, count: world.sites.brokerTerminals },
  call_center: { branch: 3, count: world.sites.callCenterTerminals },
};
const terminalAddresses = 4;

/**
 * @param scale how many times the customers and sites of a lender with three events a second there are; 1 or more
 */
export function createApplicationSource(
  random: Random,
  scenarios: readonly Scenario[],
  scale: number,
): ApplicationSource {
  const customers = Math.floor(world.sites.customers * scale);

  const campaignOf: ApplicationSource["campaignOf"] = (number) => {
    random.seek("campaign", number, 0);
    let at = random.uniform();
    for (const scenario of scenarios) {
      if (at < scenario.frequency) return { scenario, campaign: scenario.begin(random, number) };
      at -= scenario.frequency;
    }
    return null;
  };

  const draw: ApplicationSource["draw"] = (number, member) => {
    const begun = member > 0 && member <= campaignMembers ? campaignOf(number) : null;
    random.seek("application", number, member);
    const channel = world.drawChannel(random);
    const wanted = begun?.campaign.products[member - 1] ?? channelWorlds[channel].products(random);
    const customer =
      begun === null && random.chance(channelWorlds[channel].customers) ? random.below(customers) : null;
    const { applicant, product } = drawWho(random, number, member, wanted, customer);
    random.seek("details", number, member);
    const application: Application = {
      number,
      member,
      scenario: begun?.scenario.name ?? null,
      applicant,
      channel,
      product,
      loan: drawLoan(random, product, applicant),
      session: drawSession(random, number, member, channel, product, applicant, scale),
      checks: drawChecks(random, channel, applicant),
      submits: !random.chance(channelWorlds[channel].abandonment),
      mode: "auto",
      decision: undecided,
      stepsMs: [],
    };
    begun?.campaign.disguise(application, member - 1, random);
    decide(random, application);
    return application;
  };

  return { draw, campaignOf };
}

const undecided: Decision = {
  outcome: "incomplete",
  reasons: [],
  approvedAmountCents: null,
  offeredRate: null,
};

/** Customers have a product of their own, for which they mostly apply; so one person has one score throughout. */
function drawWho(random: Random, number: number, member: number, wanted: Product, customer: number | null) {
  if (customer === null) {
    return { product: wanted, applicant: drawApplicant(random, { number, branch: member }, wanted, false) };
  }
  const another = random.chance(0.4);
  random.seek("applicant", customer, customerBranch + 1);
  const own = channelWorlds.web.products(random);
  const applicant = drawApplicant(random, { number: customer, branch: customerBranch }, own, true);
  return { product: another ? wanted : own, applicant };
}

function drawLoan(random: Random, product: Product, applicant: Applicant): Loan {
  const lending = productWorlds[product];
  const income = (applicant.annualIncomeCents ?? lending.medianIncomeCents / 3) / lending.medianIncomeCents;
  const median = lending.medianAmountCents * (0.35 + 0.65 * clamp(income, 0.1, 5));
  const wished = random.logNormal(median, lending.amountSigma);
  const stepped = Math.floor(wished / lending.amountStepCents + 0.5) * lending.amountStepCents;
  const amountCents = clamp(stepped, lending.leastAmountCents, lending.greatestAmountCents);
  const spread =
    ((700 - (applicant.file.score ?? 640)) / 100) * lending.aprPer100Points + 0.006 * random.normal();
  return {
    amountCents,
    termMonths: lending.terms?.(random) ?? null,
    purpose: lending.purposes(random),
    quotedApr: random.chance(0.1) ? null : fourDecimals(clamp(lending.apr + spread, 0.0199, 0.3599)),
    collateralCents: drawCollateral(random, product, amountCents),
  };
}

/** Loan to value: around 0.8 for a house, 0.93 for a car, and half of the businesses pledge something. */
function drawCollateral(random: Random, product: Product, amountCents: number): number | null {
  const value = random.normal();
  const pledges = random.chance(0.5);
  if (product === "mortgage") return worth(amountCents, 0.79 + 0.12 * value);
  if (product === "auto") return worth(amountCents, 0.93 + 0.15 * value);
  return product === "small_business" && pledges ? worth(amountCents, 0.7 + 0.2 * value) : null;
}

const worth = (amountCents: number, loanToValue: number): number =>
  Math.floor(amountCents / clamp(loanToValue, 0.3, 1.3) / 10_000) * 10_000;

function drawSession(
  random: Random,
  number: number,
  member: number,
  channel: Channel,
  product: Product,
  applicant: Applicant,
  scale: number,
) {
  const { handheld, formPace } = channelWorlds[channel];
  const onHandheld = random.chance(handheld);
  const travels = random.chance(0.02);
  const device = drawDevice(random, channel, onHandheld, applicant);
  const sites = drawSites(random, { number, branch: member }, channel, onHandheld, applicant, scale);
  const formMs = 1000 * random.logNormal(productWorlds[product].medianFormS * formPace, 0.5);
  return {
    deviceSite: sites.device,
    addressSite: sites.address,
    deviceOs: device.os,
    browser: device.browser,
    deviceKnownMs: device.knownMs,
    ipCountry: travels && random.chance(0.5) ? farCountry(random) : "US",
    ipDistanceKm: Math.floor(travels ? 400 + random.below(11_000) : Math.min(random.logNormal(14, 1.1), 900)),
    formMs: Math.floor(clamp(formMs, world.leastFormMs, world.greatestFormMs / 2)),
    fieldCorrections: channel === "partner_api" ? 0 : poisson(random, 2.2),
    pastedFields: channel === "partner_api" ? 0 : random.chance(0.22) ? 1 + poisson(random, 2) : 0,
  };
}

function drawDevice(random: Random, channel: Channel, onHandheld: boolean, applicant: Applicant) {
  const { device } = channelWorlds[channel];
  const knownMs = Math.floor(
    random.exponential(applicant.customerDays === null ? 2_400_000 : 200 * 86_400_000),
  );
  if (device === "none") return { os: null, browser: null, knownMs: 0 };
  if (device === "terminal") return { os: "windows", browser: "edge", knownMs: 400 * 86_400_000 + knownMs };
  const os = onHandheld ? handheldSystems(random) : desktopSystems(random);
  const browser = onHandheld ? handheldBrowser(random) : desktopBrowser(random);
  return { os, browser: channel === "mobile_app" ? "in_app" : browser, knownMs };
}

/** Own devices and homes belong to the person; phones are at home half of the time; terminals share an address by threes. */
function drawSites(
  random: Random,
  self: StreamAddress,
  channel: Channel,
  onHandheld: boolean,
  { stream }: Applicant,
  scale: number,
): { readonly device: StreamAddress | null; readonly address: StreamAddress } {
  const terminals = terminalSites[channel];
  if (terminals) {
    const terminal = random.below(Math.floor(terminals.count * scale));
    const address = Math.floor(terminal / world.sites.terminalsPerAddress);
    return {
      device: { number: terminal, branch: terminals.branch },
      address: { number: address, branch: terminals.branch + terminalAddresses },
    };
  }
  const own = homeSites + stream.branch * 4;
  const away = onHandheld && random.chance(0.5);
  return {
    device:
      channelWorlds[channel].device === "none"
        ? null
        : { number: stream.number, branch: own + (onHandheld ? 1 : 0) },
    address: away
      ? { number: self.number, branch: homeSites + self.branch * 4 + 3 }
      : { number: stream.number, branch: own + 2 },
  };
}

function drawChecks(random: Random, channel: Channel, applicant: Applicant): Checks {
  const known = applicant.customerDays !== null;
  const inPerson = channel === "branch" || channel === "broker";
  const style = random.uniform();
  return {
    incomeVerified: random.chance(known ? 0.8 : 0.62),
    employmentVerified: applicant.employment === "employed" && random.chance(0.75),
    documentCheck: channel === "partner_api" || random.chance(0.04) ? "not_performed" : drawDocument(random),
    selfieMatch:
      inPerson || channel === "call_center"
        ? null
        : fourDecimals(clamp(0.93 + 0.045 * random.normal(), 0.3, 1)),
    nameEmailSimilarity: fourDecimals(
      style < 0.72 ? 0.82 + 0.25 * style : style < 0.86 ? style - 0.2 : 1.2 * (style - 0.82),
    ),
    emailAgeDays: Math.floor(Math.min(random.logNormal(1_900, 0.9), 10_000)),
    phoneVerified: random.chance(0.955),
    addressMatch: drawAddressMatch(random),
    bureauMatch: applicant.file.score === null ? "no_file" : drawBureauMatch(random),
    taxIdStatus: drawTaxId(random),
  };
}

/** Decides what has been drawn and disguised, and when each step comes. */
function decide(random: Random, application: Application): void {
  const lending = productWorlds[application.product];
  application.decision = drawDecision(random, application);
  application.mode = random.chance(lending.autoDecided) ? "auto" : "manual";
  const dwellMs = Math.floor(random.exponential(25_000));
  const submittedMs = Math.min(application.session.formMs + dwellMs, world.greatestFormMs);
  const abandonedMs = Math.floor(clamp(random.logNormal(600_000, 0.8), 120_000, 3_600_000));
  const decisionMs = drawDecisionMs(random, application.mode);
  const fundingMs = Math.floor(
    clamp(1000 * random.logNormal(lending.medianFundingS, 0.6), 60_000, world.greatestFundingMs),
  );
  const accepted = random.chance(lending.pullThrough) && application.decision.outcome === "approved";
  const decidedMs = submittedMs + decisionMs;
  if (!application.submits) application.stepsMs = [0, abandonedMs];
  else if (accepted) application.stepsMs = [0, submittedMs, decidedMs, decidedMs + fundingMs];
  else application.stepsMs = [0, submittedMs, decidedMs];
}

/** Seconds to minutes when rules decide, hours when a person does. */
function drawDecisionMs(random: Random, mode: "auto" | "manual"): number {
  if (mode === "auto") return Math.floor(clamp(random.logNormal(9_000, 0.9), 800, 900_000));
  return Math.floor(clamp(random.logNormal(2.5 * 3_600_000, 0.8), 600_000, world.greatestDecisionMs));
}
