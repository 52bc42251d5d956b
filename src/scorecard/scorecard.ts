/** A scorecard, read and checked: points for what is known of an applicant, and the reasons they give. */
import type { Expr } from "../sql/plan.ts";
import type { Purpose } from "./reasons.ts";

export const DIRECTIONS = ["higher_is_safer", "higher_is_riskier"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/**
 * What an applicant's points for a characteristic are measured against. Below: less safe than the mean of all
 * applicants, than their mean at the cutoff, or than the safest bin (Regulation B, official commentary 9(b)(2)-5).
 */
export const REASON_METHODS = ["below_mean", "below_mean_at_cutoff", "below_maximum"] as const;
export type ReasonMethod = (typeof REASON_METHODS)[number];

export interface Scorecard {
  /** The file's name without its ending, and so the prefix of the card's columns. */
  readonly name: string;
  readonly direction: Direction;
  readonly purpose: Purpose;
  /** The data it was fitted on. Only then is its output a probability; otherwise it is odds implied by the scale. */
  readonly fittedOn: string | null;
  /** Rows that are scored; the card's columns are null elsewhere. Null: every row. */
  readonly when: Expr | null;
  readonly scale: Scale;
  /** Ascending; the first holds every score below the second's `from`. */
  readonly bands: readonly Band[];
  readonly reasonMethod: ReasonMethod;
  readonly characteristics: readonly Characteristic[];
}

export interface Scale {
  /** Points that every applicant has before any characteristic. */
  readonly startPoints: number;
  /** At this score the odds are `baseOdds`: good applicants for each bad one. */
  readonly basePoints: number;
  readonly baseOdds: number;
  /** So many more points double the odds where higher is safer, and halve them where it is riskier. */
  readonly pointsToDoubleOdds: number;
}

export interface Band {
  readonly name: string;
  /** Inclusive; null for the first. */
  readonly from: number | null;
}

export interface Characteristic {
  readonly name: string;
  /** Its bins' reasons, but for those that have one of their own. */
  readonly reason: string;
  /** The points that a loss is measured from, by the card's method; may be a fraction. */
  readonly referencePoints: number;
  /** The first whose condition is true gives the points. */
  readonly bins: readonly Bin[];
}

export interface Bin {
  /** Over the columns that the card was loaded with; null for the last, `else`. */
  readonly condition: Expr | null;
  readonly points: number;
  /**
   * Why an applicant of this bin lost points: without a credit file the reason is another than with a bad one. Null
   * where nothing speaks against the applicant, who then has the reference's points, but for rounding.
   */
  readonly reason: string | null;
}
