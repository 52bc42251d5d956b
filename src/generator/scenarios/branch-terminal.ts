/** A busy day at a branch: one person after another at the same terminal, customers and newcomers. */
import { customerOf } from "../people.ts";
import { terminalCount } from "../session.ts";
import { terminalSites } from "../sites.ts";
import { channelWorlds, sites } from "../world.ts";
import { type Scenario, startsMs } from "./scenario.ts";

export const branchTerminal: Scenario = {
  name: "branch_terminal",
  kind: "hard_negative",
  share: 0.005,
  size: () => 11,
  begunBy: "branch",
  defaults: null,
  begin(random, _number, { scale, customers }) {
    const terminal = random.below(terminalCount("branch", scale));
    const { device, address } = terminalSites("branch", terminal, sites.terminalsPerAddress);
    const drawn = startsMs(random, 8 + random.below(7), 120_000, 420_000).map((afterMs) => ({
      afterMs,
      product: channelWorlds.branch.products(random),
      customer: random.chance(0.5) ? random.below(customers) : null,
    }));
    return {
      members: drawn.map(({ afterMs, product, customer }) => ({
        afterMs,
        product,
        channel: "branch",
        person: customer === null ? null : customerOf(random, customer),
      })),
      disguise({ session }) {
        session.deviceSite = device;
        session.addressSite = address;
      },
    };
  },
};
