/**
 * How the world's lender decides: odds that fall with debt to income, a thin or strained file and doubtful identity.
 * A model of outcomes to learn from, not a lending rule. Reason codes are Regulation B's (form C-1).
 */
import type { Application, Decision, Outcome } from "./application.ts";
import { debtToIncome } from "./loan.ts";
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

function drawReasons(random: Random, application: Application, outcome: Outcome): readonly string[] {
  if (outcome === "approved" || outcome === "withdrawn") return [];
  if (outcome === "incomplete") return ["incomplete_application"];
  weighReasons(application);
  for (let i = 0; i < weights.length; i += 1) {
    const weight = (weights[i] ?? 0) * (0.6 + 0.8 * random.uniform());
    weights[i] = weight >= 0.25 ? weight : 0;
  }
  const codes = heaviestReasons(outcome === "counteroffer" ? 1 : 1 + random.below(4));
  return codes.length > 0
    ? codes
    : [application.loan.collateralCents === null ? "income_insufficient" : "collateral_insufficient"];
}

/** Takes the weights away that it has used. */
function heaviestReasons(most: number): readonly string[] {
  const codes: string[] = [];
  while (codes.length < most) {
    let heaviest = 0;
    for (let i = 1; i < weights.length; i += 1) {
      if ((weights[i] ?? 0) > (weights[heaviest] ?? 0)) heaviest = i;
    }
    if (!weights[heaviest]) break;
    weights[heaviest] = 0;
    codes.push(reasonCodes[heaviest] ?? "");
  }
  return codes;
}

const reasonCodes = [
  "excessive_obligations",
  "delinquent_obligations",
  "income_insufficient",
  "no_credit_file",
  "limited_credit_experience",
  "collection_or_judgment",
  "bankruptcy",
  "recent_inquiries",
  "poor_performance_with_us",
  "length_of_employment",
  "irregular_employment",
  "length_of_residence",
  "income_unverified",
  "employment_unverified",
  "residence_unverified",
  "collateral_insufficient",
] as const;
const weights = new Float64Array(reasonCodes.length);

/** How much each fact speaks against the application, in the order of the codes: 1 is a plain reason, 0 none. */
function weighReasons({ applicant, loan, product, checks }: Application): void {
  const { file } = applicant;
  const dti = debtToIncome({ applicant, loan, product });
  const bearable = product === "mortgage" ? 4.2 : 0.35;
  const loanToIncome =
    applicant.annualIncomeCents === null ? 0 : loan.amountCents / applicant.annualIncomeCents;
  const loanToValue = loan.collateralCents === null ? 0 : loan.amountCents / loan.collateralCents;
  weights[0] = dti === null ? 0 : clamp((dti - 0.33) * 6, 0, 2);
  weights[1] = clamp(file.delinquencies * 0.6, 0, 1.5);
  weights[2] = applicant.annualIncomeCents === null ? 1 : clamp((loanToIncome - bearable) * 0.5, 0, 0.7);
  weights[3] = file.score === null ? 1.4 : 0;
  weights[4] = (file.oldestAccountMonths ?? 60) < 36 ? 0.8 : 0;
  weights[5] = clamp(file.collections * 0.7, 0, 1.2);
  weights[6] = file.bankruptcies * 1.3;
  weights[7] = clamp((file.inquiries6m - 3) * 0.25, 0, 0.9);
  weights[8] = clamp(applicant.delinquenciesWithUs * 0.8, 0, 1.2);
  weights[9] = (applicant.yearsEmployed ?? 5) < 1 ? 0.45 : 0;
  weights[10] = applicant.employment === "part_time" ? 0.35 : 0;
  weights[11] = applicant.monthsAtAddress < 6 ? 0.3 : 0;
  weights[12] = checks.incomeVerified ? 0 : 0.3;
  weights[13] = checks.employmentVerified ? 0 : 0.2;
  weights[14] = checks.addressMatch === "mismatch" ? 0.6 : 0;
  weights[15] = clamp((loanToValue - 0.85) * 5, 0, 1);
}
