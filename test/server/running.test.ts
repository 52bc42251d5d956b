import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { readRunning, removeRunning, writeRunning } from "../../src/server/running.ts";
import { live, served } from "./served-store.ts";

function directory(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "loanstream-running-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

const running = { pid: process.pid, token: "secret", startedAt: "2026-01-05T00:00:00.000Z" };

describe("run.json", () => {
  it("finds the instance that listens, and is for this user alone", async (t) => {
    const { url } = await served(t);
    const data = directory(t);
    writeRunning(data, { ...running, url });
    assert.deepEqual(await readRunning(data), { ...running, url });
    assert.deepEqual(readdirSync(data), ["run.json"]);
    assert.equal(statSync(join(data, "run.json")).mode & 0o777, 0o600);
  });

  it("finds an instance whose engine has stopped, too", async (t) => {
    const { url } = await served(t, { status: () => ({ ...live, state: "failed" }) });
    const data = directory(t);
    writeRunning(data, { ...running, url });
    assert.equal((await readRunning(data))?.url, url);
  });

  it("takes the place of what an earlier instance left", async (t) => {
    const { url } = await served(t);
    const data = directory(t);
    writeRunning(data, { ...running, url: "http://127.0.0.1:1", pid: 1 });
    writeRunning(data, { ...running, url });
    assert.equal((await readRunning(data))?.url, url);
  });

  it("finds none once it is removed, or where there never was one", async (t) => {
    const { url } = await served(t);
    const data = directory(t);
    assert.equal(await readRunning(data), null);
    removeRunning(data);
    writeRunning(data, { ...running, url });
    removeRunning(data);
    assert.equal(await readRunning(data), null);
  });

  it("finds none whose process has ended, though something else answers in its place", async (t) => {
    const { url } = await served(t);
    const data = directory(t);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeRunning(data, { ...running, url, pid });
    assert.equal(await readRunning(data), null);
  });

  it("finds none in a copy whose process ended, though its number and its port are another's by now", async (t) => {
    const { url } = await served(t);
    const data = directory(t);
    writeRunning(data, { ...running, url });
    const path = join(data, "run.json");
    const written = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...written, started: `${written.started}0` }));
    assert.equal(await readRunning(data), null);
    writeFileSync(path, JSON.stringify({ ...written, started: null }));
    assert.equal((await readRunning(data))?.url, url);
  });

  it("finds none that doesn't answer", async (t) => {
    const { url, close } = await served(t);
    await close();
    const data = directory(t);
    writeRunning(data, { ...running, url });
    assert.equal(await readRunning(data), null);
  });

  for (const text of ["", "{", "[]", '{"pid":1,"url":"http://127.0.0.1:1"}'])
    it(`finds none in ${JSON.stringify(text)}`, async (t) => {
      const data = directory(t);
      writeFileSync(join(data, "run.json"), text);
      assert.equal(await readRunning(data), null);
    });
});
