/** Runs the command line as a user does, in a process of its own. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface RunningCommand {
  readonly outcome: Promise<Outcome>;
  signal(name: NodeJS.Signals): void;
  /** Sends what Ctrl-C sends. */
  interrupt(): void;
  /** As `kill -9` does. */
  kill(): void;
  /** Resolves once standard error holds the text; rejects if the command ends without. */
  said(text: string): Promise<void>;
  /** The same of standard output. */
  printed(text: string): Promise<void>;
}

export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCommand {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...environment } });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    texts.stderr += text;
  });
  child.stdin.end();
  const outcome = new Promise<Outcome>((resolve) => {
    child.on("close", (exitCode) => resolve({ exitCode, ...texts }));
  });
  const wrote = (to: "stdout" | "stderr") => (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (texts[to].includes(text)) resolve();
      };
      child[to].on("data", look);
      child.on("close", () => reject(new Error(`never wrote "${text}" to ${to} but ${texts[to]}`)));
      look();
    });
  return {
    outcome,
    said: wrote("stderr"),
    printed: wrote("stdout"),
    signal: (name) => child.kill(name),
    interrupt: () => child.kill("SIGINT"),
    kill: () => child.kill("SIGKILL"),
  };
}

export function loanstream(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<Outcome> {
  return start(args, environment).outcome;
}
