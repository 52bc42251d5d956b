/** What works on a data directory alone names the run that is on it. */
import { fail } from "../errors.ts";
import { readRunning } from "../server/running.ts";

/** Throws `store.in-use` with process and address where a run is under way. */
export async function refuseSecond(dataDirectory: string): Promise<void> {
  const running = await readRunning(dataDirectory);
  if (running === null) return;
  const message = `process ${running.pid} runs on this data directory, at ${running.url}`;
  const remedy = "Stop it, or name another directory by --data-dir.";
  throw fail("store.in-use", message, remedy, { file: dataDirectory });
}
