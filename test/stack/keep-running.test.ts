import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

const keepRunning = new URL("../../stack/keep-running.sh", import.meta.url).pathname;

function keep(script: string) {
  const keeper = spawn(keepRunning, ["sh", "-c", script]);
  let output = "";
  keeper.stdout.on("data", (chunk) => {
    output += chunk;
  });
  let complaints = "";
  keeper.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const ended = once(keeper, "close").then(([code]) => ({ code, output, complaints }));
  return { keeper, ended, said: once(keeper.stdout, "data") };
}

test("a command that ends at once is tried three times, then given up", { timeout: 60_000 }, async () => {
  const { code, output, complaints } = await keep("echo tried; exit 7").ended;
  assert.equal(code, 1);
  assert.equal(output, "tried\ntried\ntried\n");
  assert.match(complaints, /status 7: started again[\s\S]*status 7: started again[\s\S]*given up/);
});

test("a command that another took over from is not started again", { timeout: 60_000 }, async () => {
  const { code, output, complaints } = await keep("echo tried; exit 3").ended;
  assert.deepEqual([code, output], [3, "tried\n"]);
  assert.match(complaints, /another took over: given up/);
});

test("SIGTERM lets the command end gently, and it is not started again", { timeout: 60_000 }, async () => {
  const gentle = "trap 'sleep 0.3; echo gently; exit 3' TERM; echo started; while :; do sleep 0.05; done";
  const { keeper, ended, said } = keep(gentle);
  await said;
  keeper.kill("SIGTERM");
  assert.deepEqual(await ended, { code: 0, output: "started\ngently\n", complaints: "" });
});

test("SIGTERM during the pause before another try ends it", { timeout: 60_000 }, async () => {
  const { keeper, ended } = keep("echo tried");
  await once(keeper.stderr, "data");
  keeper.kill("SIGTERM");
  const { code, output } = await ended;
  assert.deepEqual({ code, output }, { code: 0, output: "tried\n" });
});
