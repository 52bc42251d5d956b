/** One application from start to end, as it is drawn from its number alone: see `source.ts`. */
import type { Applicant, StreamAddress } from "./applicant.ts";
import type { Channel, Product } from "./world.ts";

export type Outcome = "approved" | "counteroffer" | "denied" | "withdrawn" | "incomplete";

export interface Decision {
  readonly outcome: Outcome;
  readonly reasons: readonly string[];
  readonly approvedAmountCents: number | null;
  readonly offeredRate: number | null;
}

/** Member 0 of a number is an ordinary application, 1 to 56 those of the campaign that begins with it. */
export const campaignMembers = 56;
/** Members from here on were in flight when the generator started: + 1, 2, 3 by the step that they wait for. */
export const inFlightMember = 60;

/** Steps by place: started; submitted or abandoned; decided; funded. */
export type Step = 0 | 1 | 2 | 3;
export const steps = [0, 1, 2, 3] as const satisfies readonly Step[];

export interface Loan {
  readonly amountCents: number;
  readonly termMonths: number | null;
  readonly purpose: string;
  readonly quotedApr: number | null;
  readonly collateralCents: number | null;
}

export interface Session {
  /** Where the device's id comes from; null without a device. */
  deviceSite: StreamAddress | null;
  addressSite: StreamAddress;
  deviceOs: string | null;
  browser: string | null;
  /** How long before the application's start the device was first seen. */
  deviceKnownMs: number;
  ipCountry: string;
  ipDistanceKm: number;
  formMs: number;
  fieldCorrections: number;
  pastedFields: number;
}

export interface Checks {
  incomeVerified: boolean;
  employmentVerified: boolean;
  documentCheck: string;
  selfieMatch: number | null;
  nameEmailSimilarity: number;
  emailAgeDays: number;
  phoneVerified: boolean;
  addressMatch: string;
  bureauMatch: string;
  taxIdStatus: string;
}

/** Mutable in part, so that a scenario can disguise it before it is decided. */
export interface Application {
  readonly number: number;
  readonly member: number;
  readonly scenario: string | null;
  readonly product: Product;
  readonly applicant: Applicant;
  readonly loan: Loan;
  readonly session: Session;
  readonly checks: Checks;
  channel: Channel;
  submits: boolean;
  mode: "auto" | "manual";
  decision: Decision;
  /** Of each step after the start, which comes at 0; the steps that it takes are the first ones. */
  stepsMs: readonly number[];
}
