import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";
import { loanstream, start } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-doctor-"));
after(() => rmSync(scratch, { recursive: true }));
const here = ["--port", "0", "--data-dir", join(scratch, "data")];

describe("doctor", () => {
  it("exits with 0 where nothing failed, with a JSON object a finding", async () => {
    const { exitCode, stdout } = await loanstream(["doctor", "--json", ...here]);
    assert.equal(exitCode, 0);
    const found = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      [...new Set(found.map((each) => Object.keys(each).join()))],
      ["check,outcome,found,remedy"],
    );
    assert.deepEqual(
      found.map(({ check }) => check),
      [
        ...["node", "java", "maven", "settings", "pipeline", "generator", "data directory", "disk"],
        ...["process", "store", "port"],
      ],
    );
  });

  it("exits with 1 where one failed, and says what to do in the line below", async () => {
    const args = ["doctor", "--pipeline", "examples/german-credit", ...here];
    const { exitCode, stdout } = await loanstream(args);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^failed +generator +its events don't fit .*\n +Set generator: false/m);
    assert.equal((await loanstream([...args, "--no-generator"])).exitCode, 0);
  });

  it("tells what is wrong in the settings, and of the machine all the same", async () => {
    const file = join(scratch, "loanstream.yaml");
    writeFileSync(file, "rate: fast\n");
    const { exitCode, stdout } = await loanstream(["doctor", "--config", file]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^ok +node /m);
    assert.match(stdout, /^failed +settings +.*loanstream\.yaml:1:7: .*\n +Correct it, or remove it\./m);
  });

  it("does without Java and Maven", async () => {
    const { exitCode, stdout } = await loanstream(["doctor", ...here], { PATH: "/nonexistent" });
    assert.equal(exitCode, 0);
    assert.match(stdout, /^ok +java +there is no java; only tests on Spark need it/m);
    assert.match(stdout, /^ok +maven +there is no mvn; only tests on Spark need it/m);
  });

  it("tells of a trigger that took longer than there is until the next", async (t) => {
    const directory = join(scratch, "overrun");
    const on = ["--data-dir", directory, "--port", "0"];
    const running = start(["run", ...on, "--rate", "50", "--history", "none"], { LOG_LEVEL: "engine=debug" });
    t.after(() => running.kill());
    await running.said('"message":"commit"');
    using database = new DatabaseSync(join(directory, STORE_FILE), { timeout: 5000 });
    database.exec("BEGIN IMMEDIATE");
    await running.said('"message":"waiting"');
    // A trigger is due within a second, and waits for twice as long at least.
    await delay(3000);
    database.exec("COMMIT");
    const { stdout } = await loanstream(["doctor", ...on]);
    const overrun =
      /^warning +trigger +overrun: the slowest of the last minute took [\d,]+ of 1,000 ms\n +Raise/m;
    assert.match(stdout, overrun);
    running.interrupt();
    assert.equal((await running.outcome).exitCode, 0);
  });

  it("leaves a wrong command line to the command line", async () => {
    assert.equal((await loanstream(["doctor", "--jsn"])).exitCode, 2);
  });
});
