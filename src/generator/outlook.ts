/**
 * Whether an application would be in default within twelve months of being funded: from score, debt to income and
 * product, and from fraud. A model to evaluate scorecards against, not a lending rule.
 */
import type { Application } from "./application.ts";
import { debtToIncome } from "./loan.ts";
import type { Random } from "./random.ts";
import { clamp } from "./text.ts";
import type { Product } from "./world.ts";

export interface Outlook {
  /** In [0, 1]. */
  readonly probability: number;
  readonly defaults: boolean;
}

/** Log-odds of default at a score of 680 and a debt to income of 0.35. */
const logitOf: Readonly<Record<Product, number>> = {
  personal: -2.7,
  auto: -3.3,
  mortgage: -4,
  student: -3.1,
  small_business: -2.9,
  credit_card: -2.9,
};
const perHundredPoints = 0.85;
const perDebtToIncome = 1.4;
const withoutFile = 0.7;
const unknownDebtToIncome = 0.45;

export function drawOutlook(random: Random, application: Application, fraudDefaults: number | null): Outlook {
  const probability = fraudDefaults ?? defaultProbability(application);
  random.seek("outlook", application.number, application.member);
  return { probability, defaults: random.chance(probability) };
}

export function defaultProbability(application: Application): number {
  const { score } = application.applicant.file;
  const dti = clamp(debtToIncome(application) ?? unknownDebtToIncome, 0, 1.2);
  const strain = score === null ? withoutFile : ((680 - score) / 100) * perHundredPoints;
  return 1 / (1 + Math.exp(-(logitOf[application.product] + strain + perDebtToIncome * (dti - 0.35))));
}
