/** The generator's figures as measured over many applications, beside what they should come near, and whose figure it is. */
import type { Application } from "../src/generator/application.ts";
import { debtToIncome } from "../src/generator/loan.ts";
import { drawOutlook } from "../src/generator/outlook.ts";
import { createRandom } from "../src/generator/random.ts";
import { scenarios } from "../src/generator/scenarios/scenarios.ts";
import { type ApplicationSource, createApplicationSource } from "../src/generator/source.ts";
import {
  channels,
  channelWorlds,
  drawChannel,
  products,
  productWorlds,
  scoreEdges,
} from "../src/generator/world.ts";

export interface Figure {
  readonly group: string;
  readonly name: string;
  /** Fractions of 1. */
  readonly stated: number;
  readonly measured: number;
}

interface Drawn {
  readonly application: Application;
  readonly defaults: boolean;
}

const applications = 150_000;

/** Ordinary applications and those of the campaigns that they begin, alike on every machine. */
export function drawSample(): readonly Drawn[] {
  const random = createRandom(2026);
  const channelRandom = createRandom(1);
  const source = createApplicationSource(random, scenarios, 1);
  const sample: Drawn[] = [];
  const add = (application: Application): void => {
    const { defaults } = drawOutlook(random, application, source.scenarioOf(application)?.defaults ?? null);
    sample.push({ application, defaults });
  };
  for (let number = 0; number < applications; number += 1) {
    const channel = drawChannel(channelRandom);
    add(source.draw({ number, member: 0, channel }));
    for (const application of campaign(source, number, channel)) add(application);
  }
  return sample;
}

function campaign(source: ApplicationSource, number: number, channel: Application["channel"]): Application[] {
  const members = source.campaignOf(number, channel)?.campaign.members ?? [];
  return members.map((member, place) => source.draw({ number, member: place + 1, channel: member.channel }));
}

export function measure(sample: readonly Drawn[]): readonly Figure[] {
  const all = sample.map(({ application }) => application);
  const honest = all.filter(({ scenario }) => scenario === null);
  return [
    ...channelFigures(all.filter(({ member }) => member === 0)),
    ...scoreFigures(honest),
    ...approvalFigures(honest),
    ...funnelFigures(honest),
    ...processingFigures(honest),
    {
      group: "Fraud",
      name: "of all applications",
      stated: 0.0126,
      measured: shareOf(all, ({ scenario }) => scenario !== null),
    },
    {
      group: "Default within 12 months",
      name: "AUC of the credit score",
      stated: 0.75,
      measured: aucOfScore(sample),
    },
  ];
}

function channelFigures(all: readonly Application[]): Figure[] {
  return channels.map((channel) => ({
    group: "Channel mix",
    name: channel,
    stated: channelWorlds[channel].share,
    measured: shareOf(all, (each) => each.channel === channel),
  }));
}

function scoreFigures(honest: readonly Application[]): Figure[] {
  return products.flatMap((product) => {
    const scores = honest
      .filter((each) => each.product === product && each.member === 0 && each.applicant.customerDays === null)
      .flatMap(({ applicant }) => applicant.file.score ?? []);
    return productWorlds[product].scoreBands.map((stated, band) => {
      const [from = 300, to = 851] = [scoreEdges[band], scoreEdges[band + 1]];
      const within = scores.filter((score) => score >= from && score < to).length;
      return {
        group: `Credit score: ${product}`,
        name: `${from}-${to - 1}`,
        stated,
        measured: within / scores.length,
      };
    });
  });
}

function approvalFigures(honest: readonly Application[]): Figure[] {
  return products.map((product) => {
    const decided = honest.filter(
      ({ product: own, submits, decision: { outcome } }) =>
        own === product && submits && (outcome === "approved" || outcome === "denied"),
    );
    return {
      group: "Approved / (approved + denied)",
      name: product,
      stated: productWorlds[product].approvalRate,
      measured: shareOf(decided, ({ decision }) => decision.outcome === "approved"),
    };
  });
}

function funnelFigures(honest: readonly Application[]): Figure[] {
  const submission = channels.map((channel) => ({
    group: "Funnel: submitted / started",
    name: channel,
    stated: 1 - channelWorlds[channel].abandonment,
    measured: shareOf(
      honest.filter((each) => each.channel === channel),
      ({ submits }) => submits,
    ),
  }));
  const payment = products.map((product) => ({
    group: "Funnel: funded / approved",
    name: product,
    stated: productWorlds[product].pullThrough,
    measured: shareOf(
      honest.filter(
        (each) => each.product === product && each.submits && each.decision.outcome === "approved",
      ),
      ({ stepsMs }) => stepsMs.length === 4,
    ),
  }));
  return [...submission, ...payment];
}

/** Shares of a log-normal around 9 s (automatic) and 2.5 h (by a person). */
function processingFigures(honest: readonly Application[]): Figure[] {
  const timesOf = (mode: string): number[] =>
    honest
      .filter((each) => each.submits && each.mode === mode)
      .map(({ stepsMs }) => (stepsMs[2] ?? 0) - (stepsMs[1] ?? 0));
  const below = (mode: string, ms: number): number => shareOf(timesOf(mode), (timeMs) => timeMs < ms);
  const group = "Time to decision";
  return [
    { group, name: "automatic, below 9 s", stated: 0.5, measured: below("auto", 9_000) },
    { group, name: "automatic, below a minute", stated: 0.982, measured: below("auto", 60_000) },
    { group, name: "manual, below 2.5 hours", stated: 0.5, measured: below("manual", 9_000_000) },
    { group, name: "manual, below 8 hours", stated: 0.927, measured: below("manual", 28_800_000) },
  ];
}

/** Shares of applications by debt to income: below 0.36, 0.43, 0.50, and above; none is stated anywhere. */
export function debtShares(sample: readonly Drawn[]): readonly (readonly [string, readonly number[]])[] {
  const edges = [0, 0.36, 0.43, 0.5, Number.POSITIVE_INFINITY];
  return products.flatMap((product) => {
    const ratios = sample.flatMap(({ application }) =>
      application.product === product ? (debtToIncome(application) ?? []) : [],
    );
    if (ratios.length === 0) return [];
    const bands = edges
      .slice(1)
      .map((to, band) => shareOf(ratios, (dti) => dti >= (edges[band] ?? 0) && dti < to));
    return [[product, bands] as const];
  });
}

/** Joint: approved / (approved + denied) and defaults by band of the score, all products. */
export function byScore(sample: readonly Drawn[]): readonly (readonly [string, number, number])[] {
  return scoreEdges.slice(0, -1).map((from, band) => {
    const to = scoreEdges[band + 1] ?? 851;
    const own = sample.filter(({ application: { applicant, scenario } }) => {
      const { score } = applicant.file;
      return scenario === null && score !== null && score >= from && score < to;
    });
    const decided = own.filter(
      ({ application: { submits, decision } }) =>
        submits && (decision.outcome === "approved" || decision.outcome === "denied"),
    );
    const approved = shareOf(decided, ({ application }) => application.decision.outcome === "approved");
    return [`${from}-${to - 1}`, approved, shareOf(own, ({ defaults }) => defaults)] as const;
  });
}

function shareOf<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length;
}

/** Probability that one who defaults has a lower score than one who doesn't; ties count half. */
function aucOfScore(sample: readonly Drawn[]): number {
  const bad = new Float64Array(851);
  const good = new Float64Array(851);
  for (const { application, defaults } of sample) {
    const { score } = application.applicant.file;
    if (score === null) continue;
    const counts = defaults ? bad : good;
    counts[score] = (counts[score] ?? 0) + 1;
  }
  let goodBelow = 0;
  let concordant = 0;
  let bads = 0;
  for (const [score, count] of bad.entries()) {
    const same = good[score] ?? 0;
    concordant += count * (goodBelow + same / 2);
    goodBelow += same;
    bads += count;
  }
  return 1 - concordant / (bads * goodBelow);
}
