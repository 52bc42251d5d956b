/** The whole engine thread over two days as in `steady-state.test.ts`: memory, log and bookkeeping stay bounded. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { type EngineThread, startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { total } from "../../src/eventlog/positions.ts";
import { parseLogLevels } from "../../src/log.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";
import { recurringBatches } from "./recurring.ts";

const DAY = 24;
const START_MS = Date.UTC(2026, 0, 5);
/** Each event changes a dozen rows of the sliding windows: at 20 a second two days would take half an hour. */
const RATE_PER_SECOND = 5;
const LOG_BYTES = 512 << 20;
const MOST_SNAPSHOTS = 2;
/** Minutes of event time that may wait to be taken in. */
const MOST_MINUTES_BEHIND = 30;

const dataDirectory = mkdtempSync(join(tmpdir(), "loanstream-steady-"));
after(() => rmSync(dataDirectory, { recursive: true }));
const loaded = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const retentionMs = 100 * 365 * DAY * 3_600_000;
const pipeline = { ...loaded, log: { retentionMs, maxBytes: LOG_BYTES } };

interface Size {
  /** Of the process, both threads. */
  readonly residentBytes: number;
  readonly logBytes: number;
  readonly snapshots: number;
  /** Recorded triggers that no kept snapshot needs. */
  readonly oldEntries: number;
}

function sizeNow(): Size {
  const log = join(dataDirectory, "log");
  const logBytes = readdirSync(log).reduce((sum, name) => sum + statSync(join(log, name)).size, 0);
  using database = new DatabaseSync(join(dataDirectory, STORE_FILE), { readOnly: true });
  const count = (rows: string): number => Number(database.prepare(`SELECT count(*) AS n ${rows}`).get()?.n);
  return {
    residentBytes: process.memoryUsage.rss(),
    logBytes,
    snapshots: count("FROM loanstream_snapshots"),
    oldEntries: count(
      "FROM loanstream_journal WHERE id < (SELECT min(journal_id) FROM loanstream_snapshots)",
    ),
  };
}

function append(thread: EngineThread, batch: RecordBatch, minute: number): Promise<void> {
  const { bytes, offsets, count } = batch;
  const records = Array.from({ length: count }, (_, i) => bytes.subarray(offsets[i], offsets[i + 1]! - 1));
  return thread.append({ records, ingestTimeMs: START_MS + (minute + 1) * 60_000 });
}

/** By hour of event time, each taken when everything up to there is committed. */
async function sizesByHour(): Promise<readonly Size[]> {
  const thread = await startEngineThread({
    pipeline,
    dataDirectory,
    logLevels: parseLogLevels("silent"),
  });
  const reader = openStoreReader(dataDirectory, pipeline);
  const ends: number[] = [];
  const taken = async (minute: number): Promise<void> => {
    while (minute >= 0 && total(reader.progress().positions) < (ends[minute] ?? 0)) await delay(20);
  };
  const sizes: Size[] = [];
  const pool = { seed: 1, startMs: START_MS, ratePerSecond: RATE_PER_SECOND, roundMinutes: 60 };
  const batches = recurringBatches(pool);
  for (let minute = 0; minute < 2 * DAY * 60; minute++) {
    const batch = batches.next().value;
    await append(thread, batch, minute);
    ends.push(batch.basePosition + batch.count);
    await taken(minute - MOST_MINUTES_BEHIND);
    if ((minute + 1) % 60 > 0) continue;
    await taken(minute);
    sizes.push(sizeNow());
  }
  reader.close();
  const { read, late, dead } = (await thread.drain()).source;
  assert.deepEqual([read, late, dead], [ends.at(-1), 0, 0]);
  return sizes;
}

const skip = process.env.LOANSTREAM_NIGHTLY === "1" ? false : "takes minutes: make nightly";

test("two days through the thread leave memory, log and bookkeeping bounded", { skip }, async (context) => {
  const sizes = await sizesByHour();
  for (const [hour, size] of sizes.entries()) context.diagnostic(`hour ${hour + 1}: ${JSON.stringify(size)}`);
  const greatest = (from: number, to: number, what: keyof Size): number =>
    Math.max(...sizes.slice(from, to).map((size) => size[what]));
  const [first, second] = [greatest(0, DAY, "residentBytes"), greatest(DAY, 2 * DAY, "residentBytes")];
  assert.ok(second <= 1.25 * first, `memory grew from ${first} to ${second} bytes`);
  assert.ok(greatest(0, 2 * DAY, "snapshots") <= MOST_SNAPSHOTS);
  assert.equal(greatest(0, 2 * DAY, "oldEntries"), 0);
  assert.ok(greatest(0, 2 * DAY, "logBytes") <= 1.5 * LOG_BYTES);
});
