/** A kind of fraud, or of honest application that looks like one. Only the truth names it, never an event. */
import type { StreamAddress } from "../applicant.ts";
import type { Application } from "../application.ts";
import type { Random } from "../random.ts";
import type { Channel, Product } from "../world.ts";

/** Somebody who applies: the same stream and product are the same person. */
export interface Person {
  readonly stream: StreamAddress;
  /** For what this person typically applies, which decides income and score. */
  readonly product: Product;
  readonly customer: boolean;
}

export interface Member {
  /** When this application starts, after the campaign's begin. */
  readonly afterMs: number;
  readonly product: Product;
  readonly channel: Channel;
  /** Null: a newcomer, somebody else for each member. */
  readonly person: Person | null;
}

/** Applications that belong together; often one. The same whenever it is drawn again from its number. */
export interface Campaign {
  /** At least one, at most `campaignMembers`. */
  readonly members: readonly Member[];
  /**
   * Turns the ordinary application drawn for a member (an index of `members`) into the scenario's, in place and
   * before it is decided. `random` continues the application's own stream.
   */
  disguise(application: Application, place: number, random: Random): void;
}

export interface Lender {
  /** How many times the traffic of three events a second; 1 or more. */
  readonly scale: number;
  readonly customers: number;
}

export interface Scenario {
  readonly name: string;
  readonly kind: "fraud" | "hard_negative";
  /** Of all applications. */
  readonly share: number;
  /** Mean number of applications in a campaign. */
  size(lender: Lender): number;
  /** Begins only where an ordinary application of this channel does, so that it keeps the channel's hours. */
  readonly begunBy: Channel | null;
  /** Probability of default within 12 months; null for what any applicant's is. */
  readonly defaults: number | null;
  /** Draws campaign `number`; `random` stands in its own stream, and is left anywhere. */
  begin(random: Random, number: number, lender: Lender): Campaign;
}

/** Of one application each. */
export const single = (): number => 1;

/** A campaign of one newcomer, soon after its begin. */
export function newcomer(random: Random, product: Product, channel: Channel): readonly [Member] {
  return [{ afterMs: Math.floor(random.exponential(60_000)), product, channel, person: null }];
}

/** Starts with exponential gaps, the first at 0. */
export function startsMs(random: Random, count: number, leastGapMs: number, meanGapMs: number): number[] {
  const starts: number[] = [];
  for (let startMs = 0; starts.length < count; ) {
    starts.push(startMs);
    startMs += Math.floor(leastGapMs + random.exponential(meanGapMs));
  }
  return starts;
}
