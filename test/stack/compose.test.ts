import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";
import { appSettings, isTakingIn } from "../../stack/app.ts";
import { brokerProperties } from "../../stack/kafka/properties.ts";
import { KAFKA_VERSION } from "../../stack/kafka.ts";
import { freePort } from "../../stack/ports.ts";
import { everyService, spark } from "../../stack/services.ts";
import { everyRelease, type SparkRelease } from "../../stack/spark/releases.ts";
import { JAVA_OPTIONS, LASTING_OPTIONS, pomProperties, sparkSettings } from "../../stack/spark.ts";

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
  assert.deepEqual(Object.keys(config("--profile", "spark").services), ["app", "kafka", "spark"]);
  assert.ok(config().services.app);
  assert.deepEqual([services.kafka.profiles, services.app.profiles], [undefined, undefined]);
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
  const outside = brokerProperties({ port: 9092, advertised: 9092, controller: 9093 }, "/topics", null)
    .trim()
    .split("\n")
    .map((line): [string, string] => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
    .filter(([key]) => !OF_ITS_PLACE.test(key));
  assert.ok(outside.length > 10);
  for (const [key, value] of outside)
    assert.equal(services.kafka.environment[`KAFKA_${key.toUpperCase().replaceAll(".", "_")}`], value, key);
  assert.equal(services.kafka.image, `apache/kafka:${KAFKA_VERSION}`);
});

test("the application in a container has the settings of one outside, but for its place", () => {
  const inside = services.app.environment;
  const outside = appSettings(8080, 9092, "/data");
  const place = new Set(["LOANSTREAM_DATA_DIR", "LOANSTREAM_HOST", "LOANSTREAM_KAFKA_BOOTSTRAP"]);
  assert.deepEqual(Object.keys(inside), Object.keys(outside));
  for (const [name, value] of Object.entries(outside))
    if (!place.has(name)) assert.equal(inside[name], value, name);
  const [, listener] =
    /CONTAINERS:\/\/(kafka:\d+)/.exec(services.kafka.environment.KAFKA_ADVERTISED_LISTENERS) ?? [];
  assert.equal(inside.LOANSTREAM_KAFKA_BOOTSTRAP, listener);
  assert.deepEqual(services.app.depends_on, { kafka: { condition: "service_healthy" } });
});

/** Such as `COPY bin bin`, with one source or several. */
const copied = (dockerfile: string) =>
  [...dockerfile.matchAll(/^COPY (.+) (\S+)$/gm)].flatMap(([, sources = "", to = ""]) =>
    sources.split(" ").map((from) => ({ from, to: to === "./" ? from : to })),
  );

test("what the image gets is all that the application needs, and no more packages than it has", async (t) => {
  const image = await mkdtemp(join(tmpdir(), "loanstream-image-"));
  t.after(() => rm(image, { recursive: true, force: true }));
  const [dockerfile, ignored] = await Promise.all(
    ["Dockerfile", ".dockerignore"].map((name) => readFile(join(root, name), "utf8")),
  );
  const files = copied(dockerfile ?? "");
  assert.deepEqual(
    files.map(({ from }) => `!${from}`).toSorted(),
    ignored?.trim().split("\n").slice(1).toSorted(),
  );
  for (const { from, to } of files) await cp(join(root, from), join(image, to), { recursive: true });
  await linkPackages(image);

  const port = await freePort();
  const env = { ...process.env, ...appSettings(port, 9, image), LOANSTREAM_BROKER: "embedded" };
  const app = spawn(join(image, "stack", "app", "start.sh"), {
    cwd: image,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => app.kill("SIGKILL"));
  let said = "";
  app.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  while (!(await isTakingIn(port))) {
    assert.equal(app.exitCode, null, said);
    await delay(50);
  }
  const ended = once(app, "exit");
  app.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

/** Those that `npm ci --omit=dev` installs. */
async function linkPackages(image: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const top = Object.entries<{ dev?: boolean }>(packages).filter(
    ([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true,
  );
  assert.ok(top.length > 10);
  for (const [path] of top) {
    await mkdir(dirname(join(image, path)), { recursive: true });
    await symlink(join(root, path), join(image, path));
  }
  await symlink(join(root, "node_modules", ".bin"), join(image, "node_modules", ".bin"));
}

/** The service of Spark once docker compose has put in variables, or what stands for one that is missing. */
const sparkOf = (variables: Readonly<Record<string, string>>): { image: string; command: string[] } =>
  JSON.parse(
    JSON.stringify(services.spark).replaceAll(
      /\$\{(\w+):-([^}]*)\}/g,
      (_, name, missing) => variables[name] ?? missing,
    ),
  );

/** Packages as the pom has them, but for what the image has. */
async function packagesOf(release: SparkRelease): Promise<string[]> {
  const pom = await readFile(join(root, "stack", "spark", "pom.xml"), "utf8");
  const properties = pomProperties(release);
  const whole = pom.replaceAll(/\$\{([^}]+)\}/g, (_, name) => properties[name] ?? "");
  const artifact =
    /<groupId>(.+)<\/groupId>\s*<artifactId>(.+)<\/artifactId>\s*<version>(.+)<\/version>\s*<\/dep/g;
  return [...whole.matchAll(artifact)]
    .map(([, group, name, version]) => `${group}:${name}:${version}`)
    .filter((jar) => !jar.includes(":spark-sql_"));
}

test("Spark in a container has the settings and the jars of one outside, of each release", async () => {
  assert.equal(everyRelease.length, 2);
  for (const release of everyRelease) {
    const { image, command } = sparkOf(spark(release).variables);
    const outside = Object.entries(sparkSettings(release, 15002, "/opt/spark/work-dir"));
    const shared = outside.filter(([key]) => /^spark\.(sql|hadoop|connect\.session)\./.test(key));
    assert.ok(shared.length >= 9);
    for (const [key, value] of shared) assert.ok(command.includes(`--conf=${key}=${value}`), key);
    const java = [...JAVA_OPTIONS, ...LASTING_OPTIONS].join(" ");
    assert.ok(command.includes(`--conf=spark.driver.extraJavaOptions=${java}`));
    const packages = await packagesOf(release);
    assert.equal(packages.length, 4);
    assert.equal(
      command.find((argument) => argument.startsWith("--packages=")),
      `--packages=${packages.join(",")}`,
    );
    assert.equal(image, `apache/spark:${release.version}`);
  }
});

test("Spark in a container is of the first release where nothing names one", () => {
  const [first] = everyRelease;
  assert.ok(first);
  assert.deepEqual(sparkOf({}), sparkOf(spark(first).variables));
});

test("the client's code is of the protobufs of the newest release", async () => {
  const script = await readFile(join(root, "stack", "spark", "generate-protobufs.sh"), "utf8");
  const [, scala, version] = /spark-connect_([\d.]+):([\d.]+)/.exec(script) ?? [];
  assert.deepEqual(everyRelease.at(-1), { ...everyRelease.at(-1), scala, version });
});

test("the list of targets and the page on the stack name the versions that are started", async () => {
  const up = execFileSync("make", ["help"], { cwd: root, encoding: "utf8" })
    .split("\n")
    .find((line) => line.startsWith("  make up "));
  const page = await readFile(join(root, "docs", "stack.md"), "utf8");
  for (const { version } of everyRelease) {
    assert.ok(up?.includes(` ${version} `), version);
    assert.ok(page.includes(`Spark Connect ${version}`) || page.includes(`Spark ${version}`), version);
  }
  assert.ok(page.includes(`Kafka ${KAFKA_VERSION} at`));
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

const looked = ["info", "compose version"];
const seen = ["kafka", "app", "spark"].map((name) => `COMPOSE ps --quiet ${name}`);

test("with an engine, the stack is up, down and followed in containers", async (t) => {
  const up = await runStack(t, "exit 0", ["up"]);
  assert.deepEqual([up.status, up.asked.slice(5)], [0, ["COMPOSE up --build --detach --wait kafka app"]]);
  assert.deepEqual(up.asked.slice(0, 5), [...looked, ...seen]);
  const alone = await runStack(t, "exit 0", ["up"], { APP: "0" });
  assert.deepEqual(alone.asked.slice(5), ["COMPOSE up --build --detach --wait kafka"]);
  const down = await runStack(t, "exit 0", ["down"]);
  assert.deepEqual([down.status, down.asked], [0, [...looked, "COMPOSE down"]]);
  const cleared = await runStack(t, "exit 0", ["down", "--data"]);
  assert.deepEqual(cleared.asked, [...looked, "COMPOSE down --volumes"]);
  const logs = await runStack(t, "exit 0", ["logs", "kafka"]);
  assert.deepEqual(logs.asked, [...looked, "COMPOSE logs --tail 20 --follow kafka"]);
});

test("Spark in containers is of the release that is asked for, and then its topics are made", async (t) => {
  const script = '[ "$6" != up ] || echo "$SPARK_VERSION" >>"$(dirname "$0")/asked"';
  const { status, asked, stderr } = await runStack(t, script, ["up"], {
    SPARK: "4",
    KAFKA_PORT: "1",
  });
  assert.deepEqual(asked.slice(5), [
    "COMPOSE up --build --detach --wait kafka spark",
    everyRelease.at(-1)?.version,
  ]);
  assert.match(stderr, /127\.0\.0\.1:1.*\[kafka\.unreachable\]/);
  assert.equal(status, 1);
});

test("what runs in containers is not started beside its like, nor in another version", async (t) => {
  const running = (name: string) => `[ "$6 $8" = "ps ${name}" ] && echo 4711
[ "$1" = inspect ] && echo apache/spark:3.5.4
exit 0`;
  const refused = [
    ["app", { SPARK: "1" }, "The application runs here, and would publish to the same topics as Spark"],
    ["spark", {}, "Spark Connect 3.5.4 runs here, and would publish to the same topics as the application"],
    ["spark", { SPARK: "4" }, "Spark Connect 3.5.4 runs here, not Spark Connect 4.2.0"],
  ] as const;
  for (const [name, env, message] of refused) {
    const { status, stderr, asked } = await runStack(t, running(name), ["up"], env);
    assert.equal(status, 1);
    assert.ok(stderr.startsWith(message), stderr);
    assert.match(stderr, /\[stack\.other-runs\]\. Stop it first: make down\./);
    assert.ok(!asked.some((line) => line.includes(" up ")));
  }
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
    [
      ["logs", "kafak"],
      {},
      /^there is no service "kafak" \[usage\.invalid\]\. Say one of kafka, app, spark\./,
    ],
    [["up"], { KAFKA_PORT: "65536" }, /^KAFKA_PORT=65536 is no port \[usage\.invalid\]/],
    [
      ["up"],
      { SPARK: "1", APP: "1" },
      /^APP=1 and SPARK=1 exclude each other: both would publish to the topics .*\[usage\.invalid\]/,
    ],
    [
      ["up"],
      { SPARK: "3" },
      /^SPARK=3 names no release of Spark \[usage\.invalid\]\. Give 1 \(3\.5\.4\) or 4 \(4\.2\.0\), or leave it out\.$/m,
    ],
    [["up"], { SPARK: "0" }, /^SPARK=0 names no release/],
    [["up"], { APP: "no" }, /^APP=no says neither yes nor no \[usage\.invalid\]/],
  ];
  for (const [args, env, message] of wrong) {
    const { status, stderr } = await runStack(t, "exit 1", args, env);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});
