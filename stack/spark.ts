/** Starts a Spark Connect server on this machine, with no Spark installed: its jars come from Maven. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { fail, type LoanstreamError } from "../src/errors.ts";
import { sparkJars } from "./spark/jars.ts";

export interface SparkOptions {
  /** Where Spark's jars are kept between runs. */
  readonly cacheDir: string;
  /** For the log (`server.log`), temporary files and tables; made if it isn't there. */
  readonly dataDir: string;
  /** A free one if left out. */
  readonly port?: number;
  /** The server ends with this process, however that ends. This process if left out. */
  readonly ownerPid?: number;
  /** Whether `dataDir` goes away with the server. */
  readonly temporary?: boolean;
}

export interface SparkServer {
  /** `sc://127.0.0.1:port` */
  readonly url: string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const LOG_LINES_SHOWN = 20;
const here = join(import.meta.dirname, "spark");

/**
 * Resolves once the port answers. Throws `spark.no-java`, `spark.no-maven`, `spark.maven-failed`, `spark.port-in-use`,
 * and `spark.died` with the end of the log.
 */
export async function startSpark(options: SparkOptions): Promise<SparkServer> {
  const java = await findJava(process.env);
  if (java === null) throw noJava();
  const jars = await sparkJars(options.cacheDir);
  await mkdir(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  if (await answers(port)) throw portInUse(port);
  const server = spawnServer(java, jars, port, options);
  await ready(server, port, options.dataDir);
  const stopped = async () => {
    await stop(server);
    if (options.temporary) await rm(options.dataDir, { recursive: true, force: true });
  };
  return { url: `sc://127.0.0.1:${port}`, stop: stopped };
}

/** The java to run, by JAVA_HOME or else the PATH; null if there is none. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string | null> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, "bin", "java") : "java";
  return promisify(execFile)(java, ["-version"]).then(
    () => java,
    () => null,
  );
}

export const noJava = (): LoanstreamError =>
  fail("spark.no-java", "no Java can be run", "Install Java 17, or set JAVA_HOME.");

const portInUse = (port: number) =>
  fail("spark.port-in-use", `port ${port} is in use`, "Stop what listens there, or take another port.");

function spawnServer(java: string, jars: string, port: number, options: SparkOptions): ChildProcess {
  const log = openSync(join(options.dataDir, "server.log"), "w");
  const watch = [String(options.ownerPid ?? process.pid), options.temporary ? options.dataDir : ""];
  const command = [java, ...javaArguments(jars, port, options.dataDir)];
  const server = spawn(join(here, "run-while.sh"), [...watch, ...command], {
    cwd: options.dataDir,
    detached: true,
    env: { ...process.env, SPARK_LOCAL_IP: "127.0.0.1" },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  server.unref();
  return server;
}

function javaArguments(jars: string, port: number, dataDir: string): string[] {
  const settings = Object.entries(sparkSettings(port, dataDir)).flatMap(([key, value]) => [
    "--conf",
    `${key}=${value}`,
  ]);
  return [
    // For minutes of small queries the second compiler never pays, and two cores have none to spare for it.
    ...["-Xmx3g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
    "-Duser.timezone=UTC",
    `-Dlog4j2.configurationFile=${join(here, "log4j2.properties")}`,
    `-Djava.io.tmpdir=${dataDir}`,
    ...addOpens(),
    ...["-cp", join(jars, "*"), "org.apache.spark.deploy.SparkSubmit"],
    ...["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"],
    ...settings,
    "spark-internal",
  ];
}

/** For one machine and small queries: few partitions, nothing that only pays on large data. */
const sparkSettings = (port: number, dataDir: string): Record<string, string> => ({
  "spark.connect.grpc.binding.port": String(port),
  "spark.driver.bindAddress": "127.0.0.1",
  "spark.driver.host": "127.0.0.1",
  "spark.local.dir": dataDir,
  "spark.sql.adaptive.enabled": "false",
  "spark.sql.ansi.enabled": "false",
  "spark.sql.catalogImplementation": "in-memory",
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.shuffle.partitions": "2",
  "spark.sql.warehouse.dir": join(dataDir, "warehouse"),
  "spark.ui.enabled": "false",
});

/** What Spark needs of the JDK's own packages from Java 17 on, as in its JavaModuleOptions. */
function addOpens(): string[] {
  const java = "lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic";
  const rest = "jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar";
  const packages = [...java.split(" ").map((name) => `java.${name}`), ...rest.split(" ")];
  return packages.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
}

async function ready(server: ChildProcess, port: number, dataDir: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers(port))) {
    const ended = server.exitCode !== null || server.signalCode !== null;
    if (ended || Date.now() > deadline) {
      await stop(server);
      throw await died(ended ? "the Spark server ended" : "the Spark server did not get ready", dataDir);
    }
    await delay(100);
  }
}

async function died(what: string, dataDir: string): Promise<LoanstreamError> {
  const file = join(dataDir, "server.log");
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n").slice(-LOG_LINES_SHOWN);
  return fail(
    "spark.died",
    `${what}; its log ends with:\n${lines.join("\n")}\n`,
    "Read the log lines above.",
    {
      file,
    },
  );
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(address)));
    });
  });

/** Ends the whole process group: the server, and the watch over it. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  server.ref();
  process.kill(-server.pid, "SIGKILL");
  await ended;
}
