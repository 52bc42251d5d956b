/**
 * How the world's lender decides: odds that fall with debt to income, a thin or strained file and doubtful identity.
 * A model of outcomes to learn from, not a lending rule. Reason codes are Regulation B's (form C-1).
 */
import type { Application, Decision, Outcome } from "./application.ts";
import type { Random } from "./random.ts";
import { clamp, fourDecimals } from "./text.ts";
import { type ProductWorld, productWorlds } from "./world.ts";

export function drawDecision(random: Random, application: Application): Decision {
  const world = productWorlds[application.product];
  const outcome = drawOutcome(random, application, world);
  const reasons = drawReasons(random, application, outcome);
  if (outcome !== "approved" && outcome !== "counteroffer") {
    return { outcome, reasons, approvedAmountCents: null, offeredRate: null };
  }
  const share = outcome === "approved" ? 1 : 0.5 + 0.4 * random.uniform();
  const step = world.amountStepCents;
  const rate = (application.loan.quotedApr ?? world.apr) + 0.004 * random.normal();
  return {
    outcome,
    reasons,
    approvedAmountCents: Math.max(step, Math.floor((application.loan.amountCents * share) / step) * step),
    offeredRate: fourDecimals(clamp(rate, 0.0199, 0.3599)),
  };
}

function drawOutcome(random: Random, application: Application, world: ProductWorld): Outcome {
  const unfinished = random.uniform();
  if (unfinished < world.withdrawn) return "withdrawn";
  if (unfinished < world.withdrawn + world.incomplete) return "incomplete";
  if (random.uniform() < 1 / (1 + Math.exp(-approvalLogit(application, world)))) return "approved";
  return random.chance(world.counteroffered / (1 - world.approvalRate)) ? "counteroffer" : "denied";
}

function approvalLogit(application: Application, world: ProductWorld): number {
  const { applicant } = application;
  const dti = debtToIncome(application);
  return (
    world.approvalLogit +
    1.1 * applicant.standing -
    (dti === null ? 0.8 : 5 * clamp(dti - 0.36, 0, 0.6)) -
    (applicant.file.score === null ? 1.2 : 0) -
    0.3 * Math.min(applicant.file.delinquencies, 4) -
    1.2 * applicant.file.bankruptcies -
    (application.checks.taxIdStatus === "valid" ? 0 : 1.5) -
    (application.checks.documentCheck === "passed" || application.checks.documentCheck === "not_performed"
      ? 0
      : 1)
  );
}

/** (monthly debt + housing + the new payment) / gross monthly income; null without income, and for a business. */
export function debtToIncome({ applicant, product, loan }: Application): number | null {
  if (applicant.annualIncomeCents === null || product === "small_business") return null;
  const housingCents = product === "mortgage" ? 0 : applicant.housingCents;
  const payment = paymentCents(
    loan.amountCents,
    loan.termMonths,
    loan.quotedApr ?? productWorlds[product].apr,
  );
  return (applicant.monthlyDebtCents + housingCents + payment) / (applicant.annualIncomeCents / 12);
}

function paymentCents(amountCents: number, termMonths: number | null, apr: number): number {
  if (termMonths === null) return amountCents * 0.05;
  const rate = apr / 12;
  return (amountCents * rate) / (1 - Math.exp(-termMonths * Math.log(1 + rate)));
}

function drawReasons(random: Random, application: Application, outcome: Outcome): readonly string[] {
  if (outcome === "approved" || outcome === "withdrawn") return [];
  if (outcome === "incomplete") return ["incomplete_application"];
  const weighed = weighReasons(application).map(([code, weight]) => ({
    code,
    weight: weight * (0.6 + 0.8 * random.uniform()),
  }));
  const principal = weighed.filter(({ weight }) => weight >= 0.25).sort((a, b) => b.weight - a.weight);
  const most = outcome === "counteroffer" ? 1 : 1 + random.below(4);
  const codes = principal.slice(0, most).map(({ code }) => code);
  return codes.length > 0
    ? codes
    : [application.loan.collateralCents === null ? "income_insufficient" : "collateral_insufficient"];
}

/** How much each fact speaks against the application: 1 is a plain reason, 0 none. */
function weighReasons(application: Application): readonly (readonly [string, number])[] {
  const { applicant } = application;
  const dti = debtToIncome(application);
  const loanToIncome =
    applicant.annualIncomeCents === null ? 0 : application.loan.amountCents / applicant.annualIncomeCents;
  const loanToValue =
    application.loan.collateralCents === null
      ? 0
      : application.loan.amountCents / application.loan.collateralCents;
  const bearable = application.product === "mortgage" ? 4.2 : 0.35;
  return [
    ["excessive_obligations", dti === null ? 0 : clamp((dti - 0.33) * 6, 0, 2)],
    ["delinquent_obligations", clamp(applicant.file.delinquencies * 0.6, 0, 1.5)],
    [
      "income_insufficient",
      applicant.annualIncomeCents === null ? 1 : clamp((loanToIncome - bearable) * 0.5, 0, 0.7),
    ],
    ["no_credit_file", applicant.file.score === null ? 1.4 : 0],
    ["limited_credit_experience", (applicant.file.oldestAccountMonths ?? 60) < 36 ? 0.8 : 0],
    ["collection_or_judgment", clamp(applicant.file.collections * 0.7, 0, 1.2)],
    ["bankruptcy", applicant.file.bankruptcies * 1.3],
    ["recent_inquiries", clamp((applicant.file.inquiries6m - 3) * 0.25, 0, 0.9)],
    ["poor_performance_with_us", clamp(applicant.delinquenciesWithUs * 0.8, 0, 1.2)],
    ["length_of_employment", (applicant.yearsEmployed ?? 5) < 1 ? 0.45 : 0],
    ["irregular_employment", applicant.employment === "part_time" ? 0.35 : 0],
    ["length_of_residence", applicant.monthsAtAddress < 6 ? 0.3 : 0],
    ["income_unverified", application.checks.incomeVerified ? 0 : 0.3],
    ["employment_unverified", application.checks.employmentVerified ? 0 : 0.2],
    ["residence_unverified", application.checks.addressMatch === "mismatch" ? 0.6 : 0],
    ["collateral_insufficient", clamp((loanToValue - 0.85) * 5, 0, 1)],
  ];
}
