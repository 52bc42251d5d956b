/** Each check over a data directory that is whole, and over one in which that is broken which it looks at. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { readSettings } from "../../src/config/settings.ts";
import { startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { nodeDirectory } from "../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../src/eventlog/segments/segment-log.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { type Check, type CheckResult, runChecks } from "../../src/inspect/check.ts";
import { directoryChecks, nodeFileSystem } from "../../src/inspect/directory-checks.ts";
import { logChecks } from "../../src/inspect/log-checks.ts";
import type { LogOverview, PartitionOverview } from "../../src/inspect/log-overview.ts";
import { machineChecks, portCheck } from "../../src/inspect/machine-checks.ts";
import { pipelineChecks } from "../../src/inspect/pipeline-checks.ts";
import { processChecks } from "../../src/inspect/process-checks.ts";
import { storeChecks } from "../../src/inspect/store-checks.ts";
import { type Subject, subjectOf, valueIn } from "../../src/inspect/subject.ts";
import { parseLogLevels } from "../../src/log.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { lockDirectory } from "../../src/store/directory-lock.ts";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-checks-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "at-"));

const whole = join(scratch, "whole");
const RECORDS = 200;
const SEGMENT = `log/${"0".repeat(20)}`;
const nowMs = Date.now();
const logLevels = parseLogLevels("warn");
const checks = [
  ...pipelineChecks,
  ...directoryChecks(nodeFileSystem),
  ...processChecks,
  ...storeChecks,
  ...logChecks,
  portCheck,
];

before(() => append(whole, [...generated()]));

function generated(): readonly string[] {
  const options = { seed: 1, startMs: nowMs - 600_000, ratePerSecond: 8 };
  return [...createGenerator(options).take(RECORDS)].map(({ json }) => json);
}

async function append(dataDirectory: string, records: readonly string[]): Promise<void> {
  const thread = await startEngineThread({ pipeline: loadPipeline("pipeline"), dataDirectory, logLevels });
  await thread.append({ records: records.map((json) => Buffer.from(json)), ingestTimeMs: nowMs });
  await thread.drain();
}

/** A data directory of one's own, to break something in. */
function copy(): string {
  const directory = newPath();
  cpSync(whole, directory, { recursive: true });
  chmodSync(join(directory, "log"), 0o700);
  return directory;
}

/** A pipeline folder in which a file's text is another. */
function pipelineWith(file: string, change: (text: string) => string): string {
  const directory = newPath();
  cpSync("pipeline", directory, { recursive: true });
  const path = join(directory, file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return directory;
}

function subject(dataDirectory: string, pipeline = "pipeline", atMs = nowMs, port = 0): Promise<Subject> {
  const { settings } = readSettings("doctor", ["--data-dir", dataDirectory, "--port", `${port}`], {}, {});
  return subjectOf(settings, pipeline, atMs);
}

async function findings(
  name: string,
  of: Subject,
  among: readonly Check<Subject>[] = checks,
): Promise<readonly CheckResult[]> {
  const found: CheckResult[] = [];
  for await (const result of runChecks(
    among.filter((check) => check.name === name),
    of,
  ))
    found.push(result);
  return found;
}

function flipByte(file: string): void {
  const bytes = readFileSync(file);
  bytes[100]! ^= 1;
  writeFileSync(file, bytes);
}

const overview = (only: PartitionOverview): LogOverview => ({
  partitions: [only],
  ...{ bytes: 1, oldestMs: nowMs },
});

/** The one that a check has. */
async function finding(
  name: string,
  of: Subject,
  among: readonly Check<Subject>[] = checks,
): Promise<CheckResult> {
  const [first, ...more] = await findings(name, of, among);
  assert.ok(first);
  assert.deepEqual(more, []);
  return first;
}

function says(result: CheckResult, outcome: CheckResult["outcome"], found: RegExp, remedy: RegExp): void {
  assert.equal(result.outcome, outcome, result.found);
  assert.match(result.found, found);
  assert.match(result.remedy ?? "", remedy);
}

describe("a check", () => {
  it("finds nothing wrong where nothing is, each of them", async () => {
    const of = await subject(whole);
    // No process runs that could tell of its triggers.
    for (const { name } of checks.filter((check) => check.name !== "trigger"))
      assert.equal((await finding(name, of)).outcome, "ok", name);
  });

  it("finds nothing wrong where nothing is kept yet", async () => {
    const of = await subject(join(scratch, "none"));
    for (const { name } of checks)
      for (const { outcome } of await findings(name, of)) assert.equal(outcome, "ok", name);
  });

  it("of Node wants the version that is pinned, on Linux", async () => {
    const node = machineChecks.find(({ name }) => name === "node");
    const on = async (nodeVersion: string, platform: string) =>
      (await node?.run({ nodeVersion, platform, architecture: "x64" }))?.map(({ outcome }) => outcome);
    assert.deepEqual(
      [await on("v24.1.0", "linux"), await on("v20.1.0", "linux"), await on("v24.1.0", "darwin")],
      [["ok"], ["failed"], ["warning"]],
    );
  });

  it("of the pipeline passes on all that is wrong in it", async () => {
    const pipeline = pipelineWith("models/channel/channel_bursts.sql", (text) =>
      text.replace("  channel,", "  chanel,"),
    );
    const [first] = await findings("pipeline", await subject(whole, pipeline));
    assert.ok(first);
    says(first, "failed", /channel_bursts\.sql:\d+:\d+: .*chanel.*\[sql\.unknown-column\]/, /Write channel/);
  });

  it("of the generator says what of its events doesn't fit", async () => {
    const result = await finding("generator", await subject(whole, "examples/german-credit"));
    says(result, "failed", /don't fit the pipeline's schema: \$/, /--no-generator/);
  });

  it("of the data directory names what is in its way", async () => {
    const file = join(newPath(), "file");
    writeFileSync(file, "");
    says(
      await finding("data directory", await subject(join(file, "data"))),
      "failed",
      /is no directory/,
      /--data-dir/,
    );
  });

  it("of the data directory finds that a place keeps no files, or can't be written", async () => {
    const places = [await subject("/proc/data"), await subject(whole)];
    const proc = directoryChecks(() => ({ type: 0x9fa0, freeBytes: 0 }));
    for (const place of places)
      says(
        await finding("data directory", place, proc),
        "failed",
        /can't be written: proc keeps no files/,
        /^Name another by --data-dir\.$/,
      );
  });

  it("of the disk fails where there is hardly any room, in memory as well", async () => {
    const on = async (type: number) =>
      findings(
        "disk",
        await subject(whole),
        directoryChecks(() => ({ type, freeBytes: 8192 })),
      );
    const outcomes = async (type: number) => (await on(type)).map(({ outcome }) => outcome);
    assert.deepEqual(await outcomes(0x01021994), ["failed", "warning"]);
    assert.deepEqual(await outcomes(0), ["failed"]);
  });

  it("of the disk warns of little space, of memory and of a network", async () => {
    const of = await subject(whole);
    const on = (type: number, freeBytes: number) =>
      finding(
        "disk",
        of,
        directoryChecks(() => ({ type, freeBytes })),
      );
    says(await on(0xef53, 900_000_000), "warning", /^900 MB free$/, /log\.retention/);
    says(await on(0x6969, 1e12), "warning", /NFS/, /--data-dir/);
    says(await on(0x01021994, 1e12), "warning", /in memory/, /--data-dir/);
  });

  it("of permissions names a file that others may open", async () => {
    const directory = copy();
    chmodSync(join(directory, `${SEGMENT}.ndjson`), 0o644);
    says(await finding("permissions", await subject(directory)), "failed", /\.ndjson/, /chmod -R go-rwx/);
  });

  it("of the process warns of one that answers nobody", async () => {
    const directory = copy();
    const lock = lockDirectory(directory);
    says(await finding("process", await subject(directory)), "warning", /answers nobody/, /Wait until/);
    lock.release();
    assert.equal((await finding("process", await subject(directory))).outcome, "ok");
  });

  it("of the process passes on what stopped its engine", async () => {
    const failure = { message: "no space is left on the device", remedy: "Free some." };
    const readiness = { state: "failed", recordsPerSecond: null, slowestTriggerMs: null, failure };
    const process = { pid: 1, url: "http://127.0.0.1:1", startedAt: null };
    const of = { ...(await subject(whole)), process, readiness };
    says(await finding("process", of), "failed", /^1 has stopped: no space is left/, /^Free some\.$/);
  });

  it("of the trigger warns where one takes longer than there is until the next", async () => {
    const told = { state: "live", recordsPerSecond: 3, slowestTriggerMs: 999.5, failure: null };
    const of = { ...(await subject(whole)), readiness: told };
    says(await finding("trigger", of), "ok", /^the slowest of the last minute took 1,000 of 1,000 ms$/, /^$/);
    const slow = { ...of, readiness: { ...told, slowestTriggerMs: 1234 } };
    says(await finding("trigger", slow), "warning", /^overrun: .* 1,234 of 1,000 ms$/, /^Raise trigger/);
  });

  it("of what was taken in says what most of it came to nothing for", async () => {
    const directory = copy();
    await append(
      directory,
      Array.from({ length: 20 }, () => "{}"),
    );
    const what = /^20 of 220 records are dead, lately most of them for \$/;
    says(await finding("taken in", await subject(directory)), "warning", what, /dlq list.*dlq retry/);
  });

  it("of the store refuses another program's file", async () => {
    const directory = newPath();
    using database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("CREATE TABLE theirs (a)");
    says(await finding("store", await subject(directory)), "failed", /another program's/, /--data-dir/);
  });

  it("of the tables says which the pipeline has otherwise", async () => {
    const pipeline = pipelineWith("models/channel/channel_bursts.sql", (text) =>
      text.replace(">= 30", ">= 31"),
    );
    const [first] = await findings("tables", await subject(whole, pipeline));
    assert.ok(first);
    says(first, "failed", /channel_bursts has changed/, /rebuild channel_bursts/);
  });

  it("of integrity finds a page of the store that is damaged", async () => {
    const directory = copy();
    const file = join(directory, STORE_FILE);
    const bytes = readFileSync(file);
    bytes.fill(0xff, 8 * 4096, 12 * 4096);
    writeFileSync(file, bytes);
    const [first] = await findings("integrity", await subject(directory));
    assert.ok(first);
    says(first, "failed", /damaged/, /from a copy/);
  });

  it("of the log finds a byte that has changed in a segment that is full", async () => {
    const directory = copy();
    const log = await openSegmentLog(await nodeDirectory(join(directory, "log")), { segmentBytes: 1 });
    await log.append({ records: [Buffer.from("{}")], ingestTimeMs: nowMs });
    await log.close();
    flipByte(join(directory, `${SEGMENT}.ndjson`));
    says(await finding("log", await subject(directory)), "failed", /\[log\.corrupt\]/, /from a copy/);
  });

  it("of positions finds a byte that has changed in the last segment", async () => {
    const directory = copy();
    flipByte(join(directory, `${SEGMENT}.ndjson`));
    says(await finding("positions", await subject(directory)), "failed", /end at position 0/, /same copy/);
  });

  it("of positions finds a log that is shorter than the tables, or begins too late", async () => {
    const directory = copy();
    for (const kind of ["ndjson", "batches"]) truncateSync(join(directory, `${SEGMENT}.${kind}`), 0);
    says(await finding("positions", await subject(directory)), "failed", /end at position 0/, /same copy/);
    const of = await subject(whole);
    const at = RECORDS + 1;
    const late = overview({ start: at, end: at, committed: RECORDS, lag: 0 });
    says(
      await finding("positions", { ...of, log: { value: late } }),
      "failed",
      /needs it from 200/,
      /from a copy/,
    );
  });

  it("of the log finds that the tables are another's", async () => {
    const directory = copy();
    using database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("UPDATE loanstream_progress SET log = 'kafka:another'");
    const what = /computed from kafka:another, and this is the embedded log \[store\.other-log\]$/;
    says(await finding("log", await subject(directory)), "failed", what, /broker, kafka\.bootstrap/);
  });

  it("of what was taken in names a rebuild for what came late only where there is one", async () => {
    const of = await subject(whole);
    const status = valueIn(of.status);
    assert.ok(status?.ledger);
    const ledger = { ...status.ledger, late: status.ledger.read, accepted: 0, duplicate: 0, dead: 0 };
    const from = (logIdentity: string | null) =>
      finding("taken in", { ...of, status: { value: { ...status, ledger, logIdentity } } });
    const what = /^200 of 200 records came too late$/;
    says(await from(null), "warning", what, /"loanstream rebuild TABLE"/);
    says(await from("kafka:one"), "warning", what, /another --data-dir .*topics recreate/);
    assert.doesNotMatch((await from("kafka:one")).remedy ?? "", /rebuild/);
  });

  it("of the clock finds records from the future", async () => {
    const of = await subject(whole, "pipeline", nowMs - 3_600_000);
    says(await finding("clock", of), "failed", /60 minutes from now/, /clock/);
  });

  it("of the schema tells a few dead records from a mismatch", async () => {
    const mismatch = await finding("schema", await subject(whole, "examples/german-credit"));
    says(mismatch, "failed", /^schema mismatch: 200 of the last 200 .*for \$/, /schema\.yaml/);
    const directory = copy();
    await append(
      directory,
      Array.from({ length: 20 }, () => "{}"),
    );
    says(await finding("schema", await subject(directory)), "warning", /^20 of the last 220 /, /dlq list/);
  });

  it("of the delay warns of records that wait for long, while a process runs", async () => {
    const of = await subject(whole, "pipeline", nowMs + 60_000);
    const behind = overview({ start: 0, end: RECORDS, committed: 150, lag: 50 });
    const waiting = { ...of, log: { value: behind } };
    const process = { pid: 1, url: "http://127.0.0.1:1", startedAt: null };
    says(await finding("delay", { ...waiting, process }), "warning", /^50 records .* 60 s$/, /core/);
    assert.equal((await finding("delay", waiting)).outcome, "ok");
  });

  it("of the port tells another program's from its own", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const of = await subject(whole, "pipeline", nowMs, port);
    says(await finding("port", of), "failed", /another program listens/, /--port/);
    const process = { pid: 1, url: `http://127.0.0.1:${port}`, startedAt: null };
    for (const url of [process.url, "http://127.0.0.1:1"]) {
      const told = await finding("port", { ...of, process: { ...process, url } });
      assert.deepEqual([told.outcome, told.found], ["ok", `the process that runs here listens on ${url}`]);
    }
    await new Promise((resolve) => server.close(resolve));
    assert.equal((await finding("port", of)).outcome, "ok");
  });
});
