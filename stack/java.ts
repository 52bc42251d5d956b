/** The Java that runs a service. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fail, type LoanstreamError } from "../src/errors.ts";

/** The java to run, by JAVA_HOME or else the PATH; null if there is none. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string | null> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, "bin", "java") : "java";
  return promisify(execFile)(java, ["-version"]).then(
    () => java,
    () => null,
  );
}

/** What `java -version` says. */
export const javaVersion = (java: string): Promise<string> =>
  promisify(execFile)(java, ["-version"]).then(({ stderr }) => stderr);

/** As `findJava`. Throws `stack.no-java`. */
export async function requireJava(env: NodeJS.ProcessEnv): Promise<string> {
  const java = await findJava(env);
  if (java === null) throw noJava();
  return java;
}

export const noJava = (): LoanstreamError =>
  fail("stack.no-java", "no Java can be run", "Install Java 17, or set JAVA_HOME.");
