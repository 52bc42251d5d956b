/** A stack in a temporary folder, on free ports, that is stopped after its test. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { findJava, noJava } from "../../stack/java.ts";
import { kafkaJars } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { freePort } from "../../stack/ports.ts";
import { type StackOptions, stopStack } from "../../stack/processes.ts";

export interface StackUnderTest extends StackOptions {
  readonly kafkaPort: number;
  readonly appPort: number;
  readonly said: string[];
}

/** Without Java the test is skipped and `null` returned; with CI set it fails. */
export async function stackUnderTest(t: TestContext): Promise<StackUnderTest | null> {
  if ((await findJava(process.env)) === null) {
    if (process.env.CI) throw noJava();
    t.skip("NO JAVA: nothing was started. Install Java 17 and Maven to run this test.");
    return null;
  }
  const [kafkaPort, appPort] = [await freePort(), await freePort()];
  const said: string[] = [];
  const stack = {
    directory: await mkdtemp(join(tmpdir(), "loanstream-stack-")),
    cacheDir: defaultCacheDir(process.env),
    env: { KAFKA_PORT: String(kafkaPort), APP_PORT: String(appPort) },
    say: (line: string) => void said.push(line),
    kafkaPort,
    appPort,
    said,
  };
  t.after(async () => {
    await stopStack(stack);
    await rm(stack.directory, { recursive: true, force: true });
  });
  return stack;
}

/** Runs `Records.java` by Kafka's own client, and resolves to the lines that it prints. */
export async function records(
  action: "write" | "read",
  { cacheDir, kafkaPort }: StackUnderTest,
  ...topicAndValue: readonly string[]
): Promise<string[]> {
  const java = (await findJava(process.env)) ?? "java";
  const classPath = ["-cp", join(await kafkaJars(cacheDir), "*")];
  const program = join(import.meta.dirname, "Records.java");
  const run = ["-XX:TieredStopAtLevel=1", ...classPath, program, action, `127.0.0.1:${kafkaPort}`];
  const { stdout } = await promisify(execFile)(java, [...run, ...topicAndValue]);
  return stdout.split("\n").filter((line) => line !== "");
}
