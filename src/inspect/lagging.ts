/** Whether what comes is taken in. Pure. */
import { counted, duration } from "../output/quantities.ts";
import { type Finding, ok, warning } from "./check.ts";

export interface Waiting {
  readonly records: number;
  /** When the oldest of them came; null where there is none. */
  readonly oldestMs: number | null;
}

const BEHIND_MS = 10_000;

/** How long the oldest record that isn't committed has waited. */
export function delayFinding({ records, oldestMs }: Waiting, isRunning: boolean, nowMs: number): Finding {
  if (!isRunning)
    return ok(records === 0 ? "nothing waits" : `${counted(records, "record")} to take in at the next start`);
  const waitedMs = oldestMs === null ? 0 : nowMs - oldestMs;
  if (waitedMs < BEHIND_MS) return ok(`${counted(records, "record")} to take in`);
  return warning(
    `${counted(records, "record")} to take in, the oldest for ${duration(waitedMs)}`,
    "Give it another core, send less, or wait: after a start or a backfill it catches up.",
  );
}

/** Between two looks. */
export interface Flow {
  readonly came: number;
  readonly takenIn: number;
  readonly withinMs: number;
}

/** Whether more comes than is taken in, while something waits. */
export function pressureFinding({ came, takenIn, withinMs }: Flow, waiting: number): Finding {
  const aSecond = (records: number) => counted(Math.round((records * 1000) / withinMs), "record");
  const found = `${aSecond(came)} a second come, ${aSecond(takenIn)} are taken in`;
  if (came <= takenIn) return ok(found);
  return warning(
    `back-pressure: ${found}, ${counted(waiting, "record")} wait`,
    "If it goes on, send less, give it another core, or keep fewer tables; what waits is lost only where the topic's retention ends before its turn.",
  );
}
