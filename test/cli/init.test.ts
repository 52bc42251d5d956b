import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { loanstream } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-init-"));
after(() => rmSync(scratch, { recursive: true }));

describe("init", () => {
  const directory = join(scratch, "mine");

  test("makes a folder that checks, tests and runs", async () => {
    const made = await loanstream(["init", directory]);
    assert.deepEqual({ exitCode: made.exitCode, stderr: made.stderr }, { exitCode: 0, stderr: "" });
    assert.match(made.stdout, /loanstream check --pipeline /);

    const checked = await loanstream(["check", "--pipeline", directory]);
    assert.deepEqual({ exitCode: checked.exitCode, stdout: checked.stdout }, { exitCode: 0, stdout: "" });

    const tested = await loanstream(["test", "--pipeline", directory]);
    assert.equal(tested.exitCode, 0, tested.stdout);
    assert.match(tested.stdout, /^ok {4}/m);

    const data = join(scratch, "data");
    const quick = ["--port", "0", "--history", "none", "--rate", "400"];
    const run = await loanstream([
      "run",
      "--events",
      "50",
      ...quick,
      "--pipeline",
      directory,
      "--data-dir",
      data,
    ]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^50 read = /);
  });

  test("names in every YAML file's first line a schema that is there", () => {
    const names = globSync("**/*.yaml", { cwd: directory });
    assert.ok(names.length > 5);
    for (const name of names) {
      const [first = ""] = readFileSync(join(directory, name), "utf8").split("\n", 1);
      const [, schema] = /^# yaml-language-server: \$schema=(\S+\.json)$/.exec(first) ?? [];
      assert.ok(schema, `${name}: ${first}`);
      assert.ok(existsSync(join(directory, dirname(name), schema)), `${name}: ${schema}`);
    }
  });

  test("explains every file that it makes", () => {
    const readme = readFileSync(join(directory, "README.md"), "utf8");
    for (const name of readdirSync(directory))
      if (name !== "README.md") assert.ok(readme.includes(`\`${name}`), name);
  });

  test("leaves a folder alone that has something in it", async () => {
    const full = mkdtempSync(join(scratch, "full-"));
    writeFileSync(join(full, "notes.txt"), "mine\n");
    const { exitCode, stderr } = await loanstream(["init", full]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /the folder is not empty \[init\.not-empty\]/);
    assert.deepEqual(readdirSync(full), ["notes.txt"]);
  });

  test("takes one folder", async () => {
    assert.equal((await loanstream(["init"])).exitCode, 2);
    assert.equal((await loanstream(["init", "a", "b"])).exitCode, 2);
  });
});
