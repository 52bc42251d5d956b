/** The stack without containers: its services as processes in the background, each with a folder of its own. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fail } from "../src/errors.ts";
import { lives } from "../src/process-id.ts";
import { withStackLocked } from "./lock.ts";
import { refuseUsedPort } from "./ports.ts";
import { endProcess } from "./process.ts";
import { endOfLog, type FoundService, findService, forgetService, LOG_FILE, ready } from "./service.ts";
import { everyService, lowered, type PortOf, portOf, refuseOthers, type StackService } from "./services.ts";

export interface StackOptions {
  /** Absolute. A folder in it for each service; what is stopped keeps its data there. */
  readonly directory: string;
  readonly cacheDir: string;
  /** For the ports. */
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/** As long as a broker with full disks may take to end. */
const STOPPED_WITHIN_MS = 30_000;
const LOG_LINES = "20";

/**
 * Starts those that don't run yet, and resolves to the ports of all. Throws what their starts throw, `stack.other-runs`
 * and `stack.port-in-use` before anything starts, and `stack.busy`.
 */
export async function startStack(services: readonly StackService[], options: StackOptions): Promise<PortOf> {
  await mkdir(options.directory, { recursive: true });
  return withStackLocked(options.directory, async () => {
    const running = await runningServices(options);
    refuseOthers(services, new Map([...running].map(([name, { title }]) => [name, title])));
    for (const service of services)
      if (!running.has(service.name)) await refuseUsedPort(portOf(service, options.env), portRemedy(service));
    const ports: PortOf = (service) => running.get(service.name)?.port ?? portOf(service, options.env);
    for (const service of services) {
      const found = running.get(service.name);
      await (found ? greet(service, found, options) : start(service, ports, options));
    }
    return ports;
  });
}

/** Stops what `startStack` started, and nothing else; whether there was anything. Throws `stack.busy`. */
export async function stopStack(options: StackOptions): Promise<boolean> {
  if (!existsSync(options.directory)) return false;
  return withStackLocked(options.directory, async () => {
    const stopped = [];
    for (const service of everyService.toReversed()) stopped.push(await stop(service, options));
    return stopped.includes(true);
  });
}

/** Removes what the services of a stopped stack keep. */
export const removeStackData = ({ directory }: StackOptions): Promise<void> =>
  rm(directory, { recursive: true, force: true });

export const anyRuns = async (options: StackOptions): Promise<boolean> =>
  (await runningServices(options)).size > 0;

/** By name. */
async function runningServices(options: StackOptions): Promise<ReadonlyMap<string, FoundService>> {
  const running = new Map<string, FoundService>();
  for (const service of everyService) {
    const found = await findService(folder(service, options));
    if (found && lives(found.process)) running.set(service.name, found);
  }
  return running;
}

/** Shows the end of each log and follows it until interrupted. Throws `stack.no-log`. */
export function followLogs(services: readonly StackService[], options: StackOptions): Promise<number> {
  const files = services.map((service) => logFile(service, options)).filter((file) => existsSync(file));
  if (files.length === 0)
    throw fail("stack.no-log", "no service was ever started here", "Start them: make up.", {
      file: shown(options.directory),
    });
  const tail = spawn("tail", ["-n", LOG_LINES, "-F", ...files.map(shown)], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    tail.once("error", reject);
    tail.once("close", (code) => resolve(code ?? 0));
  });
}

async function start(service: StackService, ports: PortOf, options: StackOptions): Promise<void> {
  const dataDir = folder(service, options);
  await reportEnd(service, options);
  options.say(`${service.title} starts${service.jars ? "; the first start of all fetches its jars" : ""}.`);
  const startedAt = performance.now();
  const port = ports(service);
  const { title } = service;
  const started = { cacheDir: options.cacheDir, dataDir, port, ownerPid: null, title };
  const { pid } = await service.start(started, ports);
  const place = `process ${pid}, log ${shown(logFile(service, options))}`;
  options.say(
    `${service.title} is ready at 127.0.0.1:${port} after ${secondsSince(startedAt)} s (${place}).`,
  );
}

/** Says so if it was started before and ended by itself. */
async function reportEnd(service: StackService, options: StackOptions): Promise<void> {
  const dataDir = folder(service, options);
  const found = await findService(dataDir);
  if (found === null) return;
  options.say(`${found.title} had ended by itself; its log ended with:\n${endOfLog(dataDir)}`);
  await forgetService(dataDir);
}

/** It may still be starting. */
async function greet(service: StackService, found: FoundService, options: StackOptions): Promise<void> {
  const { process, port } = found;
  const isReady = () => service.isReady(port);
  await ready(service.title, () => lives(process), isReady, folder(service, options));
  const place = `process ${process.pid}, log ${shown(logFile(service, options))}`;
  options.say(`${service.title} runs already at 127.0.0.1:${port} (${place}).`);
}

/** Whether it was there to stop. */
async function stop(service: StackService, options: StackOptions): Promise<boolean> {
  const found = await findService(folder(service, options));
  if (found === null) return false;
  if (lives(found.process)) {
    const startedAt = performance.now();
    await endProcess(found.process, STOPPED_WITHIN_MS);
    options.say(`${found.title} stopped after ${secondsSince(startedAt)} s; its data is kept.`);
    await forgetService(folder(service, options));
  } else await reportEnd(service, options);
  return true;
}

const folder = ({ name }: StackService, { directory }: StackOptions): string => join(directory, name);

const logFile = (service: StackService, options: StackOptions): string =>
  join(folder(service, options), LOG_FILE);

const shown = (path: string): string => relative(process.cwd(), path) || ".";

const secondsSince = (startedAt: number): string => ((performance.now() - startedAt) / 1000).toFixed(1);

const portRemedy = ({ title, portVariable, rival }: StackService): string =>
  `Stop what listens there (${rival}, perhaps), or give ${lowered(title)} another port: ${portVariable}=….`;
