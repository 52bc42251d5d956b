/**
 * The generator's world as data: who applies for what, where, and how it goes. These are distributions, not
 * rules of lending. Sources: the score bands of US consumers (FICO), moved up or down for each product; rates of
 * approval by application from HMDA 2024 for mortgages, and for the other products as lenders of their kind report
 * them, each counting in its own way. Times to decide and to pay out are compressed (days, not the weeks of a
 * mortgage), so that a day's stream holds whole lives. What has no source named is a plausible choice.
 */
import { type Choice, choice, weighted } from "./random.ts";

export const channels = ["web", "mobile_app", "branch", "broker", "call_center", "partner_api"] as const;
export type Channel = (typeof channels)[number];

export const products = ["personal", "auto", "mortgage", "student", "small_business", "credit_card"] as const;
export type Product = (typeof products)[number];

export interface ChannelWorld {
  readonly share: number;
  readonly products: Choice<Product>;
  /** Of those started, the share never submitted. */
  readonly abandonment: number;
  /** Share taken from customers that the lender has already. */
  readonly customers: number;
  /** Median time from start to submission, as a multiple of the product's. */
  readonly formPace: number;
  /** The applicant's own device, the lender's or a broker's shared terminal, or none. */
  readonly device: "own" | "terminal" | "none";
  /** Share of own devices that are phones or tablets. */
  readonly handheld: number;
}

export const desktopSystems = weighted({ windows: 0.59, macos: 0.35, linux: 0.05, other: 0.01 });
export const handheldSystems = weighted({ ios: 0.57, android: 0.43 });

const retail = weighted<Product>({
  personal: 0.32,
  credit_card: 0.36,
  auto: 0.15,
  student: 0.07,
  mortgage: 0.06,
  small_business: 0.04,
});

export const channelWorlds: Readonly<Record<Channel, ChannelWorld>> = {
  web: {
    share: 0.38,
    products: retail,
    abandonment: 0.42,
    customers: 0.2,
    formPace: 1,
    device: "own",
    handheld: 0.27,
  },
  mobile_app: {
    share: 0.34,
    products: retail,
    abandonment: 0.47,
    customers: 0.35,
    formPace: 0.8,
    device: "own",
    handheld: 1,
  },
  branch: {
    share: 0.08,
    products: weighted<Product>({
      personal: 0.25,
      credit_card: 0.15,
      auto: 0.15,
      student: 0.03,
      mortgage: 0.27,
      small_business: 0.15,
    }),
    abandonment: 0.1,
    customers: 0.5,
    formPace: 1.8,
    device: "terminal",
    handheld: 0,
  },
  broker: {
    share: 0.06,
    products: weighted<Product>({
      personal: 0.02,
      credit_card: 0,
      auto: 0.4,
      student: 0,
      mortgage: 0.5,
      small_business: 0.08,
    }),
    abandonment: 0.08,
    customers: 0.05,
    formPace: 1.4,
    device: "terminal",
    handheld: 0,
  },
  call_center: {
    share: 0.05,
    products: weighted<Product>({
      personal: 0.42,
      credit_card: 0.3,
      auto: 0.15,
      student: 0.03,
      mortgage: 0.07,
      small_business: 0.03,
    }),
    abandonment: 0.15,
    customers: 0.4,
    formPace: 1.5,
    device: "terminal",
    handheld: 0,
  },
  partner_api: {
    share: 0.09,
    products: weighted<Product>({
      personal: 0.5,
      credit_card: 0.22,
      auto: 0.25,
      student: 0.03,
      mortgage: 0,
      small_business: 0,
    }),
    abandonment: 0.04,
    customers: 0.05,
    formPace: 0.05,
    device: "none",
    handheld: 0,
  },
};

export const drawChannel = choice(channels, (channel) => channelWorlds[channel].share);

export interface ProductWorld {
  /** Shares of 300-579, 580-669, 670-739, 740-799 and 800-850 among applicants with a file. */
  readonly scoreBands: readonly [number, number, number, number, number];
  readonly noFile: number;
  readonly medianIncomeCents: number;
  readonly medianAmountCents: number;
  readonly amountSigma: number;
  /** Amounts are multiples of this. */
  readonly amountStepCents: number;
  readonly leastAmountCents: number;
  readonly greatestAmountCents: number;
  readonly terms: Choice<number> | null;
  readonly purposes: Choice<string>;
  /** Annual rate for a score of 700. */
  readonly apr: number;
  /** What 100 points of score take off the rate. */
  readonly aprPer100Points: number;
  readonly medianFormS: number;
  readonly autoDecided: number;
  readonly medianFundingS: number;
  readonly withdrawn: number;
  readonly incomplete: number;
  readonly counteroffered: number;
  /** Of those approved, the share paid out. */
  readonly pullThrough: number;
  /** Log-odds of approval of a median applicant; set so that approved / (approved + denied) comes near `approvalRate`. */
  readonly approvalLogit: number;
  readonly approvalRate: number;
}

const numbers = (pairs: readonly (readonly [number, number])[]): Choice<number> => {
  const draw = choice(pairs, ([, weight]) => weight);
  return (random) => draw(random)[0];
};

export const productWorlds: Readonly<Record<Product, ProductWorld>> = {
  personal: {
    scoreBands: [0.22, 0.3, 0.27, 0.15, 0.06],
    noFile: 0.05,
    medianIncomeCents: 5_800_000,
    medianAmountCents: 1_200_000,
    amountSigma: 0.65,
    amountStepCents: 50_000,
    leastAmountCents: 100_000,
    greatestAmountCents: 5_000_000,
    terms: numbers([
      [24, 0.12],
      [36, 0.46],
      [48, 0.14],
      [60, 0.28],
    ]),
    purposes: weighted({
      debt_consolidation: 0.5,
      home_improvement: 0.13,
      major_purchase: 0.1,
      medical: 0.07,
      moving: 0.05,
      vacation: 0.04,
      wedding: 0.03,
      other: 0.08,
    }),
    apr: 0.149,
    aprPer100Points: 0.052,
    medianFormS: 400,
    autoDecided: 0.76,
    medianFundingS: 10_800,
    withdrawn: 0.05,
    incomplete: 0.04,
    counteroffered: 0.04,
    pullThrough: 0.82,
    approvalLogit: -1.02,
    approvalRate: 0.24,
  },
  auto: {
    scoreBands: [0.15, 0.2, 0.24, 0.26, 0.15],
    noFile: 0.04,
    medianIncomeCents: 6_400_000,
    medianAmountCents: 2_900_000,
    amountSigma: 0.4,
    amountStepCents: 10_000,
    leastAmountCents: 500_000,
    greatestAmountCents: 12_000_000,
    terms: numbers([
      [36, 0.08],
      [48, 0.12],
      [60, 0.27],
      [72, 0.38],
      [84, 0.15],
    ]),
    purposes: weighted({ vehicle_used: 0.58, vehicle_new: 0.36, refinance: 0.06 }),
    apr: 0.079,
    aprPer100Points: 0.036,
    medianFormS: 480,
    autoDecided: 0.72,
    medianFundingS: 14_400,
    withdrawn: 0.05,
    incomplete: 0.02,
    counteroffered: 0.05,
    pullThrough: 0.78,
    approvalLogit: 2.95,
    approvalRate: 0.93,
  },
  mortgage: {
    scoreBands: [0.03, 0.1, 0.25, 0.36, 0.26],
    noFile: 0.01,
    medianIncomeCents: 10_200_000,
    medianAmountCents: 30_000_000,
    amountSigma: 0.5,
    amountStepCents: 100_000,
    leastAmountCents: 6_000_000,
    greatestAmountCents: 250_000_000,
    terms: numbers([
      [180, 0.14],
      [240, 0.06],
      [360, 0.8],
    ]),
    purposes: weighted({ home_purchase: 0.62, refinance: 0.2, cash_out_refinance: 0.18 }),
    apr: 0.067,
    aprPer100Points: 0.006,
    medianFormS: 1_900,
    autoDecided: 0.12,
    medianFundingS: 64_800,
    withdrawn: 0.12,
    incomplete: 0.05,
    counteroffered: 0.02,
    pullThrough: 0.93,
    approvalLogit: 2.95,
    approvalRate: 0.85,
  },
  student: {
    scoreBands: [0.1, 0.22, 0.33, 0.25, 0.1],
    noFile: 0.18,
    medianIncomeCents: 3_400_000,
    medianAmountCents: 1_400_000,
    amountSigma: 0.5,
    amountStepCents: 50_000,
    leastAmountCents: 100_000,
    greatestAmountCents: 10_000_000,
    terms: numbers([
      [60, 0.1],
      [84, 0.1],
      [120, 0.5],
      [180, 0.3],
    ]),
    purposes: weighted({ education: 0.88, refinance: 0.12 }),
    apr: 0.079,
    aprPer100Points: 0.03,
    medianFormS: 700,
    autoDecided: 0.5,
    medianFundingS: 28_800,
    withdrawn: 0.06,
    incomplete: 0.07,
    counteroffered: 0.03,
    pullThrough: 0.8,
    approvalLogit: -0.82,
    approvalRate: 0.22,
  },
  small_business: {
    scoreBands: [0.08, 0.18, 0.3, 0.29, 0.15],
    noFile: 0.02,
    medianIncomeCents: 8_800_000,
    medianAmountCents: 7_500_000,
    amountSigma: 0.85,
    amountStepCents: 100_000,
    leastAmountCents: 500_000,
    greatestAmountCents: 100_000_000,
    terms: numbers([
      [12, 0.2],
      [24, 0.18],
      [36, 0.22],
      [60, 0.28],
      [120, 0.12],
    ]),
    purposes: weighted({ working_capital: 0.52, equipment: 0.22, expansion: 0.2, refinance: 0.06 }),
    apr: 0.105,
    aprPer100Points: 0.03,
    medianFormS: 1_300,
    autoDecided: 0.25,
    medianFundingS: 36_000,
    withdrawn: 0.06,
    incomplete: 0.07,
    counteroffered: 0.1,
    pullThrough: 0.85,
    approvalLogit: 0.89,
    approvalRate: 0.52,
  },
  credit_card: {
    scoreBands: [0.17, 0.22, 0.25, 0.23, 0.13],
    noFile: 0.08,
    medianIncomeCents: 6_000_000,
    medianAmountCents: 600_000,
    amountSigma: 0.7,
    amountStepCents: 10_000,
    leastAmountCents: 50_000,
    greatestAmountCents: 3_000_000,
    terms: null,
    purposes: weighted({ everyday_spending: 0.66, balance_transfer: 0.2, major_purchase: 0.14 }),
    apr: 0.224,
    aprPer100Points: 0.038,
    medianFormS: 240,
    autoDecided: 0.88,
    medianFundingS: 900,
    withdrawn: 0.02,
    incomplete: 0.03,
    counteroffered: 0.04,
    pullThrough: 0.95,
    approvalLogit: 0.87,
    approvalRate: 0.58,
  },
};

/** Edges of the score bands above, the last one exclusive. */
export const scoreEdges = [300, 580, 670, 740, 800, 851] as const;

/** How many there are with up to three events a second; a lender with more traffic has as many times more. */
export const sites = {
  customers: 60_000,
  branchTerminals: 450,
  brokerTerminals: 300,
  callCenterTerminals: 150,
  terminalsPerAddress: 3,
};

/** Bounds of the waits between the steps of an application. */
export const leastFormMs = 4_000;
export const greatestFormMs = 3 * 3_600_000;
export const greatestAbandonmentMs = 3_600_000;
export const greatestDecisionMs = 60 * 3_600_000;
export const greatestFundingMs = 72 * 3_600_000;

/** Every event arrives less than this after its time: strictly below the default delay of 60 s. */
export const disorderMs = 45_000;

/** Mean numbers of events; they turn a rate of events into one of applications. Held by a test. */
export const eventsPerApplication = { ordinary: 2.913, campaign: 2.9 };
