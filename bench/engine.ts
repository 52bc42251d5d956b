/**
 * Events a CPU-second of the embedded engine over the default pipeline, beside `JSON.parse` of the same lines, in
 * turns. Before anything is printed, the tables of two runs that split the input differently are found equal.
 *
 *     node bench/engine.ts [events]
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createScanner } from "../src/contract/scan.ts";
import type { RecordBatch } from "../src/engine/batch.ts";
import { embeddedEngine } from "../src/engine/embedded/engine.ts";
import type { Analysis } from "../src/engine/engine.ts";
import { createGenerator } from "../src/generator/generator.ts";
import { loadPipeline } from "../src/pipeline/load.ts";

const EVENTS = Number(process.argv[2] ?? 100_000);
const ROUNDS = 5;
const START_MS = Date.UTC(2026, 0, 5);
const RATE_PER_SECOND = 50;

const pipeline = loadPipeline(new URL("../pipeline", import.meta.url).pathname);
const scan = createScanner(pipeline.schema);
const lines = [
  ...createGenerator({ seed: 1, startMs: START_MS, ratePerSecond: RATE_PER_SECOND }).take(EVENTS),
].map(({ json }) => json);
const large = batchesOf(lines, 1000);

async function* inOrder(batches: readonly RecordBatch[]): AsyncGenerator<RecordBatch> {
  yield* batches;
}

function batchesOf(records: readonly string[], size: number): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let base = 0; base < records.length; base += size) {
    const parts = records.slice(base, base + size).map((record) => Buffer.from(`${record}\n`));
    const offsets = new Uint32Array(parts.length + 1);
    for (const [i, part] of parts.entries()) offsets[i + 1] = (offsets[i] ?? 0) + part.length;
    batches.push({
      partition: 0,
      basePosition: base,
      count: parts.length,
      bytes: Buffer.concat(parts),
      offsets,
      ingestTimesMs: null,
    });
  }
  return batches;
}

function digest({ tables, ledger }: Analysis): string {
  const text = tables.map(({ table, rows }) => [table, rows.map((row) => JSON.stringify(row, wide)).sort()]);
  return createHash("sha256")
    .update(JSON.stringify([text, ledger]))
    .digest("hex");
}

const wide = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}` : value);

const decoder = new TextDecoder();

function parseLines(): void {
  for (const { bytes, offsets, count } of large)
    for (let i = 0; i < count; i++) JSON.parse(decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])));
}

const work = {
  "JSON.parse of each line": async () => parseLines(),
  "scanner, the whole schema checked": async () => {
    for (const batch of large) scan(batch);
  },
  "engine, every table": async () => {
    await embeddedEngine.analyze(pipeline, inOrder(large));
  },
};

const first = digest(await embeddedEngine.analyze(pipeline, inOrder(large)));
const second = digest(await embeddedEngine.analyze(pipeline, inOrder(batchesOf(lines, 77))));
assert.equal(first, second, "two splits of one input gave different tables");

const cpuSeconds = new Map<string, number[]>(Object.keys(work).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++)
  for (const [name, run] of Object.entries(work)) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    if (round > 0) cpuSeconds.get(name)?.push((user + system) / 1e6);
  }

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const base = median(cpuSeconds.get("JSON.parse of each line") ?? []);
const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
console.log(
  `${EVENTS} events of ${Math.round(bytes / EVENTS)} B, ${pipeline.tables.length} tables, median of ${ROUNDS} rounds`,
);
for (const [name, seconds] of cpuSeconds)
  console.log(
    `${name.padEnd(36)} ${Math.round(EVENTS / median(seconds))
      .toString()
      .padStart(8)} events a CPU-second  ${(base / median(seconds)).toFixed(2)}`,
  );
