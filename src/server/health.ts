/** Whether the process works, and whether it has what it is asked for. */
import { type Diagnostic, fail } from "../errors.ts";
import type { Status } from "./parts.ts";
import { problemBody } from "./problems.ts";

interface HealthReply {
  readonly status: 200 | 503;
  readonly body: object;
}

/** 503 once the engine has stopped, with why. */
export function healthReply({ state, failure }: Status): HealthReply {
  if (state !== "failed") return { status: 200, body: { status: "ok", state } };
  return { status: 503, body: { status: "failed", state, ...problemBody(failure ?? unknownFailure()) } };
}

/** 200 once the state is restored and the history is in. */
export function readinessReply(status: Status): HealthReply {
  const { state, history, ratePerSecond, slowestTriggerMs } = status;
  if (state === "live")
    return { status: 200, body: { status: "ready", state, ratePerSecond, slowestTriggerMs } };
  if (state === "failed") return healthReply(status);
  return { status: 503, body: { status: "not ready", state, history, ratePerSecond, slowestTriggerMs } };
}

function unknownFailure(): Diagnostic {
  return fail("internal.unexpected", "the engine has stopped", "Look at the log of the process.")
    .diagnostics[0];
}
