/** A kind of fraud: campaigns of several applications each. Only the truth record names it, never an event. */
import type { Application } from "../application.ts";
import type { Random } from "../random.ts";
import type { Product } from "../world.ts";

/** One campaign, the same whenever it is drawn again from its number. */
export interface Campaign {
  /** When each of its applications starts, after the campaign's begin; 1 to 56 of them, ascending. */
  readonly startsMs: readonly number[];
  /** What each applies for. */
  readonly products: readonly Product[];
  /**
   * Turns the ordinary application drawn for a member (an index of `startsMs`) into the fraudster's, in place and
   * before it is decided. `random` continues the application's own stream.
   */
  disguise(application: Application, member: number, random: Random): void;
}

export interface Scenario {
  readonly name: string;
  /** Campaigns begun for each ordinary application. */
  readonly frequency: number;
  /** Draws campaign `number`; `random` stands in its own stream. */
  begin(random: Random, number: number): Campaign;
}
