/** The commands on Kafka, as a user runs them, against a broker of this file's own. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { openProducer } from "../../src/kafka/producer.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { loanstream, type Outcome, start } from "../cli/command-line.ts";
import { events, fill, pipeline } from "../topics/data.ts";
import { brokerOfThisFile, sendAllOf, withAdmin } from "./filled-topics.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-kafka-commands-"));
after(() => rmSync(scratch, { recursive: true }));
const directory = join(scratch, "data");
const wanted = wantedTopics(pipeline);
const NAMES = wanted.map(({ name }) => name);
const TERMINAL = { NODE_OPTIONS: "--import=data:text/javascript,process.stdout.isTTY=true" };

const kafka = await brokerOfThisFile();
if ("skipped" in kafka) test("commands on Kafka", { skip: kafka.skipped }, () => {});
else {
  const { settings } = kafka;
  describe("topics on Kafka", () => ofTopics(settings));
  describe("consume on Kafka", () => ofConsume(settings));
  describe("doctor on Kafka", () => ofDoctor(settings));
}

const flagsOf = ({ bootstrap }: KafkaSettings) => ["--broker=kafka", `--kafka-bootstrap=${bootstrap.join()}`];

function linesOf({ exitCode, stdout, stderr }: Outcome): string[] {
  assert.equal(exitCode, 0, stderr);
  return stdout.split("\n").slice(0, -1);
}

function ofTopics(settings: KafkaSettings): void {
  const topics = (...args: string[]) => loanstream(["topics", ...args, ...flagsOf(settings)]);
  const foreign = { name: "payroll", partitions: 1, replication: 1, configs: {} };
  before(() => withAdmin(settings, (admin) => admin.create([foreign])));

  it("create makes what is missing, and then nothing", async () => {
    assert.match(
      linesOf(await topics("list")).at(1) ?? "",
      /^loan\.applications .* missing: "loanstream top/,
    );
    const made = linesOf(await topics("create"));
    assert.deepEqual(
      made,
      wanted.map(({ name, partitions }) => madeLine(name, partitions)),
    );
    const again = linesOf(await topics("create"));
    assert.deepEqual(
      again,
      NAMES.map((name) => `${name}: as it should be`),
    );
  });

  it("list shows how each is kept, and names what isn't the pipeline's", async () => {
    const [text, json] = await Promise.all([topics("list"), topics("list", "--json")]);
    const lines = linesOf(text);
    assert.match(lines[0] ?? "", /^topic +partitions +records +size +policy +kept +holds$/);
    assert.match(
      lines[1] ?? "",
      /^loan\.applications +3 +0 +0 B +delete +7 days, 3\.3 GB +events as they came$/,
    );
    assert.match(
      lines[2] ?? "",
      /^loan\.output\.risk +3 +0 +0 B +compact,delete +7 days +rows of risk_scores,/,
    );
    assert.match(lines.at(-2) ?? "", /^loan\.commits +1 +0 +0 B +compact +for good/);
    assert.match(lines.at(-1) ?? "", /^payroll +\(not of this pipeline\)$/);
    const rows = linesOf(json).map((line) => JSON.parse(line));
    assert.deepEqual(
      rows.map(({ name, of_pipeline }) => [name, of_pipeline]),
      [...NAMES.map((name) => [name, true]), ["payroll", false]],
    );
    assert.ok(rows.slice(0, -1).every(({ there, differs }) => there && differs.length === 0));
  });

  it("create sets retention and policy of what is there, and only says how many partitions it has", async () => {
    const [, risk] = wanted;
    assert.ok(risk);
    await withAdmin(settings, async (admin) => {
      await admin.remove([risk.name]);
      const configs = { ...risk.configs, "retention.ms": "1000", "max.message.bytes": "2000000" };
      await admin.create([{ ...risk, partitions: 2, configs }]);
    });
    assert.match(
      linesOf(await topics("list", "risk"))[1] ?? "",
      /; differs: partitions: 2, not 3, retention\.ms$/,
    );
    const [line] = linesOf(await topics("create", "risk"));
    assert.match(line ?? "", /^loan\.output\.risk: retention\.ms set; partitions: 2, not 3 \(only recreate /);
    const [found] = await withAdmin(settings, (admin) => admin.describe([risk.name]));
    assert.deepEqual(found?.configs, { ...risk.configs, "max.message.bytes": "2000000" });
    assert.deepEqual(linesOf(await topics("recreate", "risk", "--yes")), [madeLine(risk.name, 3)]);
  });

  it("delete asks first, and touches nothing that isn't the pipeline's", async () => {
    const [unasked, foreign] = await Promise.all([topics("delete"), topics("delete", "payroll", "--yes")]);
    assert.match(foreign.stderr, /no topic payroll \[topic\.unknown\]/);
    assert.deepEqual([unasked.exitCode, unasked.stdout], [2, ""]);
    assert.match(unasked.stderr, /^this would delete 10 topics at .* and lose 0 records \[usage\.inv.*--yes/);
    assert.deepEqual(linesOf(await topics("delete", "late", "--yes")), ["loan.applications.late: deleted"]);
    assert.equal(linesOf(await topics("delete", "--yes")).length, NAMES.length - 1);
    assert.deepEqual(await withAdmin(settings, (admin) => admin.names()), ["payroll"]);
    assert.deepEqual(linesOf(await topics("delete", "--yes")), ["None of them is there."]);
    assert.equal(linesOf(await topics("recreate")).length, NAMES.length);
  });

  it("that can't be reached are told in one line, at once", async () => {
    const nowhere = ["topics", "list", "--broker=kafka", "--kafka-bootstrap=127.0.0.1:9"];
    const { exitCode, stdout, stderr } = await loanstream(nowhere);
    assert.deepEqual([exitCode, stdout], [1, ""]);
    assert.match(stderr, /^127\.0\.0\.1:9: no broker answers \(ECONNREFUSED\) \[kafka\.unreachable\].*\n$/);
  });

  it("of the data directory are there by themselves", async () => {
    const actions = ["create", "delete", "recreate"];
    const outcomes = await Promise.all(actions.map((action) => loanstream(["topics", action, "risk"])));
    for (const [at, { exitCode, stdout, stderr }] of outcomes.entries()) {
      assert.deepEqual([exitCode, stdout], [0, ""]);
      assert.match(stderr, new RegExp(`^The embedded log .* by itself.*nothing to ${actions[at]}\\.`));
    }
  });
}

const madeLine = (name: string, partitions: number) =>
  `${name}: made, ${partitions} partition${partitions === 1 ? "" : "s"}`;

function ofConsume(settings: KafkaSettings): void {
  const consume = (args: readonly string[], environment = {}) =>
    loanstream(["consume", ...args, "--no-follow", ...flagsOf(settings)], environment);
  const embedded = (args: readonly string[]) =>
    loanstream(["consume", ...args, "--no-follow", "--data-dir", directory]);
  /** Columns are as wide as what came before, and a record stands elsewhere. */
  const evenly = (line: string) =>
    line
      .replaceAll(/ +/g, " ")
      .replace(/"partition":\d+,"position":\d+,/, "")
      .replace(/^(\S+ \S+) \d+ /, "$1 ");
  before(async () => {
    await fill(directory, events(600));
    await sendAllOf(directory, settings);
  });

  it("prints what it prints of the data directory", async () => {
    for (const args of [
      ["input", "--json"],
      ["risk", "--table", "risk_scores"],
      ["fraud", "--key", "fraud_scores", "--json"],
    ]) {
      const both = await Promise.all([consume(args), embedded(args)]);
      const [ofKafka = [], ofDirectory] = both.map((outcome) => linesOf(outcome).map(evenly).toSorted());
      assert.ok(ofKafka.length > 10, args.join(" "));
      assert.deepEqual(ofKafka, ofDirectory, args.join(" "));
    }
    assert.equal(linesOf(await consume(["input", "--max", "7", "--json"])).length, 7);
  });

  it("masks events on a terminal", async () => {
    const shown = [["input"], ["input", "--json"]].map((args) => consume(args, TERMINAL));
    const raw = linesOf(await consume(["input", "--json"]));
    const emails = raw.flatMap((line) => /"email":"([^"]+)"/.exec(line)?.[1] ?? []);
    assert.ok(emails.length > 10);
    for (const outcome of await Promise.all(shown)) {
      const text = linesOf(outcome).join("\n");
      assert.deepEqual(
        emails.filter((email) => text.includes(email)),
        [],
      );
    }
  });

  it("follows until Ctrl-C", async () => {
    const running = start(["consume", "dlq", "--json", ...flagsOf(settings)]);
    await running.said("Nothing new in loan.applications.dlq. Waiting");
    const topic = "loan.applications.dlq";
    const producer = await openProducer(settings, { topics: [topic] });
    producer.send(topic, { key: null, value: Buffer.from("{}"), headers: [], timestampMs: Date.now() });
    await producer.close();
    await running.printed("{}\n");
    running.interrupt();
    const { exitCode, stdout } = await running.outcome;
    assert.deepEqual([exitCode, stdout], [0, "{}\n"]);
  });

  it("shows a record that is no row as well as it can", async () => {
    const topic = "loan.output.stats";
    const producer = await openProducer(settings, { topics: [topic] });
    const odd = { key: Buffer.from("odd"), value: Buffer.from("no JSON"), headers: [], timestampMs: 1 };
    producer.send(topic, odd);
    await producer.close();
    const outcomes = [
      ["stats", "--key", "odd"],
      ["stats", "--key", "odd", "--json"],
    ].map((args) => consume(args));
    const [text, json] = (await Promise.all(outcomes)).map(linesOf);
    const found = json?.map((line) => JSON.parse(line)).map(({ key, value }) => [key, value]);
    assert.deepEqual([text?.length, found], [1, [["odd", "no JSON"]]]);
  });

  it("says which topic is missing", async () => {
    await withAdmin(settings, (admin) => admin.remove(["loan.output.segment"]));
    const { exitCode, stderr } = await consume(["segment"]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^[^\n]*loan\.output\.segment: [^\n]*\[kafka\.topic-missing\][^\n]*\n$/);
  });
}

function ofDoctor(settings: KafkaSettings): void {
  const doctor = async (...args: string[]) => {
    const own = ["--data-dir", join(scratch, "none"), "--port", "0", "--json"];
    const { stdout } = await loanstream(["doctor", ...own, ...flagsOf(settings), ...args]);
    const found: { check: string; outcome: string; found: string; remedy: string | null }[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return found.filter(({ check }) => ["settings", "broker", "topics", "rights"].includes(check));
  };
  const brief = (found: Awaited<ReturnType<typeof doctor>>) =>
    found.map(({ check, outcome }) => `${check} ${outcome}`);

  it("finds nothing wrong where nothing is", async () => {
    await withAdmin(settings, (admin) => admin.recreate(wanted));
    const found = await doctor();
    assert.deepEqual(brief(found), ["settings ok", "broker ok", "topics ok", "rights ok"]);
    assert.match(found[1]?.found ?? "", /^127\.0\.0\.1:\d+ answers; 1 broker, each where it says it is$/);
  });

  it("says what is missing and what differs, and the command for it", async () => {
    await withAdmin(settings, async (admin) => {
      await admin.remove(["loan.alerts"]);
      await admin.configure("loan.output.risk", { "cleanup.policy": "delete" });
      await admin.grow("loan.output.risk", 4);
    });
    const [, , missing, configs, lasting] = await doctor();
    assert.match(missing?.found ?? "", /^1 topic missing: loan\.alerts$/);
    assert.match(missing?.remedy ?? "", /^Run "loanstream topics create --broker kafka"/);
    assert.match(configs?.found ?? "", /^loan\.output\.risk differs .*: cleanup\.policy$/);
    assert.match(lasting?.found ?? "", /^loan\.output\.risk differs .*: partitions: 4, not 3$/);
    assert.deepEqual(
      [missing?.outcome, configs?.outcome, lasting?.outcome],
      ["failed", "warning", "warning"],
    );
  });

  it("says why the cluster can't be used, and asks no further", async () => {
    const password = join(scratch, "password");
    writeFileSync(password, "hidden\n");
    const user = ["--kafka-sasl-username=alice", `--kafka-sasl-password-file=${password}`];
    const [unreachable = [], ...others] = await Promise.all([
      doctor("--kafka-bootstrap=127.0.0.1:9"),
      doctor("--kafka-security=ssl"),
      doctor("--kafka-security=sasl_plaintext", ...user),
      doctor("--kafka-security=sasl_ssl"),
    ]);
    assert.deepEqual(brief(unreachable), ["settings ok", "broker failed"]);
    assert.match(unreachable[1]?.found ?? "", /127\.0\.0\.1:9: no broker answers .*\[kafka\.unreachable\]/);
    const [tls, sasl, unfit] = others.map(([, broker]) => broker?.found ?? "");
    assert.match(tls ?? "", /\[kafka\.tls\]$/);
    assert.match(sasl ?? "", /\[kafka\.authentication-failed\]$/);
    assert.ok(!JSON.stringify(others).includes("hidden"));
    assert.match(unfit ?? "", /needs kafka\.sasl\.username/);
  });
}
