import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { lives, processId } from "../../src/process-id.ts";
import { withStackLocked } from "../../stack/lock.ts";
import { answers, freePort } from "../../stack/ports.ts";
import { startStack, stopStack } from "../../stack/processes.ts";
import { findService } from "../../stack/service.ts";
import { app, kafka, spark } from "../../stack/services.ts";
import { sparkRelease } from "../../stack/spark/releases.ts";
import { loanstream } from "../cli/command-line.ts";
import { records, type StackUnderTest, stackUnderTest } from "./stack-under-test.ts";

const kafkaFolder = ({ directory }: StackUnderTest): string => join(directory, "kafka");

async function watchOf(stack: StackUnderTest) {
  const found = await findService(kafkaFolder(stack));
  assert.ok(found);
  return found.process;
}

/** For this test the Java is a script that does something first. */
async function useJava(t: TestContext, { directory }: StackUnderTest, script: string): Promise<void> {
  const java = (await promisify(execFile)("sh", ["-c", 'readlink -f "$(command -v java)"'])).stdout.trim();
  const former = process.env.JAVA_HOME;
  t.after(() => {
    if (former === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = former;
  });
  await mkdir(join(directory, "bin"));
  const text = `#!/bin/sh\n${script}\nexec ${former === undefined ? java : join(former, "bin", "java")} "$@"\n`;
  await writeFile(join(directory, "bin", "java"), text, { mode: 0o755 });
  process.env.JAVA_HOME = directory;
}

/** The broker itself, below the watch over it; null while it has none. */
async function brokerOf(stack: StackUnderTest) {
  const { pid } = await watchOf(stack);
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const broker = children.trim() === "" ? null : processId(Number(children));
  if (broker === null) return null;
  const commandLine = await readFile(`/proc/${broker.pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes("kafka.Kafka") ? broker : null;
}

test("up, down, up, a killed broker: what was written is there", { timeout: 180_000 }, async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  await startStack([kafka], stack);
  assert.match(
    stack.said.at(-1) ?? "",
    /^Kafka 4\.4\.0 is ready at 127\.0\.0\.1:\d+ after [\d.]+ s \(process/,
  );
  await records("write", stack, "kept", "first");
  const watch = await watchOf(stack);

  await startStack([kafka], stack);
  assert.match(stack.said.at(-1) ?? "", /^Kafka 4\.4\.0 runs already at .*kafka\/server\.log\)\.$/);
  assert.deepEqual(await watchOf(stack), watch);

  assert.equal(await stopStack(stack), true);
  assert.match(stack.said.at(-1) ?? "", /^Kafka 4\.4\.0 stopped after [\d.]+ s; its data is kept\.$/);
  assert.equal(lives(watch), false);
  assert.equal(await answers(stack.kafkaPort), false);
  assert.ok(existsSync(join(kafkaFolder(stack), "topics", ".kafka_cleanshutdown")), "it ended gently");
  assert.equal(await stopStack(stack), false);

  await startStack([kafka], stack);
  const broker = await brokerOf(stack);
  assert.ok(broker);
  process.kill(broker.pid, "SIGKILL");
  while ((await brokerOf(stack)) === null || lives(broker)) await delay(50);
  await startStack([kafka], stack);
  assert.match(stack.said.at(-1) ?? "", /runs already/);
  assert.deepEqual(await records("read", stack, "kept"), ["first"]);
});

test("a port that something else listens on is refused before anything starts", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  const other = createServer().listen(stack.kafkaPort, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  await assert.rejects(
    startStack([kafka], stack),
    new RegExp(
      `port ${stack.kafkaPort} is in use by process ${process.pid} \\(.+\\) \\[stack\\.port-in-use\\].*KAFKA_PORT=`,
    ),
  );
  assert.deepEqual(stack.said, []);
  assert.equal(existsSync(kafkaFolder(stack)), false);
});

test("the application takes in what is sent, and ends gently", { timeout: 180_000 }, async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  await startStack([kafka, app], stack);
  assert.match(stack.said.at(-1) ?? "", /^The application is ready at 127\.0\.0\.1:\d+ after [\d.]+ s /);
  const at = ["--kafka-bootstrap", `127.0.0.1:${stack.kafkaPort}`];
  const sent = await loanstream(["generate", "--out", "kafka", "--events", "300", ...at]);
  assert.equal(sent.exitCode, 0, sent.stderr);
  const consume = ["consume", "risk", "--broker", "kafka", "--from", "beginning", "--max", "1", "--json"];
  const row = await loanstream([...consume, ...at]);
  assert.match(row.stdout, /^\{.*"application_id":/);

  const directory = join(stack.directory, "app", "data");
  const on = [
    "--broker",
    "kafka",
    "--data-dir",
    directory,
    "--port",
    String(stack.appPort),
    "--no-generator",
  ];
  const { stdout } = await loanstream(["doctor", ...on, ...at]);
  assert.match(stdout, /^ok +process +\d+ runs on the data directory/m);
  assert.match(stdout, /^ok +positions +the tables hold/m);
  assert.doesNotMatch(stdout, /^failed/m);

  assert.equal(await stopStack(stack), true);
  assert.match(stack.said.at(-2) ?? "", /^The application stopped after /);
  assert.match(await readFile(join(stack.directory, "app", "server.log"), "utf8"), /^300 read = /m);
});

test("a port that a run has already is refused, and the run named as what it may be", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  const other = createServer().listen(stack.appPort, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  await assert.rejects(
    startStack([kafka, app], stack),
    new RegExp(
      `port ${stack.appPort} is in use .*a "make run", perhaps\\), or give the application .*APP_PORT=`,
    ),
  );
  assert.deepEqual(stack.said, []);
});

/** Something that lives in place of the service. */
async function standIn(stack: StackUnderTest, name: string, title: string): Promise<void> {
  const { pid } = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  const record = { title, process: processId(pid ?? 0), port: await freePort() };
  await mkdir(join(stack.directory, name));
  await writeFile(join(stack.directory, name, "process.json"), JSON.stringify(record));
}

test("another release of Spark than runs is refused, and what runs is what is stopped", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  await standIn(stack, "spark", "Spark Connect 3.5.4");
  await assert.rejects(
    startStack([kafka, spark(sparkRelease("4"))], stack),
    /^LoanstreamError: Spark Connect 3\.5\.4 runs here, not Spark Connect 4\.2\.0 \[stack\.other-runs\]\. Stop it first: make down\./,
  );
  assert.equal(existsSync(kafkaFolder(stack)), false);
  assert.equal(await stopStack(stack), true);
  assert.match(stack.said.at(-1) ?? "", /^Spark Connect 3\.5\.4 stopped after /);
});

test("Spark and the application are kept apart", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  const onSpark = [kafka, spark(sparkRelease("1"))];
  await standIn(stack, "app", app.title);
  await assert.rejects(
    startStack(onSpark, stack),
    /The application runs here, and would publish to the same topics as Spark Connect 3\.5\.4 \[stack\.other-runs\]/,
  );
  await stopStack(stack);
  await rm(join(stack.directory, "app"), { recursive: true });
  await standIn(stack, "spark", "Spark Connect 3.5.4");
  await assert.rejects(
    startStack([kafka, app], stack),
    /Spark Connect 3\.5\.4 runs here, and would publish to the same topics as the application \[stack\.other-runs\]/,
  );
});

test("what ended by itself is said with the end of its log; whoever has its number by now is left alone", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  await mkdir(kafkaFolder(stack));
  const self = processId(process.pid);
  const record = {
    title: "Kafka 4.4.0",
    process: { ...self, started: "before the machine's last start 1" },
    port: stack.kafkaPort,
  };
  await writeFile(join(kafkaFolder(stack), "process.json"), JSON.stringify(record));
  await writeFile(join(kafkaFolder(stack), "server.log"), "first line\nlast line\n");

  assert.equal(await stopStack(stack), true);
  assert.match(
    stack.said.at(-1) ?? "",
    /^Kafka 4\.4\.0 had ended by itself; its log ended with:\nfirst.*\nlast line$/,
  );
  assert.equal(await findService(kafkaFolder(stack)), null);
});

test("a broker that can't start says so with the end of its log, and nothing is left of it", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  await useJava(t, stack, 'case "$*" in *kafka.Kafka*) echo out of luck; exit 3 ;; esac');
  await assert.rejects(
    startStack([kafka], stack),
    /kafka\/server\.log: Kafka ended; its log ends with:[\s\S]*out of luck[\s\S]*given up[\s\S]*\[stack\.died\]/,
  );
  assert.equal(await findService(kafkaFolder(stack)), null);
});

test("data that a broker can't use is named without the command that looked", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  const topics = join(kafkaFolder(stack), "topics");
  await mkdir(topics, { recursive: true });
  await writeFile(join(topics, "meta.properties"), "version=1\ncluster.id=another\nnode.id=2\n");
  await assert.rejects(
    startStack([kafka], stack),
    /\/kafka: Kafka can't use its data: [^\n]*(node id|cluster)[^\n]*\[stack\.data-unusable\]\. Restore[^\n]*$/,
  );
});

test("one command at a time changes a stack", async (t) => {
  const stack = await stackUnderTest(t);
  if (!stack) return;
  await withStackLocked(stack.directory, async () => {
    await assert.rejects(startStack([kafka], stack), /\[stack\.busy\]/);
    await assert.rejects(stopStack(stack), /\[stack\.busy\]/);
  });
  assert.deepEqual(await readdir(stack.directory), ["lock"]);
});
