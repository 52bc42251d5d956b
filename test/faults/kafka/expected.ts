/** What a run has to put out: what the engine makes of the same records in one go, by itself and without a store. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { raisedAlerts } from "../../../src/cli/write-analysis.ts";
import type { RecordBatch } from "../../../src/engine/batch.ts";
import { embeddedEngine } from "../../../src/engine/embedded/engine.ts";
import type { Ledger, RecordPlace } from "../../../src/engine/engine.ts";
import { alertToJson } from "../../../src/output/alert.ts";
import type { Pipeline } from "../../../src/pipeline/pipeline.ts";
import { deadLetterHeaders } from "../../../src/topics/event-record.ts";
import { rowRecords } from "../../../src/topics/row-record.ts";
import type { TruthRecord } from "../../kafka/truth.ts";

/** In a form in which two runs over the same records are equal; each list is sorted. */
export interface Outcome {
  /** Key and value of each row. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  /** All of them but their messages, which are of the moment. */
  readonly alerts: readonly string[];
  /** Records of the input that came too late. */
  readonly late: readonly string[];
  /** Records of the input with the headers that say where they came from and what is wrong. */
  readonly dead: readonly string[];
  readonly ledger: Ledger;
}

const RECORDS_A_BATCH = 500;

/** In the order of their times, which within a partition is the order in which they were sent. */
export async function expectedOutcome(pipeline: Pipeline, input: readonly TruthRecord[]): Promise<Outcome> {
  const records = input.toSorted((one, other) => one.timestampMs - other.timestampMs);
  const analysis = await embeddedEngine.analyze(pipeline, batchesOf(records));
  const { topic } = pipeline.source;
  const record = ({ position }: RecordPlace): TruthRecord => records[position]!;
  const tables = pipeline.tables.map((table) => {
    const write = rowRecords(table.topic, table);
    const rows = analysis.tables.find((found) => found.table === table.name)?.rows ?? [];
    const texts = rows.map((row) => {
      const { key, value } = write({ seq: 0, row });
      return `${key} ${Buffer.from(value).toString()}`;
    });
    return [table.name, texts.sort()] as const;
  });
  const dead = analysis.dead.map((letter) => {
    const { partition, offset, value } = record(letter);
    const headers = deadLetterHeaders(topic, { ...letter, partition, position: offset });
    return deadText(value, Object.entries(headers));
  });
  return {
    tables: new Map(tables),
    alerts: raisedAlerts(pipeline, analysis)
      .map((alert) => lastingAlert(alertToJson(alert)))
      .sort(),
    late: analysis.late.map((place) => record(place).value ?? "").sort(),
    dead: dead.sort(),
    ledger: analysis.ledger,
  };
}

async function* batchesOf(records: readonly TruthRecord[]): AsyncGenerator<RecordBatch> {
  for (let from = 0; from < records.length; from += RECORDS_A_BATCH) {
    const some = records.slice(from, from + RECORDS_A_BATCH);
    const parts = some.map(({ value }) => Buffer.from(value ?? ""));
    const offsets = new Uint32Array(some.length + 1);
    for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
    const ingestTimesMs = Float64Array.from(some, ({ timestampMs }) => timestampMs);
    const bytes = Buffer.concat(parts);
    yield { partition: 0, basePosition: from, count: some.length, bytes, offsets, ingestTimesMs };
  }
}

/** Part by part, with a few of the rows that differ: all of them would fill pages. */
export function assertSame(found: Outcome, expected: Outcome): void {
  assert.deepEqual(found.ledger, expected.ledger);
  for (const [table, rows] of expected.tables) assertSameTexts(table, found.tables.get(table) ?? [], rows);
  for (const part of ["alerts", "late", "dead"] as const) assertSameTexts(part, found[part], expected[part]);
}

const MOST_SHOWN = 3;

function assertSameTexts(what: string, found: readonly string[], expected: readonly string[]): void {
  if (isDeepStrictEqual(found, expected)) return;
  const [there, wanted] = [new Set(found), new Set(expected)];
  const missing = expected.filter((text) => !there.has(text));
  const unexpected = found.filter((text) => !wanted.has(text));
  const counts = `${found.length} and not ${expected.length}`;
  const shown = { missing: missing.slice(0, MOST_SHOWN), unexpected: unexpected.slice(0, MOST_SHOWN) };
  assert.fail(
    `${what}: ${counts}, ${missing.length} missing, ${unexpected.length} unexpected: ${JSON.stringify(shown)}`,
  );
}

/** An alert without its message. */
export function lastingAlert(json: string): string {
  const { message: _, ...rest } = JSON.parse(json);
  return JSON.stringify(rest);
}

export function deadText(value: string | null, headers: TruthRecord["headers"]): string {
  return JSON.stringify([value, headers.toSorted()]);
}
