/** A round income that nobody verified, and the largest loan that stays just under a bound of debt to income. */
import type { Application } from "../application.ts";
import { debtToIncome } from "../loan.ts";
import { type Random, weighted } from "../random.ts";
import { productWorlds } from "../world.ts";
import { leaveUnverified } from "./disguises.ts";
import { newcomer, type Scenario, single } from "./scenario.ts";

const drawProduct = weighted({ personal: 0.4, auto: 0.35, mortgage: 0.25 });
/** The bands of debt to income that lenders use. */
const drawBound = weighted({ "0.36": 0.3, "0.43": 0.5, "0.50": 0.2 });
const roundCents = 500_000;

export const incomeInflation: Scenario = {
  name: "income_inflation",
  kind: "fraud",
  share: 0.0008,
  size: single,
  begunBy: null,
  defaults: 0.45,
  begin: (random) => ({
    members: newcomer(random, drawProduct(random), random.chance(0.4) ? "mobile_app" : "web"),
    disguise(application, _place, own) {
      inflate(application, own);
      application.submits = true;
      leaveUnverified(application);
    },
  }),
};

function inflate(application: Application, random: Random): void {
  const { applicant } = application;
  const earned = (applicant.annualIncomeCents ?? 2_400_000) * (1.3 + 0.5 * random.uniform());
  const annualIncomeCents = Math.floor(earned / roundCents + 1) * roundCents;
  application.applicant = { ...applicant, annualIncomeCents };
  const target = Number(drawBound(random)) - 0.002 - 0.01 * random.uniform();
  fitLoan(application, target);
}

/** Asks for as much as brings debt to income to the target; the amount stays as it was where that can't be done. */
function fitLoan(application: Application, target: number): void {
  const { loan, product } = application;
  const { leastAmountCents, greatestAmountCents } = productWorlds[product];
  const asked = debtToIncome(application) ?? 0;
  const without = debtToIncome({ ...application, loan: { ...loan, amountCents: 0 } }) ?? 0;
  const fitting = (loan.amountCents * (target - without)) / (asked - without);
  const amountCents = Math.floor(fitting / 100) * 100;
  if (amountCents < leastAmountCents || amountCents > greatestAmountCents) return;
  const worth =
    loan.collateralCents === null
      ? null
      : Math.floor(loan.collateralCents * (amountCents / loan.amountCents));
  application.loan = { ...loan, amountCents, collateralCents: worth };
}
