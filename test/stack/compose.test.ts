import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parse } from "yaml";
import { brokerProperties } from "../../stack/kafka/properties.ts";
import { KAFKA_VERSION } from "../../stack/kafka.ts";
import { everyService } from "../../stack/services.ts";
import { SPARK_VERSION, sparkSettings } from "../../stack/spark.ts";

const root = join(import.meta.dirname, "..", "..");
const { services } = parse(await readFile(join(root, "docker-compose.yaml"), "utf8"));

/** What a broker needs to know of where it runs; all else is the same in a container. */
const OF_ITS_PLACE = /^(process\.roles|node\.id|controller\.|listeners$|advertised\.|log\.dirs)/;

test("docker-compose takes the file, with and without Spark", (t) => {
  if (spawnSync("docker-compose", ["--version"]).error) {
    if (process.env.CI) throw new Error("There is no docker-compose: `make compose` installs it.");
    t.skip("NO DOCKER-COMPOSE: docker-compose.yaml was not checked. `make compose` installs it.");
    return;
  }
  const config = (...args: string[]) =>
    parse(execFileSync("docker-compose", [...args, "config"], { cwd: root, encoding: "utf8" }));
  assert.ok(config().services.kafka);
  assert.deepEqual(Object.keys(config("--profile", "spark").services), ["kafka", "spark"]);
  assert.equal(services.kafka.profiles, undefined);
  assert.deepEqual(services.spark.profiles, ["spark"]);
});

test("the file has the services of the stack, on the same ports of this machine alone", () => {
  assert.deepEqual(
    Object.entries<{ ports: string[] }>(services).map(([name, { ports }]) => [name, ...ports]),
    everyService.map(({ name, portVariable, defaultPort }) => [
      name,
      `127.0.0.1:\${${portVariable}:-${defaultPort}}:${defaultPort}`,
    ]),
  );
});

test("a broker in a container has the settings of one outside", () => {
  const outside = brokerProperties(9092, 9093, "/topics", null)
    .trim()
    .split("\n")
    .map((line): [string, string] => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
    .filter(([key]) => !OF_ITS_PLACE.test(key));
  assert.ok(outside.length > 10);
  for (const [key, value] of outside)
    assert.equal(services.kafka.environment[`KAFKA_${key.toUpperCase().replaceAll(".", "_")}`], value, key);
  assert.equal(services.kafka.image, `apache/kafka:${KAFKA_VERSION}`);
});

test("Spark in a container has the settings and the jars of one outside", async () => {
  const command: string[] = services.spark.command;
  const outside = Object.entries(sparkSettings(15002, "/opt/spark/work-dir"));
  const sql = outside.filter(([key]) => key.startsWith("spark.sql."));
  assert.ok(sql.length >= 5);
  for (const [key, value] of sql) assert.ok(command.includes(`--conf=${key}=${value}`), key);

  const pom = await readFile(join(root, "stack", "spark", "pom.xml"), "utf8");
  const artifact =
    /<groupId>(.+)<\/groupId>\s*<artifactId>(.+)<\/artifactId>\s*<version>(.+)<\/version>\s*<\/dep/g;
  const jars = [...pom.matchAll(artifact)]
    .map(
      ([, group, name, version = ""]) =>
        `${group}:${name}:${version.replace(/^\$\{spark\.version\}$/, SPARK_VERSION)}`,
    )
    // The image has it.
    .filter((jar) => !jar.includes(":spark-sql_2.12:"));
  assert.equal(jars.length, 4);
  assert.equal(
    command.find((argument) => argument.startsWith("--packages=")),
    `--packages=${jars.join(",")}`,
  );
  assert.equal(services.spark.image, `apache/spark:${SPARK_VERSION}`);
});

/** Runs the stack's command line in an empty folder, with a `docker` that writes down what it is asked. */
async function runStack(t: TestContext, dockerScript: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const directory = await mkdtemp(join(tmpdir(), "loanstream-compose-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, "docker"), `#!/bin/sh\necho "$@" >>${directory}/asked\n${dockerScript}\n`, {
    mode: 0o755,
  });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "stack", "main.ts"), ...args],
    {
      cwd: directory,
      encoding: "utf8",
      env: { ...process.env, ...env, PATH: `${directory}:${process.env.PATH}` },
    },
  );
  const asked = await readFile(join(directory, "asked"), "utf8").catch(() => "");
  const compose = `compose --file ${join(root, "docker-compose.yaml")} --profile spark`;
  return { status, stdout, stderr, asked: asked.replaceAll(compose, "COMPOSE").trim().split("\n") };
}

test("with an engine, the stack is up, down and followed in containers", async (t) => {
  const looked = ["info", "compose version"];
  const up = await runStack(t, "exit 0", ["up"]);
  assert.deepEqual([up.status, up.asked], [0, [...looked, "COMPOSE up --detach --wait kafka"]]);
  const both = await runStack(t, "exit 0", ["up"], { SPARK: "1" });
  assert.deepEqual(both.asked, [...looked, "COMPOSE up --detach --wait kafka spark"]);
  const down = await runStack(t, "exit 0", ["down"]);
  assert.deepEqual([down.status, down.asked], [0, [...looked, "COMPOSE down"]]);
  const cleared = await runStack(t, "exit 0", ["down", "--data"]);
  assert.deepEqual(cleared.asked, [...looked, "COMPOSE down --volumes"]);
  const logs = await runStack(t, "exit 0", ["logs", "kafka"]);
  assert.deepEqual(logs.asked, [...looked, "COMPOSE logs --tail 20 --follow kafka"]);
});

test("what docker compose can't do ends with its exit code", async (t) => {
  const { status } = await runStack(t, '[ "$*" = info ] || [ "$2" = version ] || exit 14', ["up"]);
  assert.equal(status, 14);
});

test("without an engine and without a stack, down says that nothing runs and logs that there are none", async (t) => {
  const down = await runStack(t, "exit 1", ["down"]);
  assert.deepEqual([down.status, down.stdout, down.asked], [0, "Nothing runs.\n", ["info"]]);
  const logs = await runStack(t, "exit 1", ["logs"]);
  assert.equal(logs.status, 1);
  assert.match(
    logs.stderr,
    /^\.loanstream\/stack: no service was ever started here \[stack\.no-log\]\. .*\n$/,
  );
});

test("wrong words, services and ports are refused in one line", async (t) => {
  const wrong: [string[], NodeJS.ProcessEnv, RegExp][] = [
    [["upp"], {}, /^there is no command "upp" \[usage\.invalid\]/],
    [["up", "--fast"], {}, /^Unknown option '--fast'.* \[usage\.invalid\]/],
    [["logs", "kafak"], {}, /^there is no service "kafak" \[usage\.invalid\]\. Say one of kafka, spark\./],
    [["up"], { KAFKA_PORT: "65536" }, /^KAFKA_PORT=65536 is no port \[usage\.invalid\]/],
  ];
  for (const [args, env, message] of wrong) {
    const { status, stderr } = await runStack(t, "exit 1", args, env);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});
