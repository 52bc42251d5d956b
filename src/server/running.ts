/**
 * `run.json` in the data directory: where a running instance listens, and the token by which other commands of the same
 * user may administer it. It is there from when the server listens until the process ends in order.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Running {
  readonly pid: number;
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly token: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

const FILE = "run.json";
const ANSWERS_WITHIN_MS = 2000;

/** Written whole or not at all, for this user alone. */
export function writeRunning(dataDirectory: string, running: Running): void {
  const path = join(dataDirectory, FILE);
  const unfinished = `${path}.${running.pid}`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(running)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(unfinished, path);
}

export function removeRunning(dataDirectory: string): void {
  rmSync(join(dataDirectory, FILE), { force: true });
}

/** The instance on a data directory; null unless its process lives and answers, whatever its health. */
export async function readRunning(dataDirectory: string): Promise<Running | null> {
  const running = parse(dataDirectory);
  if (running === null || !lives(running.pid)) return null;
  try {
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
    const response = await fetch(`${running.url}/healthz`, { signal });
    await response.body?.cancel();
    return response.ok || response.status === 503 ? running : null;
  } catch {
    return null;
  }
}

function parse(dataDirectory: string): Running | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dataDirectory, FILE), "utf8"));
    return isRunning(found) ? found : null;
  } catch {
    return null;
  }
}

function isRunning(found: unknown): found is Running {
  if (typeof found !== "object" || found === null) return false;
  const { pid, url, token, startedAt } = { pid: null, url: null, token: null, startedAt: null, ...found };
  return (
    Number.isInteger(pid) &&
    typeof url === "string" &&
    typeof token === "string" &&
    typeof startedAt === "string"
  );
}

/** A process of another user lives too. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
