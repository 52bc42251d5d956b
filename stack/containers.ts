/** The stack in containers, by docker-compose.yaml, where a Docker engine answers. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { StackService } from "./services.ts";

const composeFile = join(import.meta.dirname, "..", "docker-compose.yaml");
const LOG_LINES = "20";

/** Whether containers can be had: an engine that answers, and `docker compose`. */
export async function hasContainers(): Promise<boolean> {
  return (await docker(["info"], "ignore")) === 0 && (await docker(["compose", "version"], "ignore")) === 0;
}

/** Builds the application as it is here, and waits until all are healthy. Each of these gives docker's exit code. */
export const composeUp = (services: readonly StackService[]): Promise<number> =>
  compose(["up", "--build", "--detach", "--wait", ...names(services)]);

/** `removeData`: their volumes too. */
export const composeDown = (removeData: boolean): Promise<number> =>
  compose(["down", ...(removeData ? ["--volumes"] : [])]);

export const composeLogs = (services: readonly StackService[]): Promise<number> =>
  compose(["logs", "--tail", LOG_LINES, "--follow", ...names(services)]);

const names = (services: readonly StackService[]): string[] => services.map(({ name }) => name);

const compose = (args: readonly string[]): Promise<number> =>
  docker(["compose", "--file", composeFile, "--profile", "spark", ...args], "inherit");

function docker(args: readonly string[], output: "inherit" | "ignore"): Promise<number> {
  const process = spawn("docker", args, { stdio: ["ignore", output, output] });
  return new Promise((resolve) => {
    process.once("error", () => resolve(127));
    process.once("close", (code) => resolve(code ?? 1));
  });
}
