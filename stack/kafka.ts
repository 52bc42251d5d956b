/** Starts a Kafka broker (KRaft, one node) on this machine, with no Kafka installed: its jars come from Maven. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fail, type LoanstreamError } from "../src/errors.ts";
import { javaVersion, requireJava } from "./java.ts";
import { brokerProperties, type SecureListener } from "./kafka/properties.ts";
import { makeKeyStore } from "./kafka/tls.ts";
import { mavenJars } from "./maven.ts";
import { freePort, refuseUsedPort } from "./ports.ts";
import { type Service, type ServiceOptions, startService } from "./service.ts";

export const KAFKA_VERSION = "4.4.0";

export interface KafkaOptions extends ServiceOptions {
  /** A second listener, SASL over TLS, for these users. */
  readonly secure?: readonly User[];
  /** Where the broker says that its plain listener is, if not where it is: a mistake to look for. */
  readonly advertisedPort?: number;
}

export interface User {
  readonly name: string;
  readonly password: string;
}

export interface KafkaBroker extends Service {
  /** `127.0.0.1:port` of the plain listener, whose clients may do everything. */
  readonly bootstrap: string;
  readonly secure: { readonly bootstrap: string; readonly caFile: string } | null;
}

const here = join(import.meta.dirname, "kafka");
/** Any UUID: the broker is its own cluster. */
const CLUSTER_ID = "bG9hbnN0cmVhbS1sb2NhbA";

/** The folder of the jars: of the broker and of Kafka's own Java client. Throws `stack.no-maven`, `stack.maven-failed`. */
export const kafkaJars = (cacheDir: string): Promise<string> =>
  mavenJars(`kafka-${KAFKA_VERSION}`, { file: join(here, "pom.xml") }, cacheDir);

/**
 * Resolves once the broker accepts connections. A data directory that holds topics keeps them. Throws
 * `stack.no-java`, `stack.no-maven`, `stack.maven-failed`, `stack.port-in-use`, `stack.data-unusable`, and `stack.died`
 * with the end of the log.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const java = await requireJava(process.env);
  const jars = await kafkaJars(options.cacheDir);
  const run = [java, ...javaOptions(jars), `-XX:SharedArchiveFile=${await classArchive(java, jars)}`];
  return startBroker(java, run, run, options);
}

/** `formatRun` and `run` are a Java with its options, for the tool that formats and for the broker. */
async function startBroker(
  java: string,
  formatRun: readonly string[],
  run: readonly string[],
  options: KafkaOptions,
): Promise<KafkaBroker> {
  await mkdir(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  await refuseUsedPort(port);
  const secure = options.secure ? await secureListener(java, options.dataDir, options.secure) : null;
  const propertiesFile = join(options.dataDir, "server.properties");
  const ports = { port, advertised: options.advertisedPort ?? port, controller: await freePort() };
  const properties = brokerProperties(ports, join(options.dataDir, "topics"), secure);
  await writeFile(propertiesFile, properties, { mode: 0o600 });
  await format(formatRun, propertiesFile, options.secure ?? []);
  const command = [...run, "kafka.Kafka", propertiesFile];
  const service = await startService("Kafka", command, {}, port, options);
  return {
    ...service,
    bootstrap: `127.0.0.1:${port}`,
    secure: secure && { bootstrap: `127.0.0.1:${secure.port}`, caFile: secure.caFile },
  };
}

/**
 * The archive of loaded classes, with which a broker is ready in a quarter of the time. Made at the first call, for
 * each Java, by a broker that starts and ends; safe to call from several processes at once.
 */
async function classArchive(java: string, jars: string): Promise<string> {
  const version = createHash("sha256")
    .update(await javaVersion(java))
    .digest("hex")
    .slice(0, 12);
  const archive = join(jars, `classes-${version}.jsa`);
  if (existsSync(archive)) return archive;
  const dataDir = await mkdtemp(`${jars}-classes-`);
  try {
    const part = join(dataDir, "classes.jsa");
    const run = [java, ...javaOptions(jars)];
    const options = { cacheDir: dirname(jars), dataDir };
    const broker = await startBroker(java, run, [...run, `-XX:ArchiveClassesAtExit=${part}`], options);
    await broker.stop("SIGTERM");
    await rename(part, archive);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return archive;
}

async function secureListener(
  java: string,
  dataDir: string,
  users: readonly User[],
): Promise<SecureListener> {
  return { port: await freePort(), ...(await makeKeyStore(java, dataDir)), users };
}

/** Small and quick to start: one serial collector, the first compiler alone. */
function javaOptions(jars: string): string[] {
  return [
    ...["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:cds=off"],
    ...["-Xlog:cds+dynamic=off", "-Xlog:class+path=off"],
    `-Dlog4j2.configurationFile=${join(here, "log4j2.properties")}`,
    ...["-cp", join(jars, "*")],
  ];
}

/** Leaves a formatted folder as it is. Throws `stack.data-unusable`. */
async function format(run: readonly string[], propertiesFile: string, users: readonly User[]): Promise<void> {
  const [java = "", ...options] = run;
  const scram = users.flatMap(({ name, password }) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  const tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", propertiesFile];
  await promisify(execFile)(java, [...options, ...tool, "--ignore-formatted", ...scram]).catch((error) => {
    throw dataUnusable(propertiesFile, String(error.stderr));
  });
}

/** The command isn't shown, since it holds passwords. */
function dataUnusable(propertiesFile: string, complaint: string): LoanstreamError {
  const [, reason = complaint.split("\n")[0]] = /^Exception in [^:]+: (.*)$/m.exec(complaint) ?? [];
  const remedy = "Restore the folder, or remove it to start with an empty one.";
  return fail("stack.data-unusable", `Kafka can't use its data: ${reason}`, remedy, {
    file: dirname(propertiesFile),
  });
}
