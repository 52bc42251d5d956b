/** Processes by number and time of start, so that a number that was given out again is never taken for the old one. */
import { readFileSync } from "node:fs";

export interface ProcessId {
  readonly pid: number;
  /** The machine's start and the ticks from there to the process's. */
  readonly started: string;
}

/** Null if there is none, and without `/proc`. A process that ended but wasn't asked for its status is none. */
export function processId(pid: number): ProcessId | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name, in parentheses, may hold anything: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], fields[19]];
  if (state === "Z" || state === "X") return null;
  return { pid, started: `${read("/proc/sys/kernel/random/boot_id")?.trim()} ${ticks}` };
}

export const lives = ({ pid, started }: ProcessId): boolean => processId(pid)?.started === started;

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
