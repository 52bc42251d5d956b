import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loanstream, start } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-status-"));
after(() => rmSync(scratch, { recursive: true }));

const quiet = ["--rate", "400", "--history", "none", "--port", "0"];

async function statusOf(directory: string) {
  const { stdout } = await loanstream(["status", "--json", "--data-dir", directory]);
  return JSON.parse(stdout);
}

describe("status", () => {
  it("says where nothing is kept, and exits with 1", async () => {
    const { exitCode, stdout, stderr } = await loanstream(["status", "--data-dir", join(scratch, "none")]);
    assert.deepEqual([exitCode, stdout], [1, ""]);
    assert.match(stderr, /^Nothing is kept in .*none; "loanstream run" begins\.\n$/);
  });

  it("tells how far log, tables and snapshot are after a run, and that none runs", async () => {
    const directory = join(scratch, "after");
    assert.equal(
      (await loanstream(["run", "--events", "300", ...quiet, "--data-dir", directory])).exitCode,
      0,
    );
    const status = await statusOf(directory);
    assert.deepEqual(
      [status.process, status.broker, status.log.partitions, status.positions, status.lag, status.retried],
      [null, null, [{ start: 0, end: 300, committed: 300, lag: 0 }], [300], 0, 0],
    );
    const { read, accepted, late, duplicate, dead } = status.ledger;
    assert.deepEqual([read, accepted + late + duplicate + dead], [300, 300]);
    for (const { used, filtered } of status.tables) assert.equal(used + filtered, accepted);
    const scores = status.tables.find(({ name }: { name: string }) => name === "risk_scores");
    assert.equal(scores.rows, scores.used);
    assert.deepEqual([status.snapshot.positions, status.log.retentionMs], [[300], 7 * 86_400_000]);
    assert.deepEqual(Object.keys(status.alerts), ["info", "warning", "critical"]);
    const { stdout } = await loanstream(["status", "--data-dir", directory]);
    assert.match(stdout, /^ {2}process +none runs here$/m);
    assert.match(stdout, /^ {2}log +positions 0 to 300, /m);
    assert.match(stdout, /^ {2}lag +0 records, committed up to position 300$/m);
    assert.match(stdout, /^ {2}read +300 = /m);
    assert.equal(status.recordsPerSecond, null, "nobody tells a rate where none runs");
    assert.doesNotMatch(stdout, /records\/s/);
  });

  it("sees the process that runs, and goes on without it", async () => {
    const directory = join(scratch, "running");
    const running = start(["run", "--no-generator", "--port", "0", "--data-dir", directory]);
    await running.said('"message":"listens"');
    const { process: seen, recordsPerSecond } = await statusOf(directory);
    assert.notEqual(seen, null);
    assert.equal(recordsPerSecond, 0);
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
    assert.equal((await statusOf(directory)).process, null);
  });
});
