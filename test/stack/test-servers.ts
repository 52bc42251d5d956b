/**
 * Servers for tests. One of a kind serves all tests of a run: the first that asks starts it, every other process of the
 * same `node --test` finds it, and it ends with the run. Or a test has one of its own, to be killed and started again.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findJava, noJava } from "../../stack/java.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { answers } from "../../stack/ports.ts";

/** Whether the test can't run, for want of Java; with CI set it fails. `nothing` was done with the server then. */
export async function withoutJava(t: Pick<TestContext, "skip">, nothing: string): Promise<boolean> {
  if ((await findJava(process.env)) !== null) return false;
  if (process.env.CI) throw noJava();
  t.skip(`NO JAVA: ${nothing}. Install Java 17 and Maven to run this test.`);
  return true;
}

/** The first start of all fetches jars. */
const STARTED_WITHIN_MS = 600_000;

/** The runner's process where there is one, else this one: the server lives as long as it. */
const runPid = process.env.NODE_TEST_CONTEXT === undefined ? process.pid : process.ppid;

export interface RunPlace {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly ownerPid: number;
  readonly temporary: true;
}

/**
 * Where the run's server of this kind is. Whoever makes the folder starts it; the others wait for its address.
 *
 * @param start what it gives is told to the others as JSON
 */
export async function serverOfThisRun<Address>(
  kind: string,
  start: (place: RunPlace) => Promise<Address>,
): Promise<Address> {
  const dataDir = join(tmpdir(), `loanstream-test-${kind}-${runPid}`);
  if (await claim(dataDir)) return startAndTell(dataDir, start);
  const deadline = Date.now() + STARTED_WITHIN_MS;
  while (existsSync(dataDir) && Date.now() < deadline) {
    const found = await readFile(join(dataDir, "address"), "utf8").catch(() => null);
    if (found !== null) return JSON.parse(found);
    await delay(100);
  }
  throw new Error(`The test process that was to start ${kind} did not; see ${join(dataDir, "server.log")}`);
}

const claim = (directory: string): Promise<boolean> =>
  mkdir(directory).then(
    () => true,
    () => false,
  );

async function startAndTell<Address>(
  dataDir: string,
  start: (place: RunPlace) => Promise<Address>,
): Promise<Address> {
  try {
    const cacheDir = defaultCacheDir(process.env);
    const address = await start({ cacheDir, dataDir, ownerPid: runPid, temporary: true });
    await writeFile(join(dataDir, "address.part"), JSON.stringify(address));
    await rename(join(dataDir, "address.part"), join(dataDir, "address"));
    return address;
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** A server of the test's own, to be killed and started again at the same address. */
export interface OwnServer {
  readonly port: number;
  start(): Promise<void>;
  kill(): Promise<void>;
}

interface OwnPlace {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly port: number;
}

/** Running already; it ends with the test. */
export async function ownServer(
  t: Pick<TestContext, "after">,
  kind: string,
  start: (place: OwnPlace) => Promise<{ stop(signal: "SIGKILL"): Promise<void> }>,
): Promise<OwnServer> {
  const dataDir = await mkdtemp(join(tmpdir(), `loanstream-test-${kind}-own-`));
  const port = await steadyPort();
  let running: Awaited<ReturnType<typeof start>> | null = null;
  const own: OwnServer = {
    port,
    async start() {
      running = await start({ cacheDir: defaultCacheDir(process.env), dataDir, port });
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

/**
 * A free port below those that the system gives to clients: one of these could meet itself while it tries a port of its
 * own kind where nobody listens, and keep the server from its port.
 */
async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!(await answers(port))) return port;
  }
}
