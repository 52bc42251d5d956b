/**
 * One Kafka broker for all tests of a run. The first test that asks starts it, every other process of the same
 * `node --test` finds it, and it ends with the run.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type KafkaAdmin, type NewTopic, openAdmin } from "../../src/kafka/admin.ts";
import { type KafkaSettings, plainSettings } from "../../src/kafka/settings.ts";
import { findJava, noJava } from "../../stack/java.ts";
import { type KafkaBroker, startKafka } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { answers } from "../../stack/ports.ts";

export interface TestBroker {
  readonly bootstrap: string;
  /** SASL over TLS, for alice and bob; null where the broker is one that ran already. */
  readonly secure: { readonly bootstrap: string; readonly caFile: string } | null;
}

export const USERS = [
  { name: "alice", password: "alice's secret" },
  { name: "bob", password: "bob's secret" },
] as const;

/** The first start of all fetches Kafka's jars. */
const STARTED_WITHIN_MS = 600_000;

/** The runner's process where there is one, else this one: the broker lives as long as it. */
const runPid = process.env.NODE_TEST_CONTEXT === undefined ? process.pid : process.ppid;
const runDir = join(tmpdir(), `loanstream-test-kafka-${runPid}`);

let broker: Promise<TestBroker> | undefined;

/**
 * Without Java the test is skipped and `null` returned; with CI set it fails. `LOANSTREAM_TEST_KAFKA` names a broker
 * that already runs (`host:port`, without security).
 */
export async function sharedKafka(t: Pick<TestContext, "skip">): Promise<TestBroker | null> {
  const given = process.env.LOANSTREAM_TEST_KAFKA;
  if (given !== undefined) return { bootstrap: given, secure: null };
  if (await withoutJava(t)) return null;
  broker ??= brokerOfThisRun();
  return broker;
}

/** Whether the test can't run; with CI set it fails. */
async function withoutJava(t: Pick<TestContext, "skip">): Promise<boolean> {
  if ((await findJava(process.env)) !== null) return false;
  if (process.env.CI) throw noJava();
  t.skip("NO JAVA: nothing was tried against Kafka. Install Java 17 and Maven to run this test.");
  return true;
}

/** A test, or a file of tests: something that ends. */
export interface Ending {
  after(work: () => Promise<void>): void;
}

export interface TestTopics {
  readonly settings: KafkaSettings;
  readonly admin: KafkaAdmin;
  /** Makes a topic of this test alone, with a name that begins so; it is deleted after the test. */
  topic(partitions: number, configs?: Record<string, string>): Promise<string>;
}

/** The shared broker with what nearly every test does with it. */
export async function kafkaWithTopics(t: Ending & Pick<TestContext, "skip">): Promise<TestTopics | null> {
  const found = await sharedKafka(t);
  return found && topicsOn(t, plainSettings([found.bootstrap]));
}

export async function topicsOn(t: Ending, settings: KafkaSettings): Promise<TestTopics> {
  const admin = await openAdmin(settings);
  const made: string[] = [];
  t.after(async () => {
    await admin.remove(made);
    await admin.close();
  });
  return {
    settings,
    admin,
    async topic(partitions, configs = {}) {
      const topic: NewTopic = { name: uniqueName("topic"), partitions, replication: 1, configs };
      await admin.create([topic]);
      made.push(topic.name);
      return topic.name;
    },
  };
}

let names = 0;
/** Of a topic, a group or a transaction that no other test has. */
export const uniqueName = (kind: string): string =>
  `${kind}-${process.pid}-${Date.now().toString(36)}-${names++}`;

/** A broker of the test's own, to be killed and started again at the same address. */
export interface OwnBroker {
  readonly settings: KafkaSettings;
  start(): Promise<void>;
  kill(): Promise<void>;
}

export async function ownKafka(t: Pick<TestContext, "after" | "skip">): Promise<OwnBroker | null> {
  if (await withoutJava(t)) return null;
  const dataDir = await mkdtemp(join(tmpdir(), "loanstream-test-kafka-own-"));
  const port = await steadyPort();
  let running: KafkaBroker | null = null;
  const own: OwnBroker = {
    settings: plainSettings([`127.0.0.1:${port}`]),
    async start() {
      running = await startKafka({ cacheDir: defaultCacheDir(process.env), dataDir, port });
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
 * own kind where nobody listens, and keep the broker from its port.
 */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!(await answers(port))) return port;
  }
}

/** Whoever makes the folder starts the broker; the others wait for its address. */
async function brokerOfThisRun(): Promise<TestBroker> {
  if (await claim(runDir)) return startAndTell();
  const deadline = Date.now() + STARTED_WITHIN_MS;
  while (existsSync(runDir) && Date.now() < deadline) {
    const found = await readFile(join(runDir, "address"), "utf8").catch(() => null);
    if (found !== null) return JSON.parse(found);
    await delay(100);
  }
  throw new Error(`The test process that was to start Kafka did not; see ${join(runDir, "server.log")}`);
}

const claim = (directory: string): Promise<boolean> =>
  mkdir(directory).then(
    () => true,
    () => false,
  );

async function startAndTell(): Promise<TestBroker> {
  const cacheDir = defaultCacheDir(process.env);
  try {
    const options = { cacheDir, dataDir: runDir, ownerPid: runPid, temporary: true, secure: USERS };
    const { bootstrap, secure } = await startKafka(options);
    await writeFile(join(runDir, "address.part"), JSON.stringify({ bootstrap, secure }));
    await rename(join(runDir, "address.part"), join(runDir, "address"));
    return { bootstrap, secure };
  } catch (error) {
    await rm(runDir, { recursive: true, force: true });
    throw error;
  }
}
