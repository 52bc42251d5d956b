/** A service of the stack as a process in the background, with its log and its life cycle. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fail, type LoanstreamError } from "../src/errors.ts";
import { type ProcessId, processId } from "../src/process-id.ts";
import { answers } from "./ports.ts";

export interface ServiceOptions {
  /** Where jars are kept between runs. */
  readonly cacheDir: string;
  /** For the log (`server.log`) and the service's files; made if it isn't there. */
  readonly dataDir: string;
  /** A free one if left out. */
  readonly port?: number;
  /**
   * The service ends with this process, however that ends: this one if left out. Null: it goes on by itself, is
   * started again after a crash, and `findService` finds it by its folder.
   */
  readonly ownerPid?: number | null;
  /** What `findService` calls it. */
  readonly title?: string;
  /** Whether `dataDir` goes away with the service and its owner. */
  readonly temporary?: boolean;
}

export interface Service {
  /** Of its process group: a watch over the service leads it. */
  readonly pid: number;
  /** `SIGKILL` unless another signal is given; resolves once it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** One that goes on by itself. */
export interface FoundService {
  readonly title: string;
  readonly process: ProcessId;
  readonly port: number;
}

export const LOG_FILE = "server.log";
const RECORD_FILE = "process.json";
const READY_WITHIN_MS = 120_000;
const GONE_WITHIN_MS = 10_000;
const LOG_LINES_SHOWN = 20;
const runWhile = join(import.meta.dirname, "run-while.sh");
const keepRunning = join(import.meta.dirname, "keep-running.sh");

/** Whether what listens on a port is ready. */
export type IsReady = (port: number) => Promise<boolean>;

/**
 * Starts the command and resolves once it is ready: its port answers, unless told otherwise. `name` is for messages.
 * Throws `stack.died` with the end of its log.
 */
export async function startService(
  name: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  port: number,
  options: ServiceOptions,
  isReady: IsReady = answers,
): Promise<Service> {
  await mkdir(options.dataDir, { recursive: true });
  const service = spawnService(command, env, options);
  if (options.ownerPid === null) await writeRecord(options, service, port, name);
  try {
    await ready(
      name,
      () => !hasEnded(service),
      () => isReady(port),
      options.dataDir,
    );
  } catch (error) {
    await end(service, port, "SIGKILL");
    await forgetService(options.dataDir);
    throw error;
  }
  return {
    pid: service.pid ?? 0,
    async stop(signal = "SIGKILL") {
      await end(service, port, signal);
      if (options.temporary) await rm(options.dataDir, { recursive: true, force: true });
    },
  };
}

/** What was started to go on by itself with its files there, and not forgotten since; it may have ended. */
export async function findService(dataDir: string): Promise<FoundService | null> {
  const file = join(dataDir, RECORD_FILE);
  if (!existsSync(file)) return null;
  return JSON.parse(await readFile(file, "utf8"));
}

export const forgetService = (dataDir: string): Promise<void> =>
  rm(join(dataDir, RECORD_FILE), { force: true });

/** Resolves once it is ready. Throws `stack.died`, with the end of its log, when it isn't in time. */
export async function ready(
  name: string,
  isAlive: () => boolean,
  isReady: () => Promise<boolean>,
  dataDir: string,
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isReady())) {
    if (!isAlive()) throw died(`${name} ended`, dataDir);
    if (Date.now() > deadline) throw died(`${name} did not get ready`, dataDir);
    await delay(50);
  }
}

/** The last lines of a service's log. */
export function endOfLog(dataDir: string): string {
  const lines = readFileSync(join(dataDir, LOG_FILE), "utf8").trimEnd().split("\n");
  return lines.slice(-LOG_LINES_SHOWN).join("\n");
}

function spawnService(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { dataDir, ownerPid = process.pid, temporary = false }: ServiceOptions,
): ChildProcess {
  const watch = ownerPid === null ? [keepRunning] : [runWhile, String(ownerPid), temporary ? dataDir : ""];
  const [program = "", ...rest] = [...watch, ...command];
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

async function writeRecord(
  { dataDir, title }: ServiceOptions,
  { pid = 0 }: ChildProcess,
  port: number,
  name: string,
): Promise<void> {
  const process = processId(pid);
  if (process === null) return;
  const record: FoundService = { title: title ?? name, process, port };
  const file = join(dataDir, RECORD_FILE);
  await writeFile(`${file}.part`, JSON.stringify(record));
  await rename(`${file}.part`, file);
}

function died(what: string, dataDir: string): LoanstreamError {
  const file = join(dataDir, LOG_FILE);
  const message = `${what}; its log ends with:\n${endOfLog(dataDir)}\n`;
  return fail("stack.died", message, "Read the log lines above.", { file });
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Ends the whole process group: the service, and the watch over it. */
async function end(service: ChildProcess, port: number, signal: NodeJS.Signals): Promise<void> {
  if (service.pid === undefined || hasEnded(service)) return;
  const ended = new Promise<void>((resolve) => service.once("exit", () => resolve()));
  service.ref();
  process.kill(-service.pid, signal);
  await ended;
  // A killed service with much memory ends after the watch over it.
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (Date.now() < deadline && (await answers(port))) await delay(10);
}
