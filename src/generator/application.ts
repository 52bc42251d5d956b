/** One application from start to end, as it is drawn from its number and channel alone: see `source.ts`. */
import type { Applicant, StreamAddress } from "./applicant.ts";
import type { Channel, Product } from "./world.ts";

export type Outcome = "approved" | "counteroffer" | "denied" | "withdrawn" | "incomplete";

export interface Decision {
  readonly outcome: Outcome;
  readonly reasons: readonly string[];
  readonly approvedAmountCents: number | null;
  readonly offeredRate: number | null;
}

/**
 * Names an application. Member 0 of a number is an ordinary application, the next ones those of the campaign that
 * begins with it, and `inFlightMember` + 1, 2, 3 waited for that step when the generator started.
 */
export interface ApplicationKey {
  readonly number: number;
  readonly member: number;
  readonly channel: Channel;
}

export const campaignMembers = 2_000;
export const inFlightMember = 2_040;
/** Above every member. */
export const memberEnd = 2_048;

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
export interface Application extends ApplicationKey {
  /** Of fraud; null for an honest one. */
  readonly scenario: string | null;
  /** Honest, and looking like a fraud. */
  readonly hardNegative: string | null;
  readonly product: Product;
  applicant: Applicant;
  loan: Loan;
  readonly session: Session;
  readonly checks: Checks;
  submits: boolean;
  mode: "auto" | "manual";
  decision: Decision;
  /** Of each step after the start, which comes at 0; the steps that it takes are the first ones. */
  stepsMs: readonly number[];
}

/** What remains to be known of an application once its events have been written down. */
export interface Course extends ApplicationKey {
  readonly submits: boolean;
  readonly stepsMs: readonly number[];
  readonly fundedCents: number;
}

export function courseOf({ number, member, channel, submits, stepsMs, decision }: Application): Course {
  return { number, member, channel, submits, stepsMs, fundedCents: decision.approvedAmountCents ?? 0 };
}
