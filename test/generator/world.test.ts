import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Application } from "../../src/generator/application.ts";
import { debtToIncome } from "../../src/generator/loan.ts";
import { createRandom } from "../../src/generator/random.ts";
import { scenarios } from "../../src/generator/scenarios/scenarios.ts";
import { createApplicationSource } from "../../src/generator/source.ts";
import {
  channels,
  channelWorlds,
  drawChannel,
  eventsPerApplication,
  products,
  productWorlds,
  scoreEdges,
} from "../../src/generator/world.ts";

const drawn = 60_000;
const ordinary: Application[] = [];

before(() => {
  const source = createApplicationSource(createRandom(3), scenarios, 1);
  const channelRandom = createRandom(4);
  for (let number = 0; number < drawn; number += 1) {
    ordinary.push(source.draw({ number, member: 0, channel: drawChannel(channelRandom) }));
  }
});

const near = (measured: number, stated: number, within: number, what: string) =>
  assert.ok(Math.abs(measured - stated) <= within, `${what}: ${measured.toFixed(4)}, stated ${stated}`);
const share = (of: readonly Application[], holds: (application: Application) => boolean) =>
  of.filter(holds).length / of.length;

test("channels come in their shares, and are abandoned in theirs", () => {
  for (const channel of channels) {
    const own = ordinary.filter((each) => each.channel === channel);
    near(own.length / drawn, channelWorlds[channel].share, 0.008, channel);
    near(
      share(own, ({ submits }) => !submits),
      channelWorlds[channel].abandonment,
      0.03,
      `${channel} abandoned`,
    );
  }
});

test("newcomers' scores fall into their product's bands", () => {
  for (const product of products) {
    const own = ordinary.filter((each) => each.product === product && each.applicant.customerDays === null);
    near(
      share(own, ({ applicant }) => applicant.file.score === null),
      productWorlds[product].noFile,
      0.02,
      `${product} no file`,
    );
    const scores = own.flatMap(({ applicant }) => applicant.file.score ?? []);
    for (const [band, stated] of productWorlds[product].scoreBands.entries()) {
      const inBand = scores.filter((score) => score >= scoreEdges[band]! && score < scoreEdges[band + 1]!);
      near(inBand.length / scores.length, stated, 0.03, `${product} from ${scoreEdges[band]}`);
    }
  }
});

test("approval comes near each product's rate", () => {
  for (const product of products) {
    const outcomes = ordinary
      .filter((each) => each.product === product && each.submits)
      .map(({ decision }) => decision.outcome);
    const approved = outcomes.filter((outcome) => outcome === "approved").length;
    const denied = outcomes.filter((outcome) => outcome === "denied").length;
    near(approved / (approved + denied), productWorlds[product].approvalRate, 0.035, product);
  }
});

test("approval falls with debt to income and rises with the score", () => {
  const decided = ordinary.filter(({ submits, product }) => submits && product === "credit_card");
  const approved = (of: readonly Application[]) =>
    share(of, ({ decision }) => decision.outcome === "approved");
  const burdened = (application: Application) => (debtToIncome(application) ?? 0) > 0.5;
  const strong = (application: Application) => (application.applicant.file.score ?? 0) >= 740;
  assert.ok(approved(decided.filter(burdened)) < approved(decided.filter((each) => !burdened(each))) - 0.05);
  assert.ok(approved(decided.filter(strong)) > approved(decided.filter((each) => !strong(each))) + 0.2);
});

test("an application has as many events as the rate reckons with", () => {
  const mean = ordinary.reduce((sum, { stepsMs }) => sum + stepsMs.length, 0) / drawn;
  near(mean, eventsPerApplication.ordinary, 0.015, "events an application");
});

test("with more traffic there are more customers and terminals, not busier ones", () => {
  const busy = createApplicationSource(createRandom(3), scenarios, 100);
  const terminals = new Set<number>();
  for (let number = 0; number < 2_000; number += 1) {
    const { session } = busy.draw({ number, member: 0, channel: "branch" });
    if (session.deviceSite) terminals.add(session.deviceSite.number);
  }
  assert.ok(terminals.size > 1400, `${terminals.size} terminals`);
});
