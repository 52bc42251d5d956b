import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";
import { loanstream, type RunningCommand, start } from "./command-line.ts";
import { storedRows } from "./stored-rows.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-run-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "data-"));

/** A run on any port. */
const runOn = (directory: string, ...flags: string[]) => [
  "run",
  "--port",
  "0",
  "--data-dir",
  directory,
  ...flags,
];
/** One without a past, in which an event comes each few milliseconds. */
const quickOn = (directory: string, ...flags: string[]) =>
  runOn(directory, "--history", "none", "--rate", "400", ...flags);

const one = (directory: string, sql: string) => storedRows(directory, sql)[0] ?? {};

function source(directory: string): Record<"read" | "accepted" | "late" | "duplicate" | "dead", number> {
  return JSON.parse(String(one(directory, "SELECT ledger FROM loanstream_progress").ledger)).source;
}

async function urlOf(running: RunningCommand, directory: string): Promise<string> {
  await running.said('"message":"listens"');
  return JSON.parse(readFileSync(join(directory, "run.json"), "utf8")).url;
}

function eventsOf(directory: string): readonly { event_type: string; application_id: string }[] {
  const log = join(directory, "log");
  const names = readdirSync(log).filter((name) => name.endsWith(".ndjson"));
  const lines = names.sort().flatMap((name) => readFileSync(join(log, name), "utf8").trim().split("\n"));
  return lines.map((line) => JSON.parse(line));
}

const inThousands = (count: number) => count.toLocaleString("en-US");

describe("run", () => {
  it("takes generated events into the tables, prints the ledger, and goes on there the next time", async () => {
    const directory = newPath();
    const first = await loanstream(quickOn(directory, "--events", "600"));
    assert.deepEqual([first.exitCode, first.stderr.includes("Tables: ")], [0, true]);
    assert.match(first.stdout, /^600 read = /);
    const { used } = one(directory, "SELECT count(*) AS used FROM risk_scores");
    assert.match(first.stdout, new RegExp(`risk_scores .* = ${used} used`));

    const again = await loanstream(quickOn(directory, "--events", "40"));
    assert.equal(again.exitCode, 0);
    assert.match(again.stdout, /^640 read = /);
  });

  it("begins with a past that --events doesn't count", async () => {
    const directory = newPath();
    const { exitCode, stderr } = await loanstream(
      runOn(directory, "--history", "2h", "--rate", "1", "--events", "1"),
    );
    assert.deepEqual([exitCode, /"message":"generates".*"goesOn":false/.test(stderr)], [0, true]);
    const { read, late } = source(directory);
    // At night the generator makes a twelfth of its rate.
    assert.ok(read > 400, `${read} events of the past`);
    assert.equal(late, 0);
    const { hours } = one(
      directory,
      "SELECT count(DISTINCT substr(event_time, 1, 13)) AS hours FROM risk_scores",
    );
    assert.ok(Number(hours) > 1);
  });

  it("goes on after kill -9 with the same applications, none of them late", async () => {
    const directory = newPath();
    const flags = ["--history", "30m", "--rate", "15"];
    const running = start(runOn(directory, ...flags), { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    running.kill();
    await running.outcome;
    const again = await loanstream(runOn(directory, ...flags, "--events", "20"));
    assert.equal(again.exitCode, 0);
    assert.match(again.stderr, /"message":"generates".*"goesOn":true/);
    const { read, late, duplicate, dead } = source(directory);
    assert.deepEqual({ late, dead }, { late: 0, dead: 0 });
    assert.ok(duplicate < 0.02 * read);
    const events = eventsOf(directory);
    const ofType = (type: string) =>
      events.filter(({ event_type }) => event_type === type).map(({ application_id }) => application_id);
    const started = new Set(ofType("started"));
    const submitted = ofType("submitted");
    const followed = submitted.filter((id) => started.has(id));
    assert.ok(followed.length > 0.5 * submitted.length, `${followed.length} of ${submitted.length}`);
  });

  it("drains on Ctrl-C: every record of the log is in the ledger", async () => {
    const directory = newPath();
    const running = start(quickOn(directory), { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    running.interrupt();
    const { exitCode, stdout } = await running.outcome;
    assert.equal(exitCode, 0);
    const { read, accepted, late, duplicate, dead } = source(directory);
    assert.ok(read > 0);
    assert.equal(read, accepted + late + duplicate + dead);
    assert.match(stdout, new RegExp(`^${inThousands(read)} read`));
    assert.deepEqual(one(directory, "SELECT positions FROM loanstream_progress"), { positions: `[${read}]` });
  });

  it("drains on Ctrl-C within the past, and the next start goes on with it", async () => {
    const directory = newPath();
    const flags = ["--history", "24h", "--rate", "0.3"];
    const running = start(runOn(directory, ...flags), { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
    const { read: before } = source(directory);
    const again = await loanstream(runOn(directory, ...flags, "--events", "1"));
    assert.equal(again.exitCode, 0);
    const { read, late } = source(directory);
    assert.ok(read > before);
    assert.equal(late, 0);
  });

  it("listens while it runs: ready once the past is in, and known by run.json", async () => {
    const directory = newPath();
    const running = start(quickOn(directory));
    const url = await urlOf(running, directory);
    await running.said('"message":"progress"');
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.equal(JSON.parse(readFileSync(join(directory, "run.json"), "utf8")).url, url);
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
    assert.throws(() => statSync(join(directory, "run.json")), /ENOENT/);
    await assert.rejects(fetch(`${url}/readyz`));
  });

  it("fails, and ends, when another process takes the directory over", async () => {
    const directory = newPath();
    const running = start(quickOn(directory), { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    const database = new DatabaseSync(join(directory, STORE_FILE), { timeout: 5000 });
    database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1");
    database.close();
    const { exitCode, stderr } = await running.outcome;
    assert.deepEqual([exitCode, /\[store\.owner-lost\]/.test(stderr)], [1, true]);
  });

  it("refuses a directory that another run holds, and says which and where", async () => {
    const directory = newPath();
    const running = start(runOn(directory, "--no-generator"));
    const url = await urlOf(running, directory);
    const other = await loanstream(runOn(directory));
    assert.equal(other.exitCode, 1);
    assert.match(
      other.stderr,
      new RegExp(`process \\d+ runs on this data directory, at ${url} \\[store\\.in-use\\]`),
    );
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
  });

  it("finds a port in use before it makes anything", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const directory = join(newPath(), "none-yet");
    const { exitCode, stderr } = await loanstream(["run", "--port", port, "--data-dir", directory]);
    taken.close();
    assert.deepEqual([exitCode, /\[server\.port-in-use\]/.test(stderr)], [1, true]);
    assert.throws(() => statSync(directory), /ENOENT/);
  });

  it("refuses flags out of bounds", async () => {
    for (const flags of [
      ["--rate", "0"],
      ["--rate", "1e3"],
      ["--seed", "x"],
      ["--events", "0"],
      ["--no-generator", "--events", "5"],
      ["--history", "soon"],
      ["file.ndjson"],
    ]) {
      assert.equal((await loanstream(["run", ...flags])).exitCode, 2, flags.join(" "));
    }
  });

  it("refuses to generate events that the pipeline's schema doesn't know", async () => {
    const { exitCode, stderr } = await loanstream(runOn(newPath(), "--pipeline", "examples/german-credit"));
    assert.deepEqual([exitCode, /\[generator\.other-schema\]/.test(stderr)], [2, true]);
  });

  it("names a data directory that can't be made, and at the end where the tables are", async () => {
    const file = join(newPath(), "file");
    writeFileSync(file, "");
    const refused = await loanstream(quickOn(file, "--events", "5"));
    assert.deepEqual([refused.exitCode, /\[file\.unwritable\]/.test(refused.stderr)], [1, true]);
    const directory = newPath();
    const { stderr } = await loanstream(quickOn(directory, "--events", "5"));
    assert.ok(stderr.endsWith(`Tables: ${join(directory, STORE_FILE)}\n`), stderr);
  });
});
