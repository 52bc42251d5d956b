/** The scenarios of the default world, in the order in which they are drawn. A new one is a file and a line here. */
import { deviceRing } from "./device-ring.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [deviceRing];
