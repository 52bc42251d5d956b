/** What is true of applications and of bad records, and stands in none of them. */
import { Buffer } from "node:buffer";
import type { Application } from "./application.ts";
import { createLine } from "./line.ts";
import { drawOutlook } from "./outlook.ts";
import type { Random } from "./random.ts";
import { putApplicationId } from "./render.ts";
import { SCENARIOS_VERSION } from "./scenarios/scenarios.ts";

/** What is true of an application. */
export interface Truth {
  readonly applicationId: string;
  /** The kind of fraud; null for an honest application. */
  readonly scenario: string | null;
  /** Honest, and looking like a fraud: in which way. */
  readonly hardNegative: string | null;
  /** Probability of default within 12 months of being funded, whether it was or not. */
  readonly defaultProbability: number;
  /** Drawn by that probability. */
  readonly defaults: boolean;
}

/** @param fraudDefaults what a fraud's probability of default is; null for an honest application's own */
export function drawTruth(random: Random, application: Application, fraudDefaults: number | null): Truth {
  const id = createLine(36);
  putApplicationId(id, random, application.number, application.member);
  const { probability, defaults } = drawOutlook(random, application, fraudDefaults);
  return {
    applicationId: Buffer.from(id.bytes).toString("latin1"),
    scenario: application.scenario,
    hardNegative: application.hardNegative,
    defaultProbability: probability,
    defaults,
  };
}

export const badKinds = ["malformed", "truncated", "wrong_type", "duplicate", "late", "far_future"] as const;
/** In which way a record is bad. */
export type BadKind = (typeof badKinds)[number];

/** One line of a truth file, for an application. */
export function truthJson({
  applicationId,
  scenario,
  hardNegative,
  defaultProbability,
  defaults,
}: Truth): string {
  return JSON.stringify({
    application_id: applicationId,
    scenario,
    hard_negative: hardNegative,
    default_probability_12m: Math.floor(defaultProbability * 1e6) / 1e6,
    default_12m: defaults,
    scenarios_version: SCENARIOS_VERSION,
  });
}

/** One line of a truth file, for a bad record; positions count the stream's records from 0. */
export function badRecordJson(position: number, kind: BadKind): string {
  return JSON.stringify({ position, bad: kind, scenarios_version: SCENARIOS_VERSION });
}
