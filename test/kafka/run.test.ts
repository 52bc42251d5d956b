/** `run --broker kafka`, and the commands beside it, as a user runs them, against a broker of this file's own. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openProducer } from "../../src/kafka/producer.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { start as begin, loanstream, type Outcome, type RunningCommand } from "../cli/command-line.ts";
import { storedRows } from "../cli/stored-rows.ts";
import { events, pipeline } from "../topics/data.ts";
import { brokerOfThisFile, type Kafka, withAdmin } from "./filled-topics.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-run-kafka-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "data-"));
const INPUT = "loan.applications";

const kafka = await brokerOfThisFile();
if ("skipped" in kafka) test("run on Kafka", { skip: kafka.skipped }, () => {});
else describe("run on Kafka", { timeout: 300_000 }, () => ofRun(kafka));

const begun: RunningCommand[] = [];
after(() => {
  for (const running of begun) running.kill();
});

/** Ends with the file, whatever fails. */
function start(args: readonly string[]): RunningCommand {
  const running = begin(args);
  begun.push(running);
  return running;
}

interface Source {
  readonly read: number;
  readonly accepted: number;
  readonly late: number;
  readonly duplicate: number;
  readonly dead: number;
}

function source(directory: string): Source {
  const [progress] = storedRows(directory, "SELECT ledger FROM loanstream_progress");
  const { source: found } = JSON.parse(String(progress?.ledger ?? "null")) ?? { source: NOTHING };
  return found;
}

const NOTHING: Source = { read: 0, accepted: 0, late: 0, duplicate: 0, dead: 0 };

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(50);
}

async function urlOf(running: RunningCommand, directory: string): Promise<string> {
  await running.said('"message":"listens"');
  return JSON.parse(readFileSync(join(directory, "run.json"), "utf8")).url;
}

function linesOf({ exitCode, stdout, stderr }: Outcome): string[] {
  assert.equal(exitCode, 0, stderr);
  return stdout.split("\n").slice(0, -1);
}

const idIn = (json: string) => /"application_id":"([^"]{36})"/.exec(json)?.[1] ?? "";

function ofRun({ settings, broker }: Exclude<Kafka, { skipped: string }>): void {
  const directory = newPath();
  const onKafka = ["--broker=kafka", `--kafka-bootstrap=${settings.bootstrap.join()}`];
  const at = (path: string) => [...onKafka, "--data-dir", path];
  const ask = (...args: string[]) => loanstream([...args, ...at(directory)]);
  const runArgs = (path: string, ...flags: string[]) => [
    ...["run", "--port", "0", "--history", "none", "--rate", "100"],
    ...at(path),
    ...flags,
  ];
  const consume = async (topic: string, ...flags: string[]) =>
    linesOf(await ask("consume", topic, "--no-follow", "--json", ...flags));

  async function stop(running: RunningCommand): Promise<Outcome> {
    running.interrupt();
    const outcome = await running.outcome;
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    return outcome;
  }

  async function send(...values: readonly string[]): Promise<void> {
    const producer = await openProducer(settings, { topics: [INPUT] });
    for (const value of values)
      producer.send(INPUT, {
        key: Buffer.from(idIn(value)),
        value: Buffer.from(value),
        headers: [],
        timestampMs: Date.now(),
      });
    await producer.close();
  }

  it("makes no topic, and says what does", async () => {
    const { exitCode, stdout, stderr } = await loanstream(runArgs(newPath()));
    assert.deepEqual([exitCode, stdout], [2, ""]);
    assert.match(stderr, /\[kafka\.topic-missing\].*loanstream topics create/);
    await withAdmin(settings, (admin) => admin.create(wantedTopics(pipeline)));
  });

  it("takes the topic's events into tables and topics, and drains at Ctrl-C", async () => {
    const running = start(runArgs(directory));
    const url = await urlOf(running, directory);
    await until(() => source(directory).read > 300);
    assert.equal((await fetch(`${url}/v1/tables/risk_scores?limit=5`)).status, 200);
    const { process: seen } = JSON.parse((await ask("status", "--json")).stdout);
    assert.equal(seen.url, url);
    const { stdout } = await stop(running);
    const { read, accepted, late } = source(directory);
    assert.deepEqual([late, accepted > 0], [0, true]);
    assert.ok(stdout.startsWith(`${read.toLocaleString("en-US")} read = `), stdout);
    assert.equal((await consume("input")).length, read);
    const [stored] = storedRows(directory, "SELECT count(*) AS count FROM risk_scores");
    assert.equal((await consume("risk", "--table", "risk_scores")).length, stored?.count);
  });

  it("goes on with the same stream, in which nothing is late and nothing is sent twice", async () => {
    const before = source(directory);
    const running = start(runArgs(directory));
    await until(() => source(directory).read > before.read + 200);
    const { stderr } = await stop(running);
    assert.match(stderr, /"message":"generates".*"goesOn":true/);
    assert.equal(source(directory).late, 0);
    const ids = (await consume("input")).map((line) => JSON.parse(line).event_id);
    assert.equal(ids.length - new Set(ids).size, source(directory).duplicate);
  });

  it("has a past of which nothing is late, over all partitions", async () => {
    const path = newPath();
    await withAdmin(settings, (admin) => admin.recreate(wantedTopics(pipeline)));
    const flags = ["--history", "30m", "--rate", "3", "--events", "1", "--kafka-application-id", "past"];
    const { exitCode, stderr } = await loanstream([...runArgs(path), ...flags]);
    assert.equal(exitCode, 0, stderr);
    const { read, late } = source(path);
    // At night the generator makes a twelfth of its rate.
    assert.ok(read > 300, `${read} events of the past`);
    assert.equal(late, 0);
    await withAdmin(settings, (admin) => admin.recreate(wantedTopics(pipeline)));
  });

  describe("and beside it", () => {
    const path = newPath();
    const sent = events(200);
    const beside = (...args: string[]) => loanstream([...args, ...at(path)]);
    const quiet = (...flags: string[]) => start(runArgs(path, "--no-generator", ...flags));
    const letters = async (): Promise<Letter[]> =>
      linesOf(await beside("dlq", "list", "--json")).map((line) => JSON.parse(line));
    const status = async () => JSON.parse((await beside("status", "--json")).stdout);

    it("dlq lists what is dead by its place, as it came", async () => {
      const running = quiet();
      await running.said('"message":"listens"');
      await send(...sent.map(({ json }) => json));
      await until(() => source(path).read === sent.length);
      const found = await letters();
      assert.equal(found.length, source(path).dead);
      assert.ok(found.length > 5 && new Set(found.map(({ partition }) => partition)).size > 1);
      const dead = new Set(sent.filter(({ bad }) => bad !== undefined).map(({ json }) => json));
      for (const { record } of found)
        assert.ok(dead.has(typeof record === "string" ? record : JSON.stringify(record)));
      const lines = linesOf(await beside("dlq", "list"));
      assert.deepEqual(
        lines.slice(0, found.length).map((line) => line.split("  ")[0]),
        found.map(({ partition, position }) => `${partition}:${position}`),
      );
      await stop(running);
    });

    it("dlq puts repaired records in again, each once, with a run and without one", async () => {
      const repaired = (await letters())
        .filter(({ path: where }) => where === "$.schema_version")
        .map((letter) => ({
          ...letter,
          record: { ...Object(letter.record), schema_version: 1, event_time: new Date().toISOString() },
        }));
      const [first, ...others] = repaired;
      assert.ok(first && others.length > 0);
      const retry = async (some: readonly object[]) => {
        const file = join(newPath(), "letters.ndjson");
        writeFileSync(file, some.map((line) => `${JSON.stringify(line)}\n`).join(""));
        return linesOf(await beside("dlq", "retry", file));
      };
      assert.deepEqual(await retry([first]), ["1 appended, 0 already there."]);
      const running = quiet();
      await running.said('"message":"listens"');
      const all = [`${others.length} appended, 1 already there.`];
      assert.deepEqual(await retry(repaired), all);
      await stop(running);
      assert.deepEqual(await retry(repaired), [`0 appended, ${repaired.length} already there.`]);
      const places = (await letters()).flatMap(({ retried_as }) => retried_as ?? []);
      assert.equal(
        new Set(places.map(({ partition, position }) => `${partition}:${position}`)).size,
        repaired.length,
      );
      assert.equal(source(path).read, sent.length + repaired.length);
    });

    it("status tells broker, topic, application, and how far each partition is", async () => {
      const { broker: of, log, positions, lag } = await status();
      assert.deepEqual(of, { bootstrap: settings.bootstrap, topic: INPUT, application: "loanstream" });
      const partitions: { start: number; end: number; committed: number; lag: number }[] = log.partitions;
      assert.deepEqual(
        partitions.map(({ committed }) => committed),
        positions,
      );
      assert.equal(
        partitions.reduce((sum, { start: from, end }) => sum + end - from, 0),
        source(path).read,
      );
      assert.equal(lag, 0);
      await send("{", "{", "{");
      assert.equal((await status()).lag, 3);
      const { stdout } = await beside("status");
      assert.match(stdout, /^ {2}broker +kafka at \S+, topic loan\.applications, application loanstream$/m);
      assert.match(stdout, /^ {2}lag +3 records$/m);
      assert.equal(
        stdout.match(/^ {2}partition +\d: positions 0 to \d+, committed up to \d+, \d to take in$/gm)?.length,
        3,
      );
    });

    it("why finds an application's events in every partition", async () => {
      const [id = ""] = [...Map.groupBy(sent, ({ json }) => idIn(json))].flatMap(([key, its]) =>
        key !== "" && its.length > 1 && its.every(({ bad }) => bad === undefined) ? [key] : [],
      );
      const { events: found } = JSON.parse((await beside("why", id, "--json")).stdout);
      const its = sent.filter(({ json }) => idIn(json) === id);
      assert.equal(found.length, its.length);
      assert.ok(found.every(({ verdict }: { verdict: string }) => verdict === "accepted"));
      const [{ partition, position }] = found;
      assert.ok((await beside("why", id.slice(0, 13))).stdout.includes(`position ${partition}:${position} `));
      const unknown = await beside("why", "nobody");
      assert.match(
        unknown.stderr,
        /the log keeps positions 0 to \d+ of partition 0, .* of partition 2, since /,
      );
    });

    it("nothing takes one log for another", async () => {
      const embedded = (...args: string[]) => loanstream([...args, "--data-dir", path]);
      const outcomes = [
        await embedded("run", "--port", "0", "--no-generator"),
        await embedded("why", "nobody"),
        await embedded("dlq", "list"),
        await embedded("rebuild", "--all"),
      ];
      for (const { exitCode, stdout, stderr } of outcomes) {
        assert.deepEqual([exitCode, stdout], [1, ""], stderr);
        assert.match(stderr, /computed from kafka:.* \[store\.other-log\]/);
      }
      const told = await embedded("status");
      assert.match(told.stdout, /^ {2}log .*\[store\.other-log\]/m);
    });

    it("what Kafka has no use for is refused", async () => {
      const file = join(newPath(), "events.ndjson");
      writeFileSync(file, "{}\n");
      const refused = [await beside("rebuild", "--all"), await beside("run", "--backfill", file)];
      for (const { exitCode, stdout, stderr } of refused) {
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /\[usage\.invalid\]/);
      }
    });

    it("one more with the same name but other tables is refused, and disturbs nobody", async () => {
      const running = quiet();
      await running.said('"message":"listens"');
      const { exitCode, stdout, stderr } = await loanstream(runArgs(newPath(), "--no-generator"));
      assert.deepEqual([exitCode, stdout], [1, ""]);
      assert.match(stderr, /\[publish\.other-store\]/);
      await send("{");
      const { read } = source(path);
      await until(() => source(path).read > read);
      await stop(running);
    });

    it("one more with the same name and a copy of the tables takes over, and the first ends though nothing comes", async () => {
      const copy = newPath();
      cpSync(path, copy, { recursive: true });
      const first = quiet();
      await first.said('"message":"listens"');
      const second = start(runArgs(copy, "--no-generator"));
      await second.said('"message":"listens"');
      const { exitCode, stderr } = await first.outcome;
      assert.equal(exitCode, 3);
      assert.match(stderr.trim().split("\n").at(-1) ?? "", /\[kafka\.fenced\]/);
      await stop(second);
    });
  });

  it("waits for a broker that isn't there, until it is or until Ctrl-C", async () => {
    await withAdmin(settings, (admin) => admin.recreate(wantedTopics(pipeline)));
    await broker.kill();
    const waiting = start(runArgs(directory));
    await waiting.said("waits for it");
    const { stdout, stderr } = await stop(waiting);
    assert.equal(stdout, "");
    assert.match(stderr, /Ended before a broker was there: nothing was taken in\.\n$/);
    const told = JSON.parse((await ask("status", "--json")).stdout);
    assert.deepEqual([told.log.error.code, told.lag], ["kafka.unreachable", null]);
    const running = start(runArgs(newPath(), "--no-generator", "--kafka-application-id", "patient"));
    await running.said("waits for it");
    await broker.start();
    await running.said('"message":"listens"');
    assert.equal((await stop(running)).stderr.match(/waits for it/g)?.length, 1);
  });

  it("stops at a raw identifier, and says where it is and not what", async () => {
    await withAdmin(settings, (admin) => admin.recreate(wantedTopics(pipeline)));
    const path = newPath();
    const running = start(runArgs(path, "--no-generator"));
    await running.said('"message":"listens"');
    await send(JSON.stringify({ application_id: "0".repeat(36), applicant: { ssn: "123-45-6789" } }));
    const { exitCode, stderr } = await running.outcome;
    assert.equal(exitCode, 1);
    const last = stderr.trim().split("\n").at(-1) ?? "";
    assert.match(last, /^loan\.applications:\d.*ssn.*\[kafka\.raw-identifier\]/);
    assert.ok(!stderr.includes("123-45"));
    assert.equal(source(path).read, 0);
  });
}

interface Letter {
  readonly partition: number;
  readonly position: number;
  readonly path: string;
  readonly retried_as: { readonly partition: number; readonly position: number } | null;
  readonly record: unknown;
}
