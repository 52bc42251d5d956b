/** The lender's customers. Each has a product of their own, so that one person has one score throughout. */
import { drawApplicant } from "./applicant.ts";
import type { Random } from "./random.ts";
import type { Person } from "./scenarios/scenario.ts";
import { customerBranch } from "./sites.ts";
import { channelWorlds } from "./world.ts";

/** @param customer from 0 on, below the lender's number of customers */
export function customerOf(random: Random, customer: number): Person {
  random.seek("applicant", customer, customerBranch + 1);
  return {
    stream: { number: customer, branch: customerBranch },
    product: channelWorlds.web.products(random),
    customer: true,
  };
}

/** For how many days. */
export function isCustomerFor(random: Random, customer: number): number {
  const { stream, product } = customerOf(random, customer);
  return drawApplicant(random, stream, product, true).customerDays ?? 0;
}
