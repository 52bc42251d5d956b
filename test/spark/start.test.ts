import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../../src/engine/spark/connect/session.ts";
import { findJava } from "../../stack/java.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { startSpark } from "../../stack/spark.ts";
import { sharedSpark } from "./server.ts";

async function temporaryDir(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "loanstream-start-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test("a server and its files are gone once its owner was killed", { timeout: 120_000 }, async (t) => {
  if (!(await sharedSpark(t))) return;
  const dataDir = join(await temporaryDir(t), "data");
  const owner = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  assert.ok(owner.pid);
  const options = { cacheDir: defaultCacheDir(process.env), dataDir, ownerPid: owner.pid, temporary: true };
  const { url } = await startSpark(options);
  await (await connect(url)).close();
  owner.kill("SIGKILL");
  while (existsSync(dataDir)) await delay(100);
  await assert.rejects(connect(url), /\[spark\.unreachable\]/);
});

test("a server that dies at its start says so with the end of its log", async (t) => {
  if (!(await sharedSpark(t))) return;
  const directory = await temporaryDir(t);
  const javaHome = process.env.JAVA_HOME;
  t.after(() => {
    if (javaHome === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = javaHome;
  });
  process.env.JAVA_HOME = directory;
  await mkdir(join(directory, "bin"));
  const script = '#!/bin/sh\n[ "$1" = -version ] || { echo "out of luck"; exit 3; }\n';
  await writeFile(join(directory, "bin", "java"), script, { mode: 0o755 });
  const start = startSpark({ cacheDir: defaultCacheDir(process.env), dataDir: join(directory, "data") });
  await assert.rejects(start, /server\.log: .*ended[\s\S]*out of luck[\s\S]*\[stack\.died\]/);
});

test("a port that something else listens on is refused", async (t) => {
  if (!(await sharedSpark(t))) return;
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const address = other.address();
  assert.ok(address && typeof address === "object");
  const options = { cacheDir: defaultCacheDir(process.env), dataDir: await temporaryDir(t) };
  await assert.rejects(startSpark({ ...options, port: address.port }), /\[stack\.port-in-use\]/);
});

test("no Java is found where there is none", async () => {
  assert.equal(await findJava({ JAVA_HOME: "/nowhere" }), null);
});
