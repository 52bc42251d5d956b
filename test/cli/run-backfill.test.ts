import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { identityOf } from "../../src/cli/file-content.ts";
import { startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { parseLogLevels } from "../../src/log.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { loanstream, start } from "./command-line.ts";
import { storedRows } from "./stored-rows.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-backfill-"));
after(() => rmSync(scratch, { recursive: true }));
const file = join(scratch, "events.ndjson");
const newPath = () => mkdtempSync(join(scratch, "data-"));
const EVENTS = 3000;
const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));

before(async () => {
  const flags = [
    "--rate",
    "1",
    "--start",
    "2026-01-05T09:00:00Z",
    "--bad-share",
    "0.01",
    "--bad",
    "malformed",
  ];
  const made = await loanstream(["generate", "--events", String(EVENTS), ...flags, "--out", file]);
  assert.equal(made.exitCode, 0, made.stderr);
});

const backfill = (directory: string, ...files: string[]) => [
  ...["run", "--port", "0", "--no-generator", "--data-dir", directory],
  ...["--backfill", ...files],
];

/** Takes the files in, and stops once they are. */
async function takeIn(directory: string, ...files: string[]) {
  const running = start(backfill(directory, ...files));
  await running.said('"message":"backfilled"');
  running.interrupt();
  return running.outcome;
}

const scores = (directory: string) =>
  storedRows(directory, "SELECT event_id, risk_score FROM risk_scores ORDER BY event_id");
const source = (directory: string) =>
  JSON.parse(String(storedRows(directory, "SELECT ledger FROM loanstream_progress")[0]?.ledger)).source;

describe("run --backfill", () => {
  it("takes a file's records in, as analyze does, and says what became of them", async () => {
    const directory = newPath();
    const { exitCode, stderr } = await takeIn(directory, file);
    assert.equal(exitCode, 0);
    const { read, accepted, late, duplicate, dead } = source(directory);
    const said = stderr.split("\n").find((line) => line.includes('"message":"backfilled"')) ?? "{}";
    const counts = { records: EVENTS, accepted, late, duplicate, dead };
    assert.deepEqual({ ...counts, ...JSON.parse(said) }, JSON.parse(said));
    assert.equal(read, EVENTS);
    assert.ok(dead > 0);

    const out = join(scratch, "analysis");
    assert.equal((await loanstream(["analyze", file, "--out", out])).exitCode, 0);
    const analyzed = readFileSync(join(out, "risk_scores.ndjson"), "utf8").trim().split("\n");
    const expected = analyzed
      .map((line) => JSON.parse(line))
      .map(({ event_id, risk_score }) => ({ event_id, risk_score }));
    assert.deepEqual(
      scores(directory),
      expected.sort((a, b) => (a.event_id < b.event_id ? -1 : 1)),
    );
  });

  it("takes a file that is in not in again, and says so", async () => {
    const directory = newPath();
    await takeIn(directory, file);
    const once = scores(directory);
    const { stderr } = await takeIn(directory, file);
    assert.match(stderr, /"message":"was taken in before"/);
    assert.deepEqual([source(directory).read, scores(directory)], [EVENTS, once]);
  });

  it("goes on where a killed one stopped, with every record once", async () => {
    const directory = newPath();
    const running = start(backfill(directory, file), { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    running.kill();
    await running.outcome;
    await takeIn(directory, file);
    const whole = newPath();
    await takeIn(whole, file);
    assert.deepEqual(source(directory), source(whole));
    assert.deepEqual(scores(directory), scores(whole));
  });

  it("goes on behind what was taken in of a file that has grown, and begins anew with one that has changed", async () => {
    const directory = newPath();
    const lines = readFileSync(file, "utf8").split(/(?<=\n)/);
    const growing = join(scratch, "growing.ndjson");
    for (const end of [1000, lines.length]) {
      writeFileSync(growing, lines.slice(0, end).join(""));
      const { stderr } = await takeIn(directory, growing);
      assert.equal(/"this file has grown since/.test(stderr), end > 1000);
    }
    const whole = newPath();
    await takeIn(whole, file);
    assert.deepEqual([source(directory), scores(directory)], [source(whole), scores(whole)]);

    writeFileSync(growing, lines.slice(1).join(""));
    const { stderr } = await takeIn(directory, growing);
    assert.match(stderr, /"this file has changed since it was taken in; it begins anew"/);
    assert.equal(source(directory).read, 2 * EVENTS - 1);
  });

  it("that was interrupted is told by run, status and doctor, with the command that goes on", async () => {
    const directory = newPath();
    const thread = await startEngineThread({
      ...{ pipeline, dataDirectory: directory, logLevels: parseLogLevels("silent") },
    });
    await thread.beginBackfill({ file, identity: await identityOf(file) });
    const records = readFileSync(file, "utf8").split("\n").slice(0, 100);
    await thread.append({ records: records.map((record) => Buffer.from(record)), ingestTimeMs: Date.now() });
    await thread.drain();
    const where = ["--data-dir", directory];
    const goesOn = `loanstream run --backfill ${file}`;
    const told = /\S+events\.ndjson was interrupted, 100 records of it so far/;
    for (const command of ["status", "doctor"]) {
      const { stdout } = await loanstream([command, ...where]);
      assert.match(stdout, told);
      assert.ok(stdout.includes(goesOn));
    }
    const { stdout } = await loanstream(["status", "--json", ...where]);
    const [{ state, records: taken }] = JSON.parse(stdout).backfills;
    assert.deepEqual([state, taken], ["interrupted", 100]);
    const again = start(["run", "--port", "0", "--no-generator", ...where]);
    await again.said("was interrupted");
    again.interrupt();
    assert.ok((await again.outcome).stderr.includes(goesOn));
    await takeIn(directory, file);
    assert.equal(source(directory).read, EVENTS);
    assert.doesNotMatch((await loanstream(["status", ...where])).stdout, /interrupted/);
  });

  it("counts what the tables have passed by as late, and says what brings it in", async () => {
    const directory = newPath();
    const older = join(scratch, "older.ndjson");
    const flags = ["--start", "2026-01-04T09:00:00Z", "--seed", "9", "--out", older];
    await loanstream(["generate", "--events", "200", ...flags]);
    await takeIn(directory, file);
    const { stderr } = await takeIn(directory, older);
    assert.match(stderr, /"message":"backfilled".*"late":200/);
    assert.match(stderr, /rebuild TABLE --from/);
  });

  it("refuses a file that can't be read, before anything is started", async () => {
    const directory = join(scratch, "none-yet");
    const { exitCode, stderr } = await loanstream(backfill(directory, file, join(scratch, "absent")));
    assert.deepEqual(
      [exitCode, stderr.split("\n").length, /\[file\.unreadable\]/.test(stderr)],
      [1, 2, true],
    );
    assert.throws(() => readFileSync(join(directory, "run.json")), /ENOENT/);
  });

  it("ends with one line for a file that is damaged, and keeps what came before it", async () => {
    const directory = newPath();
    const damaged = join(scratch, "damaged.ndjson.gz");
    writeFileSync(damaged, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    const { exitCode, stderr } = await loanstream(backfill(directory, file, damaged));
    assert.equal(exitCode, 1);
    assert.match(stderr.trim().split("\n").at(-1) ?? "", /damaged\.ndjson\.gz: .*\[file\.unreadable\]/);
    assert.equal(source(directory).read, EVENTS);
  });

  it("lets the generator begin where the file's events end", async () => {
    const directory = newPath();
    const recent = join(scratch, "recent.ndjson");
    const startsAt = new Date(Date.now() - 3_600_000).toISOString();
    await loanstream([
      "generate",
      "--events",
      "1000",
      "--rate",
      "1",
      "--rhythm",
      "flat",
      "--start",
      startsAt,
      "--out",
      recent,
    ]);
    const flags = ["--rate", "1", "--seed", "5", "--events", "1", "--backfill", recent];
    const { exitCode } = await loanstream(["run", "--port", "0", "--data-dir", directory, ...flags]);
    assert.equal(exitCode, 0);
    const { read, late } = source(directory);
    // At night the generator makes a twelfth of its rate.
    assert.ok(read > 1100, `${read} read`);
    assert.equal(late, 0);
  });
});
