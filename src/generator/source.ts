/**
 * Draws an application from its name. Nothing of it needs to be kept while it waits for its next step: whoever needs
 * it draws it again, and gets the same.
 */
import { type Applicant, drawApplicant } from "./applicant.ts";
import { type Application, type ApplicationKey, campaignMembers, type Decision } from "./application.ts";
import { drawChecks } from "./checks.ts";
import { drawCourse, drawSubmits } from "./course.ts";
import { drawDecision } from "./decision.ts";
import { drawLoan } from "./loan.ts";
import { customerOf } from "./people.ts";
import type { Random } from "./random.ts";
import type { Campaign, Lender, Member, Scenario } from "./scenarios/scenario.ts";
import { drawSession } from "./session.ts";
import * as world from "./world.ts";
import { type Channel, channelWorlds, type Product } from "./world.ts";

export interface Begun {
  readonly scenario: Scenario;
  readonly campaign: Campaign;
}

export interface ApplicationSource {
  draw(key: ApplicationKey): Application;
  /** The campaign that begins with an ordinary application, if any. */
  campaignOf(number: number, channel: Channel): Begun | null;
  /** The scenario that an application belongs to. */
  scenarioOf(key: ApplicationKey): Scenario | null;
  /** Applications of campaigns for each ordinary one. */
  readonly campaignApplications: number;
}

/** Campaigns that are remembered, so that their members don't each draw them all. */
const remembered = 256;

/**
 * @param scale how many times the customers and sites of a lender with three events a second there are; 1 or more
 */
export function createApplicationSource(
  random: Random,
  scenarios: readonly Scenario[],
  scale: number,
): ApplicationSource {
  const lender = { scale, customers: Math.floor(world.sites.customers * scale) };
  const ordinary = 1 - scenarios.reduce((sum, { share }) => sum + share, 0);
  const begin = beginner(random, scenarios, lender, ordinary);

  const drawWho = (
    { number, member, channel }: ApplicationKey,
    planned: Member | null,
  ): { applicant: Applicant; product: Product } => {
    random.seek("application", number, member);
    const wanted = planned?.product ?? channelWorlds[channel].products(random);
    if (planned === null && random.chance(channelWorlds[channel].customers)) {
      const another = random.chance(0.4);
      const person = customerOf(random, random.below(lender.customers));
      const applicant = drawApplicant(random, person.stream, person.product, true);
      return { applicant, product: another ? wanted : person.product };
    }
    const person = planned?.person;
    if (!person)
      return { applicant: drawApplicant(random, { number, branch: member }, wanted, false), product: wanted };
    return {
      applicant: drawApplicant(random, person.stream, person.product, person.customer),
      product: wanted,
    };
  };

  const draw: ApplicationSource["draw"] = (key) => {
    const { number, member, channel } = key;
    const begun = isOfCampaign(key) ? begin(number) : null;
    const { applicant, product } = drawWho(key, begun?.campaign.members[member - 1] ?? null);
    random.seek("details", number, member);
    const application: Application = {
      number,
      member,
      channel,
      scenario: begun?.scenario.kind === "fraud" ? begun.scenario.name : null,
      hardNegative: begun?.scenario.kind === "hard_negative" ? begun.scenario.name : null,
      applicant,
      product,
      loan: drawLoan(random, product, applicant),
      session: drawSession(random, key, product, applicant, scale),
      checks: drawChecks(random, channel, applicant),
      submits: drawSubmits(random, key),
      mode: "auto",
      decision: undecided,
      stepsMs: [],
    };
    begun?.campaign.disguise(application, member - 1, random);
    application.decision = drawDecision(random, application);
    drawCourse(random, application);
    return application;
  };

  return {
    draw,
    campaignOf: (number, channel) => {
      const begun = begin(number);
      return begun?.scenario.begunBy === null || begun?.scenario.begunBy === channel ? begun : null;
    },
    scenarioOf: (key) => (isOfCampaign(key) ? (begin(key.number)?.scenario ?? null) : null),
    campaignApplications: (1 - ordinary) / ordinary,
  };
}

const isOfCampaign = ({ member }: ApplicationKey): boolean => member > 0 && member <= campaignMembers;

const undecided: Decision = {
  outcome: "incomplete",
  reasons: [],
  approvedAmountCents: null,
  offeredRate: null,
};

/** Draws which campaign a number begins, if any. */
function beginner(
  random: Random,
  scenarios: readonly Scenario[],
  lender: Lender,
  ordinary: number,
): (number: number) => Begun | null {
  const known = new Map<number, Begun>();
  const frequencies = scenarios.map((scenario) => frequencyOf(scenario, lender, ordinary));
  const any = frequencies.reduce((sum, frequency) => sum + frequency, 0);
  return (number) => {
    const before = known.get(number);
    if (before) return before;
    random.seek("campaign", number, 0);
    let at = random.uniform();
    if (at >= any) return null;
    for (const [place, scenario] of scenarios.entries()) {
      const frequency = frequencies[place] ?? 0;
      if (at < frequency) {
        const begun = { scenario, campaign: scenario.begin(random, number, lender) };
        if (known.size >= remembered) known.clear();
        known.set(number, begun);
        return begun;
      }
      at -= frequency;
    }
    return null;
  };
}

/** Campaigns for each ordinary application, as if each could begin one. */
function frequencyOf({ share, size, begunBy }: Scenario, lender: Lender, ordinary: number): number {
  const begins = begunBy === null ? 1 : channelWorlds[begunBy].share;
  return share / (ordinary * size(lender) * begins);
}
