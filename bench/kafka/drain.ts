/** A topic of events that waits for a run: events a CPU-second of its process, beside the engine alone. */
import assert from "node:assert/strict";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { createLine } from "../../src/generator/line.ts";
import { createRecordStream } from "../../src/generator/records.ts";
import { mostEventBytes } from "../../src/generator/stream.ts";
import { committed, generate, openPlace, type Place, pipeline, rounded, startRun } from "./place.ts";

const STREAM = { seed: 1, ratePerSecond: 3, startMs: Date.UTC(2026, 0, 5) };

export async function drain(events: number): Promise<string> {
  const place = await openPlace();
  try {
    const { seed, ratePerSecond, startMs } = STREAM;
    const start = new Date(startMs).toISOString();
    await generate(place, events, ["--seed", `${seed}`, "--rate", `${ratePerSecond}`, "--start", start]);
    const fromMs = performance.now();
    const run = startRun(place);
    await run.ready();
    await run.taken(events);
    const seconds = (performance.now() - fromMs) / 1000;
    const cpuSeconds = run.cpuSeconds();
    const { source, tables } = await run.stop();
    const alone = await analysed(events);
    assert.deepEqual({ source, tables }, alone.ledger);
    assert.equal(source.read, events);
    await assertRows(place, tables);
    return (
      `${events} events: ${rounded(events / cpuSeconds)} a CPU-second (${rounded(events / seconds)} a second), ` +
      `analysed alone ${rounded(events / alone.cpuSeconds)}, ` +
      `ratio ${(alone.cpuSeconds / cpuSeconds).toFixed(2)}\n`
    );
  } finally {
    await place.close();
  }
}

interface Spent {
  cpuSeconds: number;
}

/** The same events by the engine in this process, without log, store and outputs. */
async function analysed(events: number) {
  const making: Spent = { cpuSeconds: 0 };
  const startSeconds = cpuSecondsNow();
  const { ledger } = await embeddedEngine.analyze(pipeline, made(events, making));
  return { ledger, cpuSeconds: cpuSecondsNow() - startSeconds - making.cpuSeconds };
}

function cpuSecondsNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const EVENTS_A_BATCH = 1000;

async function* made(events: number, making: Spent): AsyncGenerator<RecordBatch> {
  const stream = createRecordStream(STREAM);
  const line = createLine(EVENTS_A_BATCH * mostEventBytes);
  for (let from = 0; from < events; from += EVENTS_A_BATCH) {
    const startSeconds = cpuSecondsNow();
    const count = Math.min(EVENTS_A_BATCH, events - from);
    const offsets = new Uint32Array(count + 1);
    line.at = 0;
    for (let row = 0; row < count; row++) {
      stream.next(line);
      offsets[row + 1] = line.at;
    }
    const bytes = line.bytes.subarray(0, line.at);
    making.cpuSeconds += cpuSecondsNow() - startSeconds;
    yield { partition: 0, basePosition: from, count, bytes, offsets, ingestTimesMs: null };
  }
}

/** As many rows in Kafka as were counted, of each row table. */
async function assertRows(place: Place, ledger: Readonly<Record<string, { readonly used: number }>>) {
  for (const { name, topic } of pipeline.tables.filter(({ emit }) => emit === "append")) {
    let rows = 0;
    for await (const batch of committed(place, topic))
      for (let row = 0; row < batch.count; row++)
        if (String(batch.details(row).key).startsWith(`{"table":"${name}"`)) rows++;
    assert.equal(rows, ledger[name]?.used, name);
  }
}
