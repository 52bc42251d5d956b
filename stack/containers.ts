/** The stack in containers, by docker-compose.yaml, where a Docker engine answers. */
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { everyService, type StackService, sparkTitle } from "./services.ts";

const composeFile = join(import.meta.dirname, "..", "docker-compose.yaml");
const LOG_LINES = "20";
const COMPOSE = ["compose", "--file", composeFile, "--profile", "spark"];

/** Whether containers can be had: an engine that answers, and `docker compose`. */
export async function hasContainers(): Promise<boolean> {
  return (await docker(["info"], "ignore")) === 0 && (await docker(["compose", "version"], "ignore")) === 0;
}

/** Titles of those that run, by name. */
export async function runningInContainers(): Promise<ReadonlyMap<string, string>> {
  const running = new Map<string, string>();
  for (const { name, title } of everyService) {
    const id = await ask([...COMPOSE, "ps", "--quiet", name]);
    if (id === "") continue;
    const image = name === "spark" ? await ask(["inspect", "--format", "{{.Config.Image}}", id]) : "";
    running.set(name, image === "" ? title : sparkTitle(image.slice(image.indexOf(":") + 1)));
  }
  return running;
}

/** Builds the application as it is here, and waits until all are healthy. Each of these gives docker's exit code. */
export const composeUp = (services: readonly StackService[]): Promise<number> =>
  compose(
    ["up", "--build", "--detach", "--wait", ...names(services)],
    Object.assign({}, ...services.map(({ variables }) => variables)),
  );

/** `removeData`: their volumes too. */
export const composeDown = (removeData: boolean): Promise<number> =>
  compose(["down", ...(removeData ? ["--volumes"] : [])]);

export const composeLogs = (services: readonly StackService[]): Promise<number> =>
  compose(["logs", "--tail", LOG_LINES, "--follow", ...names(services)]);

const names = (services: readonly StackService[]): string[] => services.map(({ name }) => name);

const compose = (args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<number> =>
  docker([...COMPOSE, ...args], "inherit", variables);

function docker(
  args: readonly string[],
  output: "inherit" | "ignore",
  variables: NodeJS.ProcessEnv = {},
): Promise<number> {
  const env = { ...process.env, ...variables };
  const child = spawn("docker", args, { env, stdio: ["ignore", output, output] });
  return new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** What it prints; nothing where it fails. */
const ask = (args: readonly string[]): Promise<string> =>
  promisify(execFile)("docker", args).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
