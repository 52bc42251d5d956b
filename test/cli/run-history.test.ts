/** What a run's past looks like to the default pipeline: steady from the first hour on, over any seam. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createGathering } from "../../src/cli/feed.ts";
import { type Origin, type Plan, type Present, planStream } from "../../src/cli/run-origin.ts";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { TableRows } from "../../src/engine/engine.ts";
import { createRecordStream, type RecordOptions } from "../../src/generator/records.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const HOUR_MS = 3_600_000;
/** Wednesday, 14:00 in Chicago. */
const NOW_MS = Date.UTC(2026, 0, 7, 20);
const RECORDS_A_TRIGGER = 5000;

/** The embedded engine over what starts of a run feed it, on no clock. */
function runOver(settings: { ratePerSecond: number; historyMs: number }, world: Partial<RecordOptions> = {}) {
  const session = openSession(pipeline);
  const rows = new Map<string, number>();
  let position = 0;
  let origin: Origin | null = null;
  let arrivalMs: number | null = null;

  const count = (tables: readonly TableRows[]): void => {
    for (const { table, rows: some } of tables) rows.set(table, (rows.get(table) ?? 0) + some.length);
  };

  function takeIn(records: readonly Uint8Array[]): void {
    const offsets = new Uint32Array(records.length + 1);
    for (const [i, record] of records.entries()) offsets[i + 1] = (offsets[i] ?? 0) + record.length;
    const place = { partition: 0, basePosition: position, count: records.length };
    const batch = { ...place, bytes: Buffer.concat(records), offsets, ingestTimesMs: null };
    count(session.step(batch).rows);
    count(session.trigger());
    position += records.length;
  }

  /** A start at a time, that is stopped at another. */
  function start(nowMs: number, stopMs: number): Plan {
    const watermarkMs = session.watermarkMs();
    const eventTimeMs = watermarkMs === null ? null : watermarkMs + pipeline.delayMs;
    const plan = planStream({ seed: 1, limit: 1, ...settings }, origin, { eventTimeMs, arrivalMs }, nowMs);
    origin = plan.origin;
    const events = createGathering(createRecordStream({ ...plan.origin, ...world, afterMs: plan.afterMs }));
    for (let records: Uint8Array[] = []; ; ) {
      const append = events.take(stopMs, Number.POSITIVE_INFINITY);
      records.push(...(append?.records ?? []));
      arrivalMs = append?.ingestTimeMs ?? arrivalMs;
      if (append !== null && records.length < RECORDS_A_TRIGGER) continue;
      takeIn(records);
      records = [];
      if (append === null) break;
    }
    return plan;
  }

  const alerts = () =>
    pipeline.alerts
      .map(({ name, rows: table }) => [name, rows.get(table.name) ?? 0] as const)
      .filter(([, raised]) => raised > 0);
  return { start, rows, alerts, ledger: () => session.ledger().source };
}

describe("the past of a run", () => {
  it("leaves no table of the default pipeline empty", () => {
    const run = runOver({ ratePerSecond: 1, historyMs: 24 * HOUR_MS });
    run.start(NOW_MS, NOW_MS);
    const empty = pipeline.tables.filter(({ name }) => (run.rows.get(name) ?? 0) === 0);
    assert.deepEqual(
      empty.map(({ name }) => name),
      [],
    );
  });

  it("raises no alert without a scenario, at its begin, at its seam, at a second start or behind a hole", () => {
    const run = runOver({ ratePerSecond: 4, historyMs: 2 * HOUR_MS }, { scenarios: [] });
    const first = run.start(NOW_MS, NOW_MS + 0.5 * HOUR_MS);
    const second = run.start(NOW_MS + 0.8 * HOUR_MS, NOW_MS + 1 * HOUR_MS);
    assert.deepEqual(second.origin, first.origin);
    const before = run.ledger().read;
    run.start(NOW_MS + 5 * HOUR_MS, NOW_MS + 5 * HOUR_MS);
    const behindTheHole = run.ledger().read - before;
    assert.ok(behindTheHole < 2 * 4 * 2 * 3600, `${behindTheHole} events in two hours`);
    assert.deepEqual(run.alerts(), []);
    assert.equal(run.ledger().late, 0);
    assert.ok((run.rows.get("channel_bursts") ?? 0) > 100 && (run.rows.get("risk_drift") ?? 0) > 0);
  });

  it("over several starts is the very stream that one start would have had", () => {
    const settings = { ratePerSecond: 4, historyMs: 0.5 * HOUR_MS };
    const several = runOver(settings);
    several.start(NOW_MS, NOW_MS + 0.1 * HOUR_MS);
    several.start(NOW_MS + 0.3 * HOUR_MS, NOW_MS + 0.4 * HOUR_MS);
    const one = runOver(settings);
    one.start(NOW_MS, NOW_MS + 0.4 * HOUR_MS);
    assert.deepEqual(several.ledger(), one.ledger());
    assert.equal(several.rows.get("risk_scores"), one.rows.get("risk_scores"));
  });
});

describe("a start", () => {
  const settings = { seed: 7, ratePerSecond: 3, historyMs: HOUR_MS, limit: 1 };
  const nothing: Present = { eventTimeMs: null, arrivalMs: null };
  const previous: Origin = { seed: 7, ratePerSecond: 3, startMs: NOW_MS - 50 * HOUR_MS, firstNumber: 0 };

  it("begins a stream where there is none, as long ago as the history is", () => {
    assert.deepEqual(planStream(settings, null, nothing, NOW_MS), {
      origin: { seed: 7, ratePerSecond: 3, startMs: NOW_MS - HOUR_MS, firstNumber: 0 },
      afterMs: Number.NEGATIVE_INFINITY,
    });
  });

  it("goes on after what arrived last", () => {
    const present = { eventTimeMs: NOW_MS - 120_000, arrivalMs: NOW_MS - 90_000 };
    assert.deepEqual(planStream(settings, previous, present, NOW_MS), {
      origin: previous,
      afterMs: NOW_MS - 90_000,
    });
  });

  it("goes on at most a history behind now", () => {
    const present = { eventTimeMs: NOW_MS - 9 * HOUR_MS, arrivalMs: NOW_MS - 9 * HOUR_MS };
    assert.equal(planStream(settings, previous, present, NOW_MS).afterMs, NOW_MS - HOUR_MS);
  });

  it("is never older than what is there, though that lies ahead", () => {
    const present = { eventTimeMs: NOW_MS + 1000, arrivalMs: NOW_MS };
    assert.equal(planStream(settings, previous, present, NOW_MS).afterMs, NOW_MS + 1000);
    assert.equal(planStream(settings, null, present, NOW_MS).origin.startMs, NOW_MS + 1000);
  });

  it("begins another stream, of other applications, for another rate or seed, or when numbers run out", () => {
    const present = { eventTimeMs: NOW_MS - 5000, arrivalMs: NOW_MS };
    for (const [changed, from] of [
      [{ ...settings, ratePerSecond: 4 }, previous],
      [{ ...settings, seed: 8 }, previous],
      [settings, { ...previous, startMs: NOW_MS - 2 ** 29 * 334 }],
    ] as const) {
      const { origin, afterMs } = planStream(changed, from, present, NOW_MS);
      assert.deepEqual([origin.startMs, afterMs], [NOW_MS - 5000, Number.NEGATIVE_INFINITY]);
      assert.equal(origin.firstNumber, 2 ** 29);
    }
  });
});
