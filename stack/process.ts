/** Processes by number and time of start, so that a number that was given out again is never taken for the old one. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface ProcessId {
  readonly pid: number;
  /** The machine's start and the ticks from there to the process's. */
  readonly started: string;
}

/** Null if there is none. A process that ended but wasn't asked for its status is none. */
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

/** SIGTERM to the process; SIGKILL to its whole group if it still lives after `graceMs`. Resolves once it has ended. */
export async function endProcess(process_: ProcessId, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  if (lives(process_)) process.kill(process_.pid, "SIGTERM");
  while (lives(process_)) {
    if (Date.now() > deadline) process.kill(-process_.pid, "SIGKILL");
    await delay(50);
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
