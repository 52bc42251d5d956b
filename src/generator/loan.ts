/** What is asked for, and what it would cost a month. */
import type { Applicant } from "./applicant.ts";
import type { Application, Loan } from "./application.ts";
import type { Random } from "./random.ts";
import { clamp, fourDecimals } from "./text.ts";
import { type Product, productWorlds } from "./world.ts";

export function drawLoan(random: Random, product: Product, applicant: Applicant): Loan {
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
  if (product === "mortgage") return worth(amountCents, 0.79 + 0.12 * random.normal());
  if (product === "auto") return worth(amountCents, 0.93 + 0.15 * random.normal());
  if (product !== "small_business" || random.chance(0.5)) return null;
  return worth(amountCents, 0.7 + 0.2 * random.normal());
}

const worth = (amountCents: number, loanToValue: number): number =>
  Math.floor(amountCents / clamp(loanToValue, 0.3, 1.3) / 10_000) * 10_000;

/** (monthly debt + housing + the new payment) / gross monthly income; null without income, and for a business. */
export function debtToIncome({
  applicant,
  product,
  loan,
}: Pick<Application, "applicant" | "product" | "loan">): number | null {
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
