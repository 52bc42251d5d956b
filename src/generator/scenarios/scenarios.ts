/**
 * The scenarios of the default world, in the order in which they are drawn. Frozen: a change of any of them, or of
 * this list, is a new version, so that what a rule was measured on can be named.
 */
import { accountTakeover } from "./account-takeover.ts";
import { bot } from "./bot.ts";
import { branchTerminal } from "./branch-terminal.ts";
import { campus } from "./campus.ts";
import { channelAttack } from "./channel-attack.ts";
import { deviceRing } from "./device-ring.ts";
import { family } from "./family.ts";
import { identityTheft } from "./identity-theft.ts";
import { incomeInflation } from "./income-inflation.ts";
import { ipFarm } from "./ip-farm.ts";
import { loanStacking } from "./loan-stacking.ts";
import { newImmigrant } from "./new-immigrant.ts";
import { passwordManager } from "./password-manager.ts";
import type { Scenario } from "./scenario.ts";
import { syntheticIdentity } from "./synthetic-identity.ts";
import { traveller } from "./traveller.ts";

export const SCENARIOS_VERSION = 1;

/** Fraud is 1.3 % of all applications together, within the 0.85-1.5 % of the BAF data suite (NeurIPS 2022). */
export const scenarios: readonly Scenario[] = [
  syntheticIdentity,
  identityTheft,
  deviceRing,
  ipFarm,
  loanStacking,
  bot,
  incomeInflation,
  channelAttack,
  accountTakeover,
  family,
  campus,
  branchTerminal,
  traveller,
  passwordManager,
  newImmigrant,
];
