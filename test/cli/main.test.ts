import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { nearest } from "../../src/suggest.ts";
import { loanstream } from "./command-line.ts";

describe("the command line", () => {
  it("lists every command with --help, and without arguments", async () => {
    const help = await loanstream(["--help"]);
    assert.equal(help.exitCode, 0);
    for (const name of commands.keys()) assert.match(help.stdout, new RegExp(`^  ${name} `, "m"));
    assert.deepEqual(await loanstream([]), help);
  });

  it("tells of a command with help NAME as with NAME --help", async () => {
    const help = await loanstream(["help", "sql"]);
    assert.match(help.stdout, /Usage: loanstream sql/);
    assert.deepEqual(await loanstream(["sql", "--help"]), help);
  });

  it("says how a value that begins with a dash is written", async () => {
    const { exitCode, stderr } = await loanstream(["generate", "--rate", "-3"]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^--rate has no value; .* --rate=-… \[usage\.invalid\]/);
  });

  it("prints the version", async () => {
    const { stdout, exitCode } = await loanstream(["--version"]);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal(exitCode, 0);
  });

  it("refuses an unknown command with the one that was meant", async () => {
    const { exitCode, stderr } = await loanstream(["analise"]);
    assert.equal(exitCode, 2);
    assert.equal(stderr, 'there is no command "analise" [usage.invalid]. Did you mean "analyze"?\n');
  });

  it("refuses an unknown flag, and says where the known ones are", async () => {
    const { exitCode, stderr } = await loanstream(["analyze", "--outt", "x", "file"]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--outt.*\[usage\.invalid\]\. See "loanstream analyze --help"/);
  });

  it("shows the stack of an error only when LOG_LEVEL is debug", async () => {
    const quiet = await loanstream(["analyze", "no-such-file"]);
    assert.deepEqual([quiet.exitCode, quiet.stderr.split("\n").length], [1, 2]);
    const loud = await loanstream(["analyze", "no-such-file"], { LOG_LEVEL: "debug" });
    assert.match(loud.stderr, /\n {4}at /);
  });

  it("has for every command its own name, summary and usage", async () => {
    for (const [name, { summary, load }] of commands) {
      const command = await load();
      assert.deepEqual([command.name, command.summary], [name, summary]);
      assert.match(command.usage, new RegExp(`Usage: loanstream ${name}`));
    }
  });
});

describe("the nearest name", () => {
  it("is one that is a slip or a beginning away, else none", () => {
    const names = ["run", "analyze", "generate", "evaluate"];
    assert.equal(nearest("rnu", names), "run");
    assert.equal(nearest("gen", names), "generate");
    assert.equal(nearest("evalute", names), "evaluate");
    assert.equal(nearest("frobnicate", names), null);
  });
});
