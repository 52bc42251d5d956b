import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readRunning } from "../../src/server/running.ts";
import { loanstream, start } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-logging-"));
after(() => rmSync(scratch, { recursive: true }));

const MEMBERS = ["time", "level", "component", "message"];

interface Message {
  readonly component: string;
  readonly level: string;
  readonly message: string;
}

/** The JSON lines of standard error. */
function messagesIn(stderr: string): readonly Message[] {
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

async function messagesOfRun(levels: string): Promise<readonly Message[]> {
  const dataDirectory = mkdtempSync(join(scratch, "data-"));
  const args = ["run", "--events", "50", "--rate", "400", "--history", "none", "--port", "0"];
  const { exitCode, stderr } = await loanstream([
    ...args,
    "--data-dir",
    dataDirectory,
    "--log-level",
    levels,
  ]);
  assert.equal(exitCode, 0, stderr);
  return messagesIn(stderr);
}

describe("a component raised alone, on a real run", () => {
  for (const [component, message] of [
    ["engine", "commit"],
    ["store", "snapshot kept"],
    ["generator", "appended"],
  ] as const)
    it(`${component} tells of itself and nothing else does`, async () => {
      const messages = await messagesOfRun(`warn,${component}=debug`);
      assert.deepEqual([...new Set(messages.map((each) => each.component))], [component]);
      assert.ok(messages.some((each) => each.level === "debug" && each.message === message));
    });

  it("server tells of requests: method, path, status and milliseconds", async () => {
    const dataDirectory = mkdtempSync(join(scratch, "data-"));
    const args = ["run", "--no-generator", "--port", "0", "--data-dir", dataDirectory];
    const running = start(args, { LOG_LEVEL: "info,server=debug" });
    await running.said('"message":"listens"');
    assert.ok(await readRunning(dataDirectory));
    await running.said('"message":"request"');
    running.interrupt();
    const { stderr } = await running.outcome;
    const debug = messagesIn(stderr).filter(({ level }) => level === "debug");
    for (const { component, message, ...rest } of debug) {
      assert.deepEqual([component, message], ["server", "request"]);
      assert.deepEqual(Object.keys(rest), ["time", "level", "method", "path", "status", "ms"]);
    }
  });
});

it("off a terminal every message is a JSON line that begins alike", async () => {
  for (const message of await messagesOfRun("debug"))
    assert.deepEqual(Object.keys(message).slice(0, MEMBERS.length), MEMBERS);
});

it("a component that doesn't exist is refused, with those there are", async () => {
  const { exitCode, stderr } = await loanstream(["run", "--log-level", "info,enginee=debug"]);
  assert.equal(exitCode, 2);
  assert.match(
    stderr,
    /--log-level .*no component "enginee".*\[usage\.invalid\]\. Use one of: run, engine, .*\.$/m,
  );
});
