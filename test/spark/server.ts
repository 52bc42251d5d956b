/**
 * One Spark for all tests of a run. The first test that asks starts it, every other process of the same
 * `node --test` finds it, and it ends with the run.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type SparkSession } from "../../src/engine/spark/connect/session.ts";
import { findJava, noJava } from "../../stack/java.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { type SparkServer, startSpark } from "../../stack/spark.ts";
import { steadyPort } from "../kafka/broker.ts";

/** The first start of all fetches Spark's jars. */
const STARTED_WITHIN_MS = 600_000;

/** The runner's process where there is one, else this one: the server lives as long as it. */
const runPid = process.env.NODE_TEST_CONTEXT === undefined ? process.pid : process.ppid;
const runDir = join(tmpdir(), `loanstream-test-spark-${runPid}`);

let url: Promise<string> | undefined;

/**
 * A session of its own for this test, closed after it. Without Java the test is skipped and `null` returned; with CI
 * set it fails. `LOANSTREAM_TEST_SPARK` names a server that already runs (`sc://host:port`).
 */
export async function sharedSpark(t: Pick<TestContext, "after" | "skip">): Promise<SparkSession | null> {
  const address = await sharedSparkUrl(t);
  if (address === null) return null;
  const spark = await connect(address);
  t.after(() => spark.close());
  return spark;
}

/** The address of the server that `sharedSpark` opens its sessions on; null where that is null. */
export async function sharedSparkUrl(t: Pick<TestContext, "skip">): Promise<string | null> {
  const given = process.env.LOANSTREAM_TEST_SPARK;
  if (given !== undefined) return given;
  if (await withoutJava(t)) return null;
  url ??= serverOfThisRun();
  return url;
}

/** A server of the test's own, to be killed and started again at the same address. */
export interface OwnSpark {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

/** Null where `sharedSpark` is. */
export async function ownSpark(t: Pick<TestContext, "after" | "skip">): Promise<OwnSpark | null> {
  if (await withoutJava(t)) return null;
  const dataDir = await mkdtemp(join(tmpdir(), "loanstream-test-spark-own-"));
  const port = await steadyPort();
  let running: SparkServer | null = null;
  const own: OwnSpark = {
    url: `sc://127.0.0.1:${port}`,
    async start() {
      running = await startSpark({ cacheDir: defaultCacheDir(process.env), dataDir, port });
    },
    async kill() {
      await running?.stop("SIGKILL");
      running = null;
    },
  };
  t.after(async () => {
    await own.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  await own.start();
  return own;
}

/** Whether the test can't run; with CI set it fails. */
async function withoutJava(t: Pick<TestContext, "skip">): Promise<boolean> {
  if ((await findJava(process.env)) !== null) return false;
  if (process.env.CI) throw noJava();
  t.skip("NO JAVA: nothing was compared with Spark. Install Java 17 and Maven to run this test.");
  return true;
}

/** Whoever makes the folder starts the server; the others wait for its address. */
async function serverOfThisRun(): Promise<string> {
  if (await claim(runDir)) return startAndTell();
  const deadline = Date.now() + STARTED_WITHIN_MS;
  while (existsSync(runDir) && Date.now() < deadline) {
    const found = await readFile(join(runDir, "url"), "utf8").catch(() => null);
    if (found !== null) return found;
    await delay(100);
  }
  throw new Error(`The test process that was to start Spark did not; see ${join(runDir, "server.log")}`);
}

const claim = (directory: string): Promise<boolean> =>
  mkdir(directory).then(
    () => true,
    () => false,
  );

async function startAndTell(): Promise<string> {
  const cacheDir = defaultCacheDir(process.env);
  try {
    const server = await startSpark({ cacheDir, dataDir: runDir, ownerPid: runPid, temporary: true });
    await writeFile(join(runDir, "url.part"), server.url);
    await rename(join(runDir, "url.part"), join(runDir, "url"));
    return server.url;
  } catch (error) {
    await rm(runDir, { recursive: true, force: true });
    throw error;
  }
}
