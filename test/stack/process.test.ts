import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { lives, processId } from "../../src/process-id.ts";
import { endProcess } from "../../stack/process.ts";

/** A shell that leads a group of its own, says `ready`, and runs until it is ended. */
async function startShell(script: string) {
  const shell = spawn("sh", ["-c", `${script}; echo ready; while :; do sleep 0.1; done`], { detached: true });
  await once(shell.stdout, "data");
  const id = processId(shell.pid ?? 0);
  assert.ok(id);
  return { shell, id, ended: once(shell, "exit") };
}

test("a process lives until it is ended", async () => {
  const { id, ended } = await startShell(":");
  assert.ok(lives(id));
  await endProcess(id, 30_000);
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.equal(lives(id), false);
  assert.equal(processId(id.pid), null);
});

test("a number that was given out again is another process, and is not ended", async () => {
  const { shell, id, ended } = await startShell(":");
  const former = { pid: id.pid, started: `${id.started}0` };
  assert.equal(lives(former), false);
  await endProcess(former, 0);
  assert.ok(lives(id));
  shell.kill("SIGKILL");
  assert.deepEqual(await ended, [null, "SIGKILL"]);
});

test("one that doesn't listen to SIGTERM is killed after a while", async () => {
  const { id, ended } = await startShell("trap '' TERM");
  await endProcess(id, 200);
  assert.deepEqual(await ended, [null, "SIGKILL"]);
});

test("a process is known by its start whatever its name holds", async () => {
  const named = spawn("sh", ["-c", 'printf ") R 1 (" > /proc/$$/comm; echo ready; read line']);
  await once(named.stdout, "data");
  const id = processId(named.pid ?? 0);
  assert.match(id?.started ?? "", /^[0-9a-f-]{36} \d+$/);
  assert.ok(id && lives(id));
  named.stdin.end();
  await once(named, "exit");
});
