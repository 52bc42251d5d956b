/** `make` in a checkout of its own: the same files, but another `.loanstream` and other ports. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../stack/ports.ts";

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Make {
  /** Resolves once standard error holds the text; rejects if the command ends without. */
  said(text: string): Promise<void>;
  /** What a terminal does at Ctrl-C: everything that runs in it gets the signal. */
  interrupt(): void;
  /** The same with `kill -9`, unless it has ended. */
  kill(): void;
  readonly ended: Promise<Ended>;
}

export interface Checkout {
  readonly directory: string;
  readonly kafkaPort: number;
  readonly sparkPort: number;
  /** What would be typed behind `make`. */
  make(...words: readonly string[]): Make;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const LINKED = [
  ...["Makefile", "bin", "node_modules", "package-lock.json", "package.json", "pipeline"],
  ...["src", "stack", "test"],
];
/** The caller's own, of which the checkout is to know nothing. */
const OF_CALLER = /^(LOANSTREAM_(?!CACHE$)|MAKE|MFLAGS$|(KAFKA|SPARK|APP)(_PORT)?$)/;

/** What still runs in it ends with the test, by `make down`. */
export async function checkout(t: Pick<TestContext, "after">): Promise<Checkout> {
  const directory = await mkdtemp(join(tmpdir(), "loanstream-checkout-"));
  for (const name of LINKED) await symlink(join(root, name), join(directory, name));
  const env = {
    ...withoutCallers(process.env),
    PATH: `${await noDocker(directory)}${delimiter}${process.env.PATH}`,
  };
  const [kafkaPort, sparkPort] = [await freePort(), await freePort()];
  const ports = [`KAFKA_PORT=${kafkaPort}`, `SPARK_PORT=${sparkPort}`];
  // What is installed is another's, and not to be touched.
  const options = ["--no-print-directory", "--old-file=node_modules/.setup"];
  const started: Make[] = [];
  const make = (...words: readonly string[]) => {
    const command = startMake([...options, ...words, ...ports], directory, env);
    started.push(command);
    return command;
  };
  t.after(async () => {
    for (const { kill } of started) kill();
    await make("down").ended;
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, kafkaPort, sparkPort, make };
}

function withoutCallers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_CALLER.test(name)));
}

/** A folder with a `docker` that finds no engine: containers would be those of the machine's one stack. */
async function noDocker(directory: string): Promise<string> {
  const folder = join(directory, "no-docker");
  await mkdir(folder);
  await writeFile(join(folder, "docker"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  return folder;
}

function startMake(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Make {
  const child = spawn("make", args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    texts.stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, ...texts }));
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (texts.stderr.includes(text)) resolve();
      };
      child.stderr.on("data", look);
      child.once("close", () =>
        reject(new Error(`make ${args.join(" ")} never said ${text}: ${texts.stderr}`)),
      );
      look();
    });
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, name);
  };
  return { said, interrupt: () => signal("SIGINT"), kill: () => signal("SIGKILL"), ended };
}
