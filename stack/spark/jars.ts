/** Spark's jars, copied from Maven artifacts into a cached folder: a Spark without an installation. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fail } from "../../src/errors.ts";

export const SPARK_VERSION = "3.5.4";
const pomFile = join(import.meta.dirname, "pom.xml");

/** `LOANSTREAM_CACHE`, or `loanstream` in the user's cache folder. */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  return env.LOANSTREAM_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "loanstream");
}

/**
 * The folder that holds every jar of a Spark Connect server, filled by Maven at the first call (about 230 MB).
 * Safe to call from several processes at once. Throws `spark.no-maven` and `spark.maven-failed`.
 */
export async function sparkJars(cacheDir: string): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(pomFile))
    .digest("hex")
    .slice(0, 12);
  const jars = join(cacheDir, `spark-${SPARK_VERSION}-${hash}`);
  if (!existsSync(jars)) await copyJars(cacheDir, jars);
  return jars;
}

async function copyJars(cacheDir: string, jars: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const building = await mkdtemp(join(cacheDir, "building-"));
  try {
    await runMaven(building);
    await rename(building, jars);
  } catch (error) {
    // Another process may have put its own, equal folder there first.
    if (!existsSync(jars)) throw error;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function runMaven(outputDirectory: string): Promise<void> {
  const goal = [
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${outputDirectory}`,
  ];
  const maven = spawn("mvn", ["-B", "-q", "-Dstyle.color=never", "-f", pomFile, ...goal], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  maven.stdout.on("data", collect);
  maven.stderr.on("data", collect);
  return new Promise((resolve, reject) => {
    maven.on("error", (cause) => reject(noMaven(cause)));
    maven.on("close", (code) => (code === 0 ? resolve() : reject(mavenFailed(output))));
  });
}

const noMaven = (cause: Error) =>
  fail("spark.no-maven", `Maven can't be run (${cause.message})`, "Install Maven, or put mvn on the PATH.");

const mavenFailed = (output: string) =>
  fail(
    "spark.maven-failed",
    `Maven could not fetch Spark's jars:\n${output.trim()}\n`,
    "Check the network and Maven's settings.xml, then run it again.",
    { file: pomFile },
  );

if (import.meta.main) console.log(await sparkJars(defaultCacheDir(process.env)));
