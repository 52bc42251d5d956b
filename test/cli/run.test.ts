import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";
import { loanstream, start } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-run-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "data-"));

function one(directory: string, sql: string): Record<string, unknown> {
  const database = new DatabaseSync(join(directory, STORE_FILE), { readOnly: true });
  const row = database.prepare(sql).get();
  database.close();
  return { ...row };
}

function source(directory: string): Record<string, number> {
  return JSON.parse(String(one(directory, "SELECT ledger FROM loanstream_progress").ledger)).source;
}

describe("run", () => {
  it("takes generated events into the tables, prints the ledger, and goes on there the next time", async () => {
    const directory = newPath();
    const first = await loanstream(["run", "--events", "600", "--data-dir", directory]);
    assert.equal(first.exitCode, 0);
    assert.match(first.stdout, /^600 read = /);
    const { used } = one(directory, "SELECT count(*) AS used FROM risk_scores");
    assert.match(first.stdout, new RegExp(`risk_scores .* = ${used} used`));

    const again = await loanstream(["run", "--events", "40", "--rate", "400", "--data-dir", directory]);
    assert.equal(again.exitCode, 0);
    assert.match(again.stdout, /^640 read = /);
  });

  it("drains on Ctrl-C: every record of the log is in the ledger", async () => {
    const directory = newPath();
    const running = start(["run", "--rate", "200", "--data-dir", directory], { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    running.interrupt();
    const { exitCode, stdout } = await running.outcome;
    assert.equal(exitCode, 0);
    const { read = 0, accepted = 0, late = 0, duplicate = 0, dead = 0 } = source(directory);
    assert.ok(read > 0);
    assert.equal(read, accepted + late + duplicate + dead);
    assert.match(stdout, new RegExp(`^${read.toLocaleString("en-US")} read`));
    assert.deepEqual(one(directory, "SELECT position FROM loanstream_progress"), { position: read });
  });

  it("fails, and ends, when another process takes the directory over", async () => {
    const directory = newPath();
    const running = start(["run", "--data-dir", directory], { LOG_LEVEL: "engine=debug" });
    await running.said('"message":"commit"');
    const database = new DatabaseSync(join(directory, STORE_FILE), { timeout: 5000 });
    database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1");
    database.close();
    const { exitCode, stderr } = await running.outcome;
    assert.deepEqual([exitCode, /\[store\.owner-lost\]/.test(stderr)], [1, true]);
  });

  it("refuses a directory that another run holds, and flags out of bounds", async () => {
    const directory = newPath();
    const running = start(["run", "--no-generator", "--data-dir", directory]);
    await running.said('"message":"ready"');
    const other = await loanstream(["run", "--data-dir", directory]);
    assert.deepEqual([other.exitCode, /\[store\.in-use\]/.test(other.stderr)], [1, true]);
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
    for (const flags of [
      ["--rate", "0"],
      ["--rate", "1e3"],
      ["--rate", "10000001"],
      ["--seed", "x"],
      ["--events", "0"],
      ["--no-generator", "--events", "5"],
    ]) {
      assert.equal((await loanstream(["run", ...flags])).exitCode, 2);
    }
  });

  it("refuses to generate events that the pipeline's schema doesn't know", async () => {
    const { exitCode, stderr } = await loanstream([
      "run",
      "--pipeline",
      "examples/german-credit",
      "--data-dir",
      newPath(),
    ]);
    assert.deepEqual([exitCode, /\[generator\.other-schema\]/.test(stderr)], [2, true]);
  });

  it("names a data directory that can't be made, and at the end where the tables are", async () => {
    const file = join(newPath(), "file");
    writeFileSync(file, "");
    const refused = await loanstream(["run", "--events", "5", "--data-dir", file]);
    assert.deepEqual([refused.exitCode, /\[file\.unwritable\]/.test(refused.stderr)], [1, true]);
    const directory = newPath();
    const { stderr } = await loanstream(["run", "--events", "5", "--data-dir", directory]);
    assert.ok(stderr.endsWith(`Tables: ${join(directory, STORE_FILE)}\n`), stderr);
  });
});
