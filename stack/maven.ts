/** Jars of a service, copied from Maven artifacts into a cached folder: no installation, no container. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fail } from "../src/errors.ts";

/** `LOANSTREAM_CACHE`, or `loanstream` in the user's cache folder. */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  return env.LOANSTREAM_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "loanstream");
}

export interface Pom {
  readonly file: string;
  /** What the file leaves open. */
  readonly properties?: Readonly<Record<string, string>>;
}

/**
 * The folder under `cacheDir` that holds every jar that a pom names, filled by Maven at the first call. Safe to call
 * from several processes at once. Throws `stack.no-maven` and `stack.maven-failed`.
 */
export async function mavenJars(name: string, pom: Pom, cacheDir: string): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(pom.file))
    .update(definitions(pom).join())
    .digest("hex")
    .slice(0, 12);
  const jars = join(cacheDir, `${name}-${hash}`);
  if (!existsSync(jars)) await copyJars(pom, cacheDir, jars);
  return jars;
}

const definitions = ({ properties = {} }: Pom): string[] =>
  Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);

async function copyJars(pom: Pom, cacheDir: string, jars: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const building = await mkdtemp(join(cacheDir, "building-"));
  try {
    await runMaven(pom, building);
    await rename(building, jars);
  } catch (error) {
    // Another process may have put its own, equal folder there first.
    if (!existsSync(jars)) throw error;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function runMaven(pom: Pom, outputDirectory: string): Promise<void> {
  const goal = [
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    ...definitions(pom),
    `-DoutputDirectory=${outputDirectory}`,
  ];
  const maven = spawn("mvn", ["-B", "-q", "-Dstyle.color=never", "-f", pom.file, ...goal], {
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
    maven.on("close", (code) => (code === 0 ? resolve() : reject(mavenFailed(pom.file, output))));
  });
}

const noMaven = (cause: Error) =>
  fail("stack.no-maven", `Maven can't be run (${cause.message})`, "Install Maven, or put mvn on the PATH.");

const mavenFailed = (pomFile: string, output: string) =>
  fail(
    "stack.maven-failed",
    `Maven could not fetch the jars:\n${output.trim()}\n`,
    "Check the network and Maven's settings.xml, then run it again.",
    { file: pomFile },
  );
