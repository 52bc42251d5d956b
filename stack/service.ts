/** A service of the stack as a process in the background, with its log and its life cycle. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fail, type LoanstreamError } from "../src/errors.ts";
import { answers } from "./ports.ts";

export interface ServiceOptions {
  /** Where jars are kept between runs. */
  readonly cacheDir: string;
  /** For the log (`server.log`) and the service's files; made if it isn't there. */
  readonly dataDir: string;
  /** A free one if left out. */
  readonly port?: number;
  /**
   * The service ends with this process, however that ends: this one if left out. Null: it goes on by itself until
   * it is stopped.
   */
  readonly ownerPid?: number | null;
  /** Whether `dataDir` goes away with the service and its owner. */
  readonly temporary?: boolean;
}

export interface Service {
  /** Of its process group. */
  readonly pid: number;
  /** `SIGKILL` unless another signal is given; resolves once it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export const LOG_FILE = "server.log";
const READY_WITHIN_MS = 120_000;
const LOG_LINES_SHOWN = 20;
const runWhile = join(import.meta.dirname, "run-while.sh");

/**
 * Starts the command and resolves once its port answers. `name` is for messages. Throws `stack.died` with the end of
 * its log.
 */
export async function startService(
  name: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  port: number,
  options: ServiceOptions,
): Promise<Service> {
  await mkdir(options.dataDir, { recursive: true });
  const process = spawnService(command, env, options);
  await ready(name, process, port, options.dataDir);
  return {
    pid: process.pid ?? 0,
    async stop(signal = "SIGKILL") {
      await end(process, signal);
      if (options.temporary) await rm(options.dataDir, { recursive: true, force: true });
    },
  };
}

function spawnService(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { dataDir, ownerPid = process.pid, temporary = false }: ServiceOptions,
): ChildProcess {
  const watched = ownerPid === null ? [] : [runWhile, String(ownerPid), temporary ? dataDir : ""];
  const [program = "", ...rest] = [...watched, ...command];
  const log = openSync(join(dataDir, LOG_FILE), "w");
  const service = spawn(program, rest, {
    cwd: dataDir,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  service.unref();
  return service;
}

async function ready(name: string, service: ChildProcess, port: number, dataDir: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers(port))) {
    const ended = hasEnded(service);
    if (ended || Date.now() > deadline) {
      await end(service, "SIGKILL");
      throw await died(ended ? `${name} ended` : `${name} did not get ready`, dataDir);
    }
    await delay(50);
  }
}

async function died(what: string, dataDir: string): Promise<LoanstreamError> {
  const file = join(dataDir, LOG_FILE);
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n").slice(-LOG_LINES_SHOWN);
  const message = `${what}; its log ends with:\n${lines.join("\n")}\n`;
  return fail("stack.died", message, "Read the log lines above.", { file });
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Ends the whole process group: the service, and the watch over it. */
async function end(service: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (service.pid === undefined || hasEnded(service)) return;
  const ended = new Promise<void>((resolve) => service.once("exit", () => resolve()));
  service.ref();
  process.kill(-service.pid, signal);
  await ended;
}
