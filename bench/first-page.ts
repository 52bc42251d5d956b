/**
 * How long a newcomer waits: from the start of `bin/loanstream run` on an empty data directory until /readyz says 200,
 * and until the page has a row in every panel. Beside it the same events analysed without log and store, after both
 * were found to count every record alike.
 *
 *     node bench/first-page.ts [rounds]
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { embeddedEngine } from "../src/engine/embedded/engine.ts";
import type { Ledger } from "../src/engine/engine.ts";
import { readRecords } from "../src/eventlog/files/read.ts";
import { loadPipeline } from "../src/pipeline/load.ts";
import { readRunning } from "../src/server/running.ts";
import { openStoreReader } from "../src/store/sqlite-reader.ts";

const ROUNDS = Number(process.argv[2] ?? 3);
const GIVES_UP_MS = 120_000;
const LOOK_MS = 20;
const command = fileURLToPath(new URL("../bin/loanstream", import.meta.url));
const pipeline = loadPipeline(fileURLToPath(new URL("../pipeline", import.meta.url)));

interface Round {
  readonly readyMs: number;
  readonly pageMs: number;
  readonly analysisMs: number;
  readonly events: number;
}

async function round(): Promise<Round> {
  const data = mkdtempSync(join(tmpdir(), "loanstream-first-page-"));
  const startMs = performance.now();
  const child = spawn(command, ["run", "--port", "0", "--data-dir", data], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const until = <T>(look: () => Promise<T | null>) =>
    awaited(look, () => assert.equal(child.exitCode, null, `the run ended: ${said}`));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  try {
    const { url } = await until(() => readRunning(data));
    await until(async () => ((await fetch(`${url}/readyz`)).ok ? true : null));
    const readyMs = performance.now() - startMs;
    await until(async () => (isComplete(await (await fetch(url)).text()) ? true : null));
    const pageMs = performance.now() - startMs;
    child.kill("SIGINT");
    assert.equal(await ended, 0);
    return { readyMs, pageMs, ...(await analysed(data)) };
  } finally {
    child.kill("SIGKILL");
    await ended;
    rmSync(data, { recursive: true });
  }
}

async function awaited<T>(look: () => Promise<T | null>, check: () => void): Promise<T> {
  const giveUpMs = performance.now() + GIVES_UP_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    check();
    assert.ok(performance.now() < giveUpMs, "it never came");
    await delay(LOOK_MS);
  }
}

/** Whether the page as it is served has a row in each panel. */
function isComplete(html: string): boolean {
  const [, ...panels] = html.split(/<\w+ class="panel[ "]/);
  assert.ok(panels.length > 0, "the page has no panel");
  return panels.every((panel) => /<tbody[^>]*>\s*<tr/.test(panel));
}

/** The log's records through the engine alone: the same ledger, or the figures mean nothing. */
async function analysed(data: string): Promise<Pick<Round, "analysisMs" | "events">> {
  const files = globSync(join(data, "log", "*.ndjson")).sort();
  const startMs = performance.now();
  const settings = { format: "json", leaves: pipeline.schema.leaves, stdin: process.stdin } as const;
  const { ledger } = await embeddedEngine.analyze(pipeline, readRecords(files, settings));
  const analysisMs = performance.now() - startMs;
  assert.deepEqual(ledger, ledgerOf(data), "the run counts other than an analysis of its log");
  return { analysisMs, events: ledger.source.read };
}

function ledgerOf(data: string): Ledger | null {
  const reader = openStoreReader(data, pipeline);
  const { ledger } = reader.progress();
  reader.close();
  return ledger;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`.padStart(7);
for (let i = 0; i < ROUNDS; i += 1) {
  const { readyMs, pageMs, analysisMs, events } = await round();
  console.log(
    [
      `${events.toLocaleString("en-US")} events`,
      `ready ${seconds(readyMs)}`,
      `every panel ${seconds(pageMs)}`,
      `analysed alone ${seconds(analysisMs)}`,
      `ratio ${(pageMs / analysisMs).toFixed(2)}`,
    ].join("  "),
  );
}
