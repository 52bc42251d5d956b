/** Starts a Spark Connect server on this machine, with no Spark installed: its jars come from Maven. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { requireJava } from "./java.ts";
import { mavenJars } from "./maven.ts";
import { freePort, refuseUsedPort } from "./ports.ts";
import { type Service, type ServiceOptions, startService } from "./service.ts";
import { type SparkRelease, sparkRelease } from "./spark/releases.ts";

export interface SparkOptions extends ServiceOptions {
  /** The one that the project is made for if left out. */
  readonly release?: SparkRelease;
  /** What Java's compilers are told; fit for how long the server stays if left out. */
  readonly java?: readonly string[];
}

export interface SparkServer extends Service {
  /** `sc://127.0.0.1:port` */
  readonly url: string;
}

const here = join(import.meta.dirname, "spark");

/** What pom.xml leaves open. */
export const pomProperties = ({
  version,
  scala,
  connector,
}: SparkRelease): Readonly<Record<string, string>> => ({
  "spark.version": version,
  "scala.version": scala,
  "connector.version": connector,
});

/** The folder of the jars. Throws `stack.no-maven`, `stack.maven-failed`. */
export const sparkJars = (release: SparkRelease, cacheDir: string): Promise<string> =>
  mavenJars(
    `spark-${release.version}`,
    { file: join(here, "pom.xml"), properties: pomProperties(release) },
    cacheDir,
  );

/**
 * Resolves once the port answers. Fetches 230 to 300 MB of jars at the first call. Throws `stack.no-java`,
 * `stack.no-maven`, `stack.maven-failed`, `stack.port-in-use`, and `stack.died` with the end of the log.
 */
export async function startSpark(options: SparkOptions): Promise<SparkServer> {
  const { release = sparkRelease("1") } = options;
  const java = await requireJava(process.env);
  const jars = await sparkJars(release, options.cacheDir);
  await mkdir(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  await refuseUsedPort(port);
  const settings = sparkSettings(release, port, options.dataDir);
  const compiler = options.java ?? (options.ownerPid === null ? LASTING_OPTIONS : BRIEF_OPTIONS);
  const command = [java, ...compiler, ...javaArguments(jars, settings, options.dataDir)];
  const env = { SPARK_LOCAL_IP: "127.0.0.1" };
  const service = await startService("the Spark server", command, env, port, options);
  return { ...service, url: `sc://127.0.0.1:${port}` };
}

export const JAVA_OPTIONS = ["-Duser.timezone=UTC", "-Djdk.lang.Process.launchMechanism=VFORK"];
/** For minutes of small queries the second compiler never pays, and two cores have none to spare for it. */
const BRIEF_OPTIONS = ["-XX:TieredStopAtLevel=1"];
/** In days it does; of what Spark generates much is too large to be compiled unless that is asked for. */
export const LASTING_OPTIONS = ["-XX:-DontCompileHugeMethods"];

function javaArguments(jars: string, settings: Record<string, string>, dataDir: string): string[] {
  const given = Object.entries(settings).flatMap(([key, value]) => ["--conf", `${key}=${value}`]);
  return [
    ...["-Xmx3g", "-XX:+UseSerialGC", ...JAVA_OPTIONS],
    `-Dlog4j2.configurationFile=${join(here, "log4j2.properties")}`,
    `-Djava.io.tmpdir=${dataDir}`,
    ...addOpens(),
    ...["-cp", join(jars, "*"), "org.apache.spark.deploy.SparkSubmit"],
    ...["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"],
    ...given,
    "spark-internal",
  ];
}

/** For one machine and small queries: few partitions, nothing that only pays on large data. */
export const sparkSettings = (
  { checkpointPackage }: SparkRelease,
  port: number,
  dataDir: string,
): Record<string, string> => ({
  // Spark 3.5 knows neither of these two: it answers everywhere, and a session ends an hour after its last call.
  "spark.connect.grpc.binding.address": "127.0.0.1",
  "spark.connect.session.manager.defaultSessionTimeout": "-1",
  "spark.connect.grpc.binding.port": String(port),
  "spark.driver.bindAddress": "127.0.0.1",
  "spark.driver.host": "127.0.0.1",
  // Without Hadoop's native code Spark would start a process for each file of a checkpoint.
  "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
  "spark.local.dir": dataDir,
  "spark.sql.adaptive.enabled": "false",
  "spark.sql.ansi.enabled": "false",
  "spark.sql.catalogImplementation": "in-memory",
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.shuffle.partitions": "2",
  "spark.sql.streaming.checkpointFileManagerClass": `${checkpointPackage}.FileSystemBasedCheckpointFileManager`,
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
