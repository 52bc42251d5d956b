import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loanstream, start } from "./command-line.ts";
import { storedRows } from "./stored-rows.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-rebuild-"));
after(() => rmSync(scratch, { recursive: true }));
const data = join(scratch, "data");
const changed = join(scratch, "changed");
const TABLES = ["risk_scores", "risk_windows", "risk_drift"];

const run = (directory: string, ...flags: string[]) =>
  loanstream(["run", "--port", "0", "--history", "none", "--data-dir", directory, ...flags]);
const rebuild = (directory: string, ...flags: string[]) =>
  loanstream(["rebuild", "--data-dir", directory, ...flags]);
const copy = (name: string): string => {
  const directory = join(scratch, name);
  cpSync(data, directory, { recursive: true });
  return directory;
};

const scores = (directory: string) =>
  storedRows(directory, "SELECT event_id, risk_score, risk_band FROM risk_scores ORDER BY event_id");

before(async () => {
  assert.equal((await run(data, "--rate", "400", "--events", "400")).exitCode, 0);
  cpSync(new URL("../../pipeline", import.meta.url), changed, { recursive: true });
  const card = join(changed, "scorecards", "risk.yaml");
  writeFileSync(card, readFileSync(card, "utf8").replace("start_points: 490", "start_points: 480"));
});

describe("rebuild", () => {
  it("computes the tables of a changed scorecard anew, and the run goes on", async () => {
    const directory = copy("scorecard");
    const refused = await run(directory, "--pipeline", changed, "--no-generator");
    assert.equal(refused.exitCode, 2);
    const places = refused.stderr.match(/the table \w+ has changed/g);
    assert.deepEqual(
      places,
      TABLES.map((name) => `the table ${name} has changed`),
      refused.stderr,
    );
    assert.ok(refused.stderr.includes(`run "loanstream rebuild ${TABLES.join(" ")}"`), refused.stderr);

    const was = scores(directory);
    const done = await rebuild(directory, ...TABLES, "--pipeline", changed);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /^risk_scores: \d+ rows changed/);
    assert.match(done.stdout, /\nComputed from 400 records of the log\.\n$/);
    assert.notDeepEqual(scores(directory), was);
    const again = await run(directory, "--pipeline", changed, "--rate", "400", "--events", "5");
    assert.equal(again.exitCode, 0, again.stderr);

    const anew = join(scratch, "anew");
    cpSync(join(directory, "log"), join(anew, "log"), { recursive: true });
    const replay = start(["run", "--port", "0", "--no-generator", "--data-dir", anew, "--pipeline", changed]);
    await replay.said('"message":"listens"');
    replay.interrupt();
    assert.equal((await replay.outcome).exitCode, 0);
    assert.deepEqual(scores(directory), scores(anew));
  });

  it("changes no row of tables that hold everything already, as JSON if asked", async () => {
    const { exitCode, stdout } = await rebuild(copy("same"), "--all", "--json");
    assert.equal(exitCode, 0);
    const { from_position: from, to_position: to, tables } = JSON.parse(stdout);
    assert.deepEqual([from, to], [0, 400]);
    for (const { rows } of tables)
      assert.deepEqual({ ...rows, same: 0 }, { same: 0, changed: 0, new: 0, gone: 0 });
  });

  it("killed at any moment leaves the tables as they were, or as they are to be", async () => {
    const directory = copy("killed");
    const was = scores(directory);
    const whole = copy("whole");
    const beganMs = performance.now();
    await rebuild(whole, ...TABLES, "--pipeline", changed);
    const tookMs = performance.now() - beganMs;
    for (const share of [0.5, 0.7, 0.8, 0.9]) {
      const running = start(["rebuild", "--data-dir", directory, ...TABLES, "--pipeline", changed]);
      const timer = setTimeout(running.kill, tookMs * share);
      await running.outcome;
      clearTimeout(timer);
      const now = JSON.stringify(scores(directory));
      assert.ok([was, scores(whole)].map((rows) => JSON.stringify(rows)).includes(now), `at ${share}`);
    }
    assert.equal((await rebuild(directory, ...TABLES, "--pipeline", changed)).exitCode, 0);
    assert.deepEqual(scores(directory), scores(whole));
  });

  it("says what it can't do", async () => {
    const complaint = async (args: readonly string[], directory = data) => {
      const { exitCode, stderr } = await rebuild(directory, ...args);
      return `${exitCode} ${stderr}`;
    };
    assert.match(await complaint([]), /^2 name tables, or write --all \[usage\.invalid\]/);
    assert.match(await complaint(["risk_scores", "--all"]), /^2 name tables, or write --all/);
    assert.match(
      await complaint(["risk_score"]),
      /^2 the pipeline has no table risk_score .*Write risk_scores\./,
    );
    assert.match(
      await complaint(["--all", "--from", "yesterday"]),
      /^2 --from takes a time such as 2026-11-20T10:00:00Z/,
    );
    assert.match(await complaint(["--all"], join(scratch, "none")), /^1 There is no directory .*none;/);
    assert.match(
      await complaint(["fraud_scores", "--pipeline", changed]),
      /^2 .*the table risk_scores has changed: .* \[store\.pipeline-changed\]/,
    );
    const running = start(["run", "--port", "0", "--no-generator", "--data-dir", data]);
    await running.said('"message":"listens"');
    assert.match(
      await complaint(["--all"]),
      /^1 .*process \d+ runs on this data directory, at http:.*\[store\.in-use\]\. Stop it/,
    );
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
  });
});
