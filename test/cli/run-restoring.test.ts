import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { loanstream, start } from "./command-line.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

it("a run that restores its state shows what is kept from its first answer on", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-restoring-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const of = ["--history", "none", "--data-dir", directory];
  const first = await loanstream(["run", "--events", "300", "--rate", "400", "--port", "0", ...of]);
  assert.equal(first.exitCode, 0, first.stderr);
  const port = await freePort();
  const command = start(["run", "--no-generator", "--port", String(port), "--data-dir", directory]);
  let over = false;
  void command.outcome.then(() => {
    over = true;
  });
  const answer = async (): Promise<Response> => {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}/v1/ledger`).catch(() => null);
      if (response !== null) return response;
      assert.equal(over, false, "the run ended");
      await delay(5);
    }
  };
  try {
    const response = await answer();
    assert.equal(response.status, 200);
    assert.equal(JSON.parse(await response.text()).source.read, 300);
  } finally {
    command.interrupt();
    assert.equal((await command.outcome).exitCode, 0);
  }
});
