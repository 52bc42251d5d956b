/** A person, drawn again whenever needed from a number: the same number is the same person. */
import { type Random, weighted } from "./random.ts";
import { clamp, fourDecimals } from "./text.ts";
import { type Product, type ProductWorld, productWorlds, scoreEdges } from "./world.ts";

/** Names a stream: see `Random.seek`. */
export interface StreamAddress {
  readonly number: number;
  readonly branch: number;
}

export type Housing = "own" | "mortgage" | "rent" | "family" | "other";
export type Employment = "employed" | "self_employed" | "part_time" | "unemployed" | "retired" | "student";

/** What a credit bureau holds; without a file, nothing. */
export interface CreditFile {
  readonly score: number | null;
  readonly utilization: number | null;
  readonly delinquencies: number;
  readonly collections: number;
  readonly inquiries7d: number;
  readonly inquiries6m: number;
  readonly bankruptcies: number;
  readonly oldestAccountMonths: number | null;
}

/** Ages and durations are as of the generator's start. Strings that name the person are drawn when they are written. */
export interface Applicant {
  readonly stream: StreamAddress;
  readonly ageDays: number;
  readonly taxIdType: "SSN" | "ITIN";
  readonly monthsAtAddress: number;
  readonly housing: Housing;
  readonly housingCents: number;
  readonly employment: Employment;
  readonly yearsEmployed: number | null;
  readonly customerDays: number | null;
  readonly contactChangedDays: number | null;
  readonly annualIncomeCents: number | null;
  readonly monthlyDebtCents: number;
  /** Creditworthiness, standard normal; what the score and the file are drawn around. */
  readonly standing: number;
  readonly file: CreditFile;
  readonly delinquenciesWithUs: number;
  readonly savingsCents: number;
  readonly grade: string | null;
  readonly nameEmailSimilarity: number;
  readonly emailAgeDays: number;
  /** Whose family name and home this person shares; null for a home of one's own. */
  readonly household: StreamAddress | null;
}

const youngWork = weighted({
  employed: 0.42,
  part_time: 0.22,
  student: 0.28,
  unemployed: 0.05,
  self_employed: 0.03,
});
const work = weighted({
  employed: 0.78,
  self_employed: 0.11,
  part_time: 0.06,
  unemployed: 0.03,
  student: 0.02,
});
const lateWork = weighted({ retired: 0.72, employed: 0.13, self_employed: 0.08, part_time: 0.07 });
const youngHousing = weighted({ rent: 0.58, family: 0.3, mortgage: 0.07, own: 0.02, other: 0.03 });
const middleHousing = weighted({ rent: 0.37, mortgage: 0.45, own: 0.1, family: 0.06, other: 0.02 });
const lateHousing = weighted({ own: 0.46, mortgage: 0.3, rent: 0.2, family: 0.03, other: 0.01 });

const incomeFactor: Readonly<Record<Employment, number>> = {
  employed: 1,
  self_employed: 1.08,
  part_time: 0.45,
  unemployed: 0.28,
  retired: 0.62,
  student: 0.25,
};
const withoutIncome: Partial<Record<Employment, number>> = { unemployed: 0.55, student: 0.25 };
/** Share of gross income that housing takes, for the median household. */
const housingShare: Readonly<Record<Housing, number>> = {
  own: 0.05,
  mortgage: 0.19,
  rent: 0.23,
  family: 0,
  other: 0.08,
};

/** Draws the person of a stream, a typical applicant for a product. */
export function drawApplicant(
  random: Random,
  stream: StreamAddress,
  product: Product,
  customer: boolean,
): Applicant {
  random.seek("applicant", stream.number, stream.branch);
  const world = productWorlds[product];
  const standing = random.normal();
  const ageYears = drawAge(random, product, standing);
  const employment = drawEmployment(random, product, ageYears);
  const annualIncomeCents = drawIncome(random, world, employment, ageYears, standing);
  const incomeCents = annualIncomeCents ?? 1_800_000;
  const housing =
    ageYears < 28 ? youngHousing(random) : ageYears < 60 ? middleHousing(random) : lateHousing(random);
  const customerDays = customer ? Math.floor(120 + random.exponential(2_000)) : null;
  return {
    stream,
    ageDays: Math.floor((ageYears + random.uniform()) * 365.25),
    taxIdType: random.chance(0.03) ? "ITIN" : "SSN",
    monthsAtAddress: Math.floor(Math.min(random.exponential(ageYears < 30 ? 24 : 80), ageYears * 12)),
    housing,
    housingCents: dollars((incomeCents / 12) * housingShare[housing] * random.logNormal(1, 0.3)),
    employment,
    yearsEmployed: drawYearsEmployed(random, employment, ageYears),
    customerDays,
    contactChangedDays:
      customerDays === null ? null : Math.floor(Math.min(customerDays, random.exponential(900))),
    annualIncomeCents,
    monthlyDebtCents: dollars(
      (incomeCents / 12) * clamp(random.logNormal(0.1, 0.7) * Math.exp(-0.1 * standing), 0, 0.7),
    ),
    standing,
    file: drawFile(random, world, standing, ageYears),
    delinquenciesWithUs: customer && standing < 0 && random.chance(0.12) ? 1 + random.below(2) : 0,
    savingsCents: dollars((incomeCents / 12) * random.logNormal(1.6, 1.3) * Math.exp(0.35 * standing)),
    grade: customer ? gradeOf(standing + 0.5 * random.normal()) : null,
    nameEmailSimilarity: drawSimilarity(random),
    emailAgeDays: Math.floor(Math.min(random.logNormal(1_900, 0.9), 10_000)),
    household: null,
  };
}

/** Most addresses are made of the name. */
function drawSimilarity(random: Random): number {
  const style = random.uniform();
  return fourDecimals(style < 0.72 ? 0.82 + 0.25 * style : style < 0.86 ? style - 0.2 : 1.2 * (style - 0.82));
}

const dollars = (cents: number): number => Math.floor(cents / 100 + 0.5) * 100;

function drawAge(random: Random, product: Product, standing: number): number {
  if (product === "student") return 18 + Math.floor(random.exponential(4.5) % 30);
  const spread = random.uniform() + random.uniform();
  return Math.floor(clamp(19 + 27 * spread + 2.5 * standing, 18, 88));
}

function drawEmployment(random: Random, product: Product, ageYears: number): Employment {
  if (product === "student" && random.chance(0.62)) return "student";
  if (product === "small_business" && random.chance(0.85)) return "self_employed";
  return ageYears < 23 ? youngWork(random) : ageYears < 67 ? work(random) : lateWork(random);
}

function drawIncome(
  random: Random,
  world: ProductWorld,
  employment: Employment,
  age: number,
  standing: number,
) {
  const none = random.chance(withoutIncome[employment] ?? 0);
  const byAge = clamp(0.62 + (age - 20) * 0.019, 0.6, 1.1);
  const median = world.medianIncomeCents * incomeFactor[employment] * byAge;
  const income = random.logNormal(median, 0.42) * Math.exp(0.16 * standing);
  const stepCents = random.chance(0.5) ? 100_000 : 1_000;
  return none ? null : Math.max(300_000, Math.floor(income / stepCents) * stepCents);
}

function drawYearsEmployed(random: Random, employment: Employment, ageYears: number): number | null {
  if (employment === "unemployed" || employment === "retired" || employment === "student") return null;
  return Math.floor(clamp(random.exponential(5.5), 0, ageYears - 16) * 10) / 10;
}

/** The credit file. Without one, what it would hold is absent or zero. */
function drawFile(random: Random, world: ProductWorld, standing: number, ageYears: number): CreditFile {
  const strain = clamp(0.9 - 0.75 * standing, 0.05, 4);
  const inquiries7d = poisson(random, 0.22 + 0.12 * strain);
  const file = {
    score: scoreOf(world, standing),
    utilization: Math.floor(clamp(0.34 - 0.19 * standing + 0.17 * random.normal(), 0, 1.3) * 10_000) / 10_000,
    delinquencies: poisson(random, standing > 1 ? 0.01 : 0.28 * strain * strain),
    collections: poisson(random, standing > 0.5 ? 0.005 : 0.16 * strain),
    inquiries7d,
    inquiries6m: inquiries7d + poisson(random, 0.8 + 0.7 * strain),
    bankruptcies: standing < -0.6 && random.chance(0.08) ? 1 : 0,
    oldestAccountMonths: Math.floor(
      clamp((ageYears - 17.5) * 12 * (0.35 + 0.6 * random.uniform()) + 12 * standing, 1, 720),
    ),
  };
  if (!random.chance(world.noFile)) return file;
  return {
    ...file,
    score: null,
    utilization: null,
    delinquencies: 0,
    collections: 0,
    bankruptcies: 0,
    oldestAccountMonths: null,
  };
}

/** The score at this person's place among the product's applicants. */
function scoreOf(world: ProductWorld, standing: number): number {
  let rest = normalShare(standing);
  for (const [band, share] of world.scoreBands.entries()) {
    const low = scoreEdges[band] ?? 300;
    const high = scoreEdges[band + 1] ?? 851;
    if (rest < share || band === world.scoreBands.length - 1) {
      const within = clamp(rest / share, 0, 0.999_999);
      return Math.floor(low + (high - low) * (band === 0 ? Math.sqrt(within) : within));
    }
    rest -= share;
  }
  return 850;
}

/** Share of the standard normal below x: the logistic approximation of Bowling et al. (2009), within 0.0002. */
function normalShare(x: number): number {
  return 1 / (1 + Math.exp(-(0.07056 * x * x * x + 1.5976 * x)));
}

/** Knuth's method; for small means. */
export function poisson(random: Random, mean: number): number {
  const least = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > least; product *= random.uniform()) count += 1;
  return count;
}

function gradeOf(standing: number): string {
  return "GFEDCBA"[clamp(Math.floor((standing + 2.1) / 0.6), 0, 6)] ?? "D";
}
