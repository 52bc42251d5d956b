/**
 * `run.json` in the data directory: where a running instance listens, and the token by which other commands of the same
 * user may administer it. It is there from when the server listens until the process ends in order.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lives, type ProcessId, processId } from "../process-id.ts";

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
  const started = processId(running.pid)?.started ?? null;
  writeFileSync(unfinished, `${JSON.stringify({ ...running, started })}\n`, { mode: 0o600, flag: "wx" });
  renameSync(unfinished, path);
}

export function removeRunning(dataDirectory: string): void {
  rmSync(join(dataDirectory, FILE), { force: true });
}

/** The instance on a data directory; null unless its process lives and answers, whatever its health. */
export async function readRunning(dataDirectory: string): Promise<Running | null> {
  const found = parse(dataDirectory);
  if (found === null || !isAlive(found)) return null;
  const { started: _, ...running } = found;
  try {
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
    const response = await fetch(`${running.url}/healthz`, { signal });
    await response.body?.cancel();
    return response.ok || response.status === 503 ? running : null;
  } catch {
    return null;
  }
}

/** With when its process started; null where the system doesn't tell. */
type Written = Running & { readonly started: ProcessId["started"] | null };

function parse(dataDirectory: string): Written | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dataDirectory, FILE), "utf8"));
    return isWritten(found) ? found : null;
  } catch {
    return null;
  }
}

function isWritten(found: unknown): found is Written {
  if (typeof found !== "object" || found === null) return false;
  const none = { pid: null, url: null, token: null, startedAt: null, started: undefined };
  const { pid, url, token, startedAt, started } = { ...none, ...found };
  return (
    Number.isInteger(pid) &&
    (started === null || typeof started === "string") &&
    typeof url === "string" &&
    typeof token === "string" &&
    typeof startedAt === "string"
  );
}

/** A process of another user lives too. */
function isAlive({ pid, started }: Written): boolean {
  if (started !== null) return lives({ pid, started });
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
