/** Servers on which no application can run. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { createServer } from "node:http2";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { openApp } from "../../src/engine/spark/app/app.ts";
import { SparkConnectService } from "../../src/engine/spark/connect/generated/spark/connect/base_pb.js";
import { connect } from "../../src/engine/spark/connect/session.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { freePort } from "../../stack/ports.ts";
import { sparkJars, startSpark } from "../../stack/spark.ts";
import { given, recordIn, within } from "./carrying-app.ts";
import { release } from "./server.ts";

/** The jars of a release, but for the connector to Kafka. */
async function cacheWithoutConnector(t: TestContext): Promise<string> {
  const jars = await sparkJars(release, defaultCacheDir(process.env));
  const cacheDir = await mkdtemp(join(tmpdir(), "loanstream-no-connector-"));
  t.after(() => rm(cacheDir, { recursive: true, force: true }));
  const folder = join(cacheDir, basename(jars));
  await mkdir(folder);
  for (const jar of await readdir(jars))
    if (!jar.startsWith("spark-sql-kafka")) await symlink(join(jars, jar), join(folder, jar));
  return cacheDir;
}

test("a server without the connector to Kafka is told which package it lacks", {
  timeout: 180_000,
}, async (t) => {
  const on = await given(t);
  if (!on) return;
  const cacheDir = await cacheWithoutConnector(t);
  const dataDir = join(on.directory, "server");
  const server = await startSpark({ release, cacheDir, dataDir, port: await freePort() });
  t.after(() => server.stop("SIGKILL"));
  const { version, scala } = release;
  await assert.rejects(openApp({ ...on.options, remote: server.url }), {
    exitCode: 2,
    message: new RegExp(
      `Spark ${version} runs without its connector to Kafka \\[spark\\.connector-missing\\]\\. .*--packages org\\.apache\\.spark:spark-sql-kafka-0-10_${scala}:${version}`,
    ),
  });
});

/** A server that speaks as Spark does, and is none. */
async function impostor(
  t: TestContext,
  routes: Partial<ServiceImpl<typeof SparkConnectService>>,
): Promise<string> {
  const port = await freePort();
  const handler = connectNodeAdapter({ routes: (router) => router.service(SparkConnectService, routes) });
  const server = createServer(handler).listen(port, "127.0.0.1");
  t.after(() => server.close());
  return `sc://127.0.0.1:${port}`;
}

test("a server of a version before 3.5 is refused", async (t) => {
  const on = await given(t);
  if (!on) return;
  const remote = await impostor(t, {
    config: () => ({}),
    analyzePlan: () => ({ result: { case: "sparkVersion", value: { version: "3.4.4" } } }),
  });
  await assert.rejects(openApp({ ...on.options, remote }), {
    exitCode: 2,
    message:
      /Spark 3\.4\.4 answers .* needs 3\.5 or newer \[spark\.version\]\. Start a server of Spark 3\.5\.4 or 4/,
  });
});

test("who is to be stopped before its queries run is the process that starts them", async (t) => {
  const on = await given(t);
  if (!on) return;
  await within(on.options, (app) => app.stop());
  const watching: (number | null)[] = [recordIn(on).pid];
  const remote = await impostor(t, {
    config: () => {
      watching.push(recordIn(on).pid);
      return {};
    },
    analyzePlan: () => ({ result: { case: "sparkVersion", value: { version: "3.4.4" } } }),
  });
  await assert.rejects(openApp({ ...on.options, remote }), /\[spark\.version\]/);
  assert.deepEqual(watching, [null, process.pid]);
});

test("a server that doesn't let this client in is told apart from one that isn't there", async (t) => {
  const remote = await impostor(t, {
    config: () => {
      throw new ConnectError("no token", Code.Unauthenticated);
    },
  });
  await assert.rejects(connect(remote), { exitCode: 2, message: /\(no token\) \[spark\.not-trusted\]/ });
});
