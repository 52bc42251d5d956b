/** One life of a feeding process (`child.ts`), as its parent sees it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface Life {
  /** What it went on from; null while it has not said so. */
  startPosition(): number | null;
  /** Everything before it was acknowledged; 0 before the first. */
  acknowledged(): number;
  /** Resolves once everything before the position was acknowledged, or the process has ended. */
  reached(position: number): Promise<void>;
  kill(): void;
  /** Lets one that waits drain. */
  stop(): void;
  readonly ended: Promise<Ended>;
}

export interface LifeSettings {
  readonly dataDirectory: string;
  /** Written by `writeRecords`. */
  readonly records: string;
  readonly until: number;
  readonly end: "drain" | "wait";
}

const child = fileURLToPath(new URL("child.ts", import.meta.url));

/** `through` is a command that runs the rest of its arguments, such as one that sets a limit. */
export function startLife(settings: LifeSettings, through: readonly string[] = []): Life {
  const { dataDirectory, records, until, end } = settings;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", child];
  const [command = "", ...args] = [...through, ...node, dataDirectory, records, String(until), end];
  const running = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = new Map<string, number>();
  let unfinished = "";
  let stderr = "";
  let onLine = (): void => {};
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (unfinished + text).split("\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) {
      const [what = "", position] = line.split(" ");
      said.set(what, Math.max(said.get(what) ?? 0, Number(position)));
    }
    onLine();
  });
  running.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    running.on("close", (exitCode, signal) => resolve({ exitCode, signal, stderr }));
  });
  const acknowledged = (): number => said.get("acknowledged") ?? 0;
  const reached = (position: number): Promise<void> =>
    new Promise((resolve) => {
      onLine = () => {
        if (acknowledged() >= position) resolve();
      };
      onLine();
    });
  return {
    startPosition: () => said.get("ready") ?? null,
    acknowledged,
    reached: (position) => Promise.race([reached(position), ended.then(() => {})]),
    kill: () => running.kill("SIGKILL"),
    stop: () => running.kill("SIGTERM"),
    ended,
  };
}
