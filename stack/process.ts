/** Ends processes. */
import { setTimeout as delay } from "node:timers/promises";
import { lives, type ProcessId } from "../src/process-id.ts";

/** SIGTERM to the process; SIGKILL to its whole group if it still lives after `graceMs`. Resolves once it has ended. */
export async function endProcess(process_: ProcessId, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  if (lives(process_)) process.kill(process_.pid, "SIGTERM");
  while (lives(process_)) {
    if (Date.now() > deadline) process.kill(-process_.pid, "SIGKILL");
    await delay(50);
  }
}
