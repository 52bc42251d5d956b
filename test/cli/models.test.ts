import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loanstream } from "./command-line.ts";

/** A copy of the default pipeline. */
function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-"));
  t.after(() => rmSync(directory, { recursive: true }));
  cpSync(fileURLToPath(new URL("../../pipeline", import.meta.url)), directory, { recursive: true });
  return directory;
}

describe("check", () => {
  test("finds nothing wrong with the default pipeline and the example", async () => {
    for (const pipeline of ["pipeline", "examples/german-credit"]) {
      const { exitCode, stdout } = await loanstream(["check", "--pipeline", pipeline]);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "" });
    }
  });

  test("prints every mistake with file, line and column, and exits with 2", async (t) => {
    const directory = folder(t);
    const path = join(directory, "models/risk/risk_scores.sql");
    writeFileSync(path, "SELECT\n  event_id,\n  risc_score,\n  pow(dti, 2) AS square\nFROM scored\n");
    const { exitCode, stdout } = await loanstream(["check", "--pipeline", directory]);
    assert.equal(exitCode, 2);
    assert.match(
      stdout,
      /^.+\/risk_scores\.sql:3:3: there is no column risc_score \[sql\.unknown-column\]\. Write risk_score\.\n.+\/risk_scores\.sql:4:3: there is no function pow \[sql\.unknown-function\]\. .+\n$/,
    );
  });

  test("annotates a workflow's log", async (t) => {
    const directory = folder(t);
    const path = join(directory, "models/risk/risk_scores.sql");
    writeFileSync(path, "SELECT event_id, risc_score FROM scored\n");
    const { stdout } = await loanstream(["check", "--pipeline", directory, "--format", "github"]);
    assert.equal(
      stdout,
      `::error file=${path},line=1,col=18,title=sql.unknown-column::there is no column risc_score. Write risk_score.\n`,
    );
  });

  test("a pipeline with a mistake never starts", async (t) => {
    const directory = folder(t);
    writeFileSync(
      join(directory, "models/risk/risk_scores.sql"),
      "SELECT event_id, risc_score FROM scored\n",
    );
    const started = await loanstream(["run", "--pipeline", directory, "--data-dir", join(directory, "data")]);
    assert.equal(started.exitCode, 2);
    assert.match(started.stderr, /sql\.unknown-column/);
  });
});

describe("sql", () => {
  test("prints a stream's views, the two steps without SQL as calls on a DataFrame", async () => {
    const { exitCode, stdout } = await loanstream(["sql", "application_stats"]);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /\.withWatermark\("event_time", "60000 milliseconds"\)\.dropDuplicatesWithinWatermark\(\["event_id"\]\)/,
    );
    assert.match(stdout, /CREATE OR REPLACE TEMP VIEW `events` AS/);
    assert.match(stdout, /GROUP BY window\(`event_time`, '60000 milliseconds', '60000 milliseconds'\)/);
  });

  test("with --batch prints one query, lateness and dedupe as window functions", async () => {
    const { stdout } = await loanstream(["sql", "risk_scores", "--batch"]);
    assert.match(stdout, /^WITH /);
    assert.match(stdout, /ORDER BY \w+ ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING/);
    assert.match(stdout, /row_number\(\) OVER \(PARTITION BY .+ ORDER BY \w+\)/);
  });

  test("with --plan prints operators and columns with types and ranges", async () => {
    const { stdout } = await loanstream(["sql", "fraud_velocity_10m", "--plan"]);
    assert.match(stdout, /^model fraud_velocity_10m\nproject\n/);
    assert.match(
      stdout,
      /aggregate by window of 600000 ms, each 60000 ms\n {2}`key_1` STRING not null = `key_kind`/,
    );
    assert.match(stdout, /`applications` BIGINT \[0, 4398046511104\] not null/);
    assert.match(stdout, /\nsource \(\d+ columns\)\n$/);
  });

  test("names the models there are when one is unknown", async () => {
    const { exitCode, stderr } = await loanstream(["sql", "risk_score"]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /there is no model risk_score \[model\.unknown\]\. Write risk_scores\./);
  });
});
