/** Breaks, on a broker of this file's own, what `doctor` looks at, and reads what it says to do about it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it, test } from "node:test";
import { pipelineDirectory } from "../../src/cli/pipeline-option.ts";
import { readSettings } from "../../src/config/settings.ts";
import { openSession } from "../../src/engine/embedded/open.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { rhythms } from "../../src/generator/rhythm.ts";
import { runChecks } from "../../src/inspect/check.ts";
import { kafkaChecks } from "../../src/inspect/kafka-checks.ts";
import { processChecks } from "../../src/inspect/process-checks.ts";
import { subjectOf } from "../../src/inspect/subject.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { type KafkaSettings, plainSettings } from "../../src/kafka/settings.ts";
import { COMMITS_TOPIC } from "../../src/pipeline/topic-names.ts";
import { markerRecord } from "../../src/publish/kafka-publisher.ts";
import { openStore } from "../../src/store/sqlite-store.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { startKafka } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { freePort } from "../../stack/ports.ts";
import { loanstream } from "../cli/command-line.ts";
import { pipeline } from "../topics/data.ts";
import type { OwnBroker } from "./broker.ts";
import { brokerOfThisFile, withAdmin } from "./filled-topics.ts";
import { startTruth } from "./truth.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-kafka-doctor-"));
after(() => rmSync(scratch, { recursive: true }));
const INPUT = pipeline.source.topic;
const MINUTE_MS = 60_000;

const kafka = await brokerOfThisFile();
if ("skipped" in kafka) test("doctor on Kafka's input", { skip: kafka.skipped }, () => {});
else {
  describe("doctor on Kafka's input", () => ofInput(kafka.settings));
  describe("doctor on a broker", () => ofBroker(kafka.broker));
}

interface Found {
  readonly check: string;
  readonly outcome: string;
  readonly found: string;
  readonly remedy: string | null;
}

const flagsFor = ({ bootstrap }: KafkaSettings, args: readonly string[]) => [
  ...["--data-dir", join(scratch, "none"), "--port=0", "--json", "--broker=kafka"],
  ...[`--kafka-bootstrap=${bootstrap.join()}`, "--no-generator", ...args],
];

/** As a user asks it. */
async function doctor(kafkaSettings: KafkaSettings, ...args: string[]): Promise<readonly Found[]> {
  const { stdout, stderr } = await loanstream(["doctor", ...flagsFor(kafkaSettings, args)]);
  assert.equal(stderr, "");
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** What of it is about the cluster and the process, without a process for each look. */
async function look(kafkaSettings: KafkaSettings, ...args: string[]): Promise<readonly Found[]> {
  const { settings } = readSettings("doctor", flagsFor(kafkaSettings, args), {
    options: { json: { type: "boolean" } },
  });
  const subject = await subjectOf(settings, pipelineDirectory(settings.pipeline), Date.now());
  const found: Found[] = [];
  for await (const result of runChecks([...processChecks, ...kafkaChecks()], subject)) found.push(result);
  return found;
}

function says(found: readonly Found[], check: string, outcome: string, what: RegExp, remedy: RegExp): void {
  const [first, ...more] = found.filter((each) => each.check === check);
  assert.deepEqual([first?.outcome, more], [outcome, []], JSON.stringify(found));
  assert.match(first?.found ?? "", what);
  assert.match(first?.remedy ?? "", remedy);
}

interface Sent {
  readonly key: string | null;
  readonly value: string;
}

/** Of some minutes, up to about the time given. */
function events(count: number, untilMs: number, seed = 1): readonly Sent[] {
  const startMs = untilMs - MINUTE_MS;
  const options = { seed, startMs, ratePerSecond: count / 60, rhythm: rhythms.flat };
  return [...createGenerator(options).take(count)].map(({ json }) => ({
    key: JSON.parse(json).application_id,
    value: json,
  }));
}

async function send(
  settings: KafkaSettings,
  records: readonly Sent[],
  timestampMs = Date.now(),
): Promise<void> {
  const producer = await openProducer(settings, { topics: [INPUT] });
  for (const { key, value } of records) {
    const bytes = { key: key === null ? null : Buffer.from(key), value: Buffer.from(value) };
    producer.send(INPUT, { ...bytes, headers: [], timestampMs });
  }
  await producer.close();
}

/** A data directory that a run holds which has come so far, and takes in nothing more. */
function standingStill(positions: readonly number[], log: string | null = null) {
  const directory = mkdtempSync(join(scratch, "run-"));
  const store = openStore(directory, pipeline);
  if (log !== null) store.belongsTo(log);
  const nothing = { steps: [], trigger: null, tables: [], late: [], dead: [], snapshot: null };
  store.commit({ ...nothing, positions, ledger: openSession(pipeline).ledger(), watermarkMs: null });
  return { directory, release: () => store.close() };
}

function ofInput(settings: KafkaSettings): void {
  beforeEach(() => withAdmin(settings, (admin) => admin.recreate(wantedTopics(pipeline))));

  it("finds nothing wrong in what is as it should be", async () => {
    await send(settings, events(300, Date.now()));
    const found = await doctor(settings);
    const checks = [
      "broker",
      "topics",
      "rights",
      "outputs",
      "input",
      "clock",
      "schema",
      "identifiers",
      "event times",
      "repeats",
      "keys",
    ];
    assert.deepEqual(
      found
        .filter(({ check, outcome }) => checks.includes(check) && outcome === "ok")
        .map(({ check }) => check),
      checks,
      JSON.stringify(found),
    );
    says(found, "input", "ok", /^loan\.applications holds 300 records in 3 partitions$/, /^$/);
  });

  it("finds nothing wrong in a topic that is empty", async () => {
    const found = await look(settings);
    says(found, "input", "ok", /holds 0 records/, /^$/);
    assert.deepEqual(
      found.filter(({ outcome }) => outcome === "failed"),
      [],
    );
  });

  it("finds that events don't fit the schema, and shows none of what is in them", async () => {
    const broken = events(300, Date.now()).map(({ key, value }) => ({
      key,
      value: value.replace(/"event_type":"[a-z]+"/, '"event_type":"4929-secret"'),
    }));
    await send(settings, broken);
    const found = await look(settings);
    const what =
      /^schema mismatch: 300 of the last 300 records don't fit the schema, most of them for \$\.event_type /;
    says(found, "schema", "failed", what, /^Correct schema\.yaml, or who sends/);
    assert.ok(!JSON.stringify(found).includes("4929"));
  });

  it("finds identifiers that aren't tokens, and shows none of them", async () => {
    const raw = events(300, Date.now()).map(({ key, value }) => ({
      key,
      value: value.replace('"ssn_token":', '"ssn":"900-12-3456","ssn_token":'),
    }));
    await send(settings, raw);
    const found = await look(settings);
    const what = /^records carry applicant\.ssn as it is, where the schema has only its token$/;
    says(found, "identifiers", "failed", what, /^Put a token in its place before it enters Kafka/);
    assert.ok(!JSON.stringify(found).includes("900-12"));
  });

  it("finds events whose sender's clock is ahead", async () => {
    await send(settings, events(300, Date.now() + 20 * MINUTE_MS));
    const what = /^300 of the last 300 records bear a time after they came, and make others late$/;
    says(await look(settings), "event times", "warning", what, /^Set the clock of whoever sends/);
  });

  it("finds events so far ahead that they are dead", async () => {
    await send(settings, events(300, Date.now() + 180 * MINUTE_MS));
    const what = /^300 of the last 300 records bear a time more than an hour after they came, and are dead$/;
    says(await look(settings), "event times", "warning", what, /time zone/);
  });

  it("finds that a generator sends the past after what is of now", async () => {
    await send(settings, events(300, Date.now()));
    await send(settings, events(300, Date.now() - 600 * MINUTE_MS, 2));
    const what = /^\d+ of the last 600 records come later than the delay of 60 s allows$/;
    says(await look(settings), "event times", "warning", what, /^Raise delay .*--start, or recreate/);
  });

  it("finds that two generators have one seed", async () => {
    const twice = events(300, Date.now());
    await send(settings, [...twice, ...twice]);
    const what = /^30\d of the last 600 records repeat an event's id/;
    says(await look(settings), "repeats", "warning", what, /another seed \(SEED=\)/);
  });

  it("finds records under no key, or another", async () => {
    const all = events(300, Date.now());
    await send(
      settings,
      all.map(({ value }) => ({ key: null, value })),
    );
    const without = /^300 of the last 300 records bear another key than application_id, or none$/;
    const remedy = /^Send each record with its application_id as key/;
    says(await look(settings), "keys", "warning", without, remedy);
  });

  it("finds that all records are in one partition", async () => {
    const [one] = events(1, Date.now());
    assert.ok(one);
    await send(
      settings,
      Array.from({ length: 1200 }, () => one),
    );
    says(
      await look(settings),
      "keys",
      "warning",
      /^nearly all records are in one of 3 partitions$/,
      /as key/,
    );
  });

  it("finds how many records wait, and for how long", async () => {
    await withAdmin(settings, (admin) => admin.configure(INPUT, { "message.timestamp.type": "CreateTime" }));
    await send(settings, events(300, Date.now()), Date.now() - 5 * MINUTE_MS);
    const run = standingStill([0, 0, 0]);
    const found = await look(settings, "--data-dir", run.directory);
    run.release();
    const what = /^300 records to take in, the oldest for \d+ (s|minutes)$/;
    says(found, "delay", "warning", what, /^Give it another core, send less, or wait/);
    says(found, "process", "warning", /answers nobody/, /look at its messages/);
    const later = await look(settings, "--data-dir", run.directory);
    says(later, "delay", "ok", /^300 records to take in at the next start$/, /^$/);
  });

  it("finds that more comes than is taken in", async () => {
    const run = standingStill([0, 0, 0]);
    await send(settings, events(10, Date.now()));
    const looking = look(settings, "--data-dir", run.directory);
    let isThrough = false;
    void looking.finally(() => {
      isThrough = true;
    });
    for (let seed = 2; !isThrough; seed += 1) await send(settings, events(10, Date.now(), seed));
    run.release();
    const what = /^back-pressure: [\d,]+ records a second come, 0 records are taken in, [\d,]+ records wait$/;
    says(await looking, "back-pressure", "warning", what, /^If it goes on, send less/);
  });

  it("finds that the topic isn't the one whose records the tables hold", async () => {
    await send(settings, events(300, Date.now()));
    const run = standingStill([0, 5000, 0]);
    run.release();
    const found = await look(settings, "--data-dir", run.directory);
    const what =
      /^loan\.applications, partition 1 ends at offset \d+, the tables hold what came up to 5,000$/;
    says(
      found,
      "positions",
      "failed",
      what,
      /^The topic was made anew, or broker or kafka\.bootstrap name another/,
    );
  });

  it("finds that the topic was made anew, however much is in it by now", async () => {
    const run = standingStill([0, 0, 0], "kafka:another");
    run.release();
    await send(settings, events(300, Date.now()));
    const found = await look(settings, "--data-dir", run.directory);
    const what = /^the tables hold what came from another log than this loan\.applications$/;
    says(found, "positions", "failed", what, /--data-dir to begin with an empty one\.$/);
  });

  it("finds that what was put out is of other tables", async () => {
    const run = standingStill([0, 0, 0]);
    run.release();
    const none = await look(settings, "--data-dir", run.directory);
    says(none, "outputs", "ok", /^what application loanstream put out, if anything, is of this/, /^$/);
    const left = { storeId: "another", seq: 1, positions: [1, 0, 0], triggered: null, instance: "one" };
    const producer = await openProducer(settings, { topics: [COMMITS_TOPIC] });
    producer.send(COMMITS_TOPIC, markerRecord(left, "loanstream", Date.now()));
    await producer.close();
    const found = await look(settings, "--data-dir", run.directory);
    const what = /put out is of store another, .* \[publish\.other-store\]$/;
    says(found, "outputs", "failed", what, /^Name the data directory of that store, or /);
    says(await look(settings), "outputs", "failed", /this directory's is none yet/, /^Name the data/);
    const other = await look(settings, "--data-dir", run.directory, "--kafka-application-id", "another");
    says(other, "outputs", "ok", /^what application another put out/, /^$/);
  });

  it("finds that records are gone which recovery needs", async (t) => {
    await send(settings, events(300, Date.now()));
    const run = standingStill([10, 10, 10]);
    run.release();
    const truth = await startTruth(t, settings.bootstrap.join());
    await truth.delete(INPUT, 1, 20);
    const found = await look(settings, "--data-dir", run.directory);
    const what = /^loan\.applications, partition 1 begins at offset 20, recovery needs it from 10 on$/;
    says(found, "positions", "failed", what, /^Those records are gone: raise topics\.input\.retention/);
  });

  it("looks no further where the topic is missing", async () => {
    await withAdmin(settings, (admin) => admin.remove([INPUT]));
    const found = await look(settings);
    says(found, "topics", "failed", /^1 topic missing: loan\.applications$/, /topics create --broker kafka/);
    assert.deepEqual(
      found.filter(({ check }) => ["input", "schema", "keys"].includes(check)),
      [],
    );
  });
}

/** The last: the broker is gone afterwards. */
function ofBroker(broker: OwnBroker): void {
  it("finds that nobody listens", async () => {
    await broker.kill();
    const found = await doctor(broker.settings);
    says(found, "broker", "failed", /no broker answers .*\[kafka\.unreachable\]$/, /"make up"/);
    assert.deepEqual(
      found.filter(({ check }) => ["topics", "rights", "input"].includes(check)),
      [],
    );
  });

  it("finds that the broker advertises an address at which it isn't", async () => {
    const nobodysPort = await freePort();
    const elsewhere = await startKafka({
      cacheDir: defaultCacheDir(process.env),
      dataDir: join(scratch, "elsewhere"),
      advertisedPort: nobodysPort,
    });
    const found = await look(plainSettings([elsewhere.bootstrap]));
    await elsewhere.stop();
    const what = new RegExp(`^127\\.0\\.0\\.1:${nobodysPort}: .*\\[kafka\\.wrong-listener\\]$`);
    says(found, "broker", "failed", what, /advertised\.listeners/);
  });
}
