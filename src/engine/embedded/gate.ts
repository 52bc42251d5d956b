/** The source's gate: which records are dead, late or duplicate, and which are accepted; decided once, in log order. */
import { FAR_FUTURE_MS, FAR_FUTURE_REASON, type Pipeline } from "../../pipeline/pipeline.ts";
import type { ColumnBatch, ColumnVector, RecordBatch } from "../batch.ts";
import type { DeadLetter, RecordPlace, SourceLedger } from "../engine.ts";
import { createDedupe, type Dedupe, type EventId, isDuplicate } from "./dedupe.ts";
import { createWatermark, observer, type Watermark } from "./watermark.ts";

export interface Gate {
  readonly timeColumn: number | null;
  readonly idColumn: number | null;
  /** JSON path of the event's time, for dead letters. */
  readonly timePath: string;
  watermark: Watermark;
  dedupe: Dedupe;
  counts: { -readonly [count in keyof SourceLedger]: number };
}

export interface Admission {
  /** Accepted rows: the first `count` of `rows`, ascending. */
  readonly rows: Uint32Array;
  readonly count: number;
  readonly late: readonly RecordPlace[];
  readonly dead: readonly DeadLetter[];
}

export function createGate({ source, schema, delayMs }: Pipeline): Gate {
  const columnOf = (path: string | null) => schema.leaves.find((leaf) => leaf.path === path)?.column ?? null;
  return {
    timeColumn: columnOf(source.eventTime),
    idColumn: columnOf(source.eventId),
    timePath: `$.${source.eventTime}`,
    watermark: createWatermark(delayMs),
    dedupe: createDedupe(delayMs),
    counts: { read: 0, accepted: 0, late: 0, duplicate: 0, dead: 0 },
  };
}

/** @param unread other partitions with unread records */
export function admit(
  gate: Gate,
  batch: RecordBatch,
  columns: ColumnBatch,
  unread: readonly number[],
): Admission {
  const rows = new Uint32Array(columns.rows);
  const late: RecordPlace[] = [];
  const dead = deadLetters(gate, batch, columns);
  const times = timesOf(columns, gate.timeColumn);
  const ids = times && idsOf(columns, gate.idColumn);
  const { watermark, dedupe } = gate;
  const { partition, basePosition } = batch;
  const observe = observer(watermark, partition, unread);
  let count = 0;
  for (let row = 0; row < columns.rows; row++) {
    if (columns.dead[row] === 1) continue;
    const timeMs = times ? times[row]! : Number.NaN;
    if (isFarFuture(batch, row, timeMs)) continue;
    if (timeMs <= watermark.atMs) {
      late.push({ partition, position: basePosition + row });
      continue;
    }
    if (!ids || !isDuplicate(dedupe, ids[row]!, timeMs, watermark.atMs)) rows[count++] = row;
    if (times) observe(timeMs);
  }
  tally(gate.counts, columns.rows, count, late.length, dead.length);
  return { rows, count, late, dead };
}

function tally(counts: Gate["counts"], read: number, accepted: number, late: number, dead: number): void {
  counts.read += read;
  counts.accepted += accepted;
  counts.late += late;
  counts.dead += dead;
  counts.duplicate += read - accepted - late - dead;
}

function isFarFuture({ ingestTimesMs }: RecordBatch, row: number, timeMs: number): boolean {
  return ingestTimesMs !== null && timeMs > ingestTimesMs[row]! + FAR_FUTURE_MS;
}

/** The scanner's faults and events of the far future, in row order. */
function deadLetters(gate: Gate, batch: RecordBatch, columns: ColumnBatch): DeadLetter[] {
  const letter = (row: number, path: string, reason: string): DeadLetter => ({
    partition: batch.partition,
    position: batch.basePosition + row,
    path,
    reason,
  });
  const dead = columns.faults.map(({ row, path, reason }) => letter(row, path, reason));
  const times = timesOf(columns, gate.timeColumn);
  if (!times || !batch.ingestTimesMs) return dead;
  for (let row = 0; row < columns.rows; row++) {
    if (columns.dead[row] === 1 || !isFarFuture(batch, row, times[row]!)) continue;
    dead.push(letter(row, gate.timePath, FAR_FUTURE_REASON));
  }
  return dead.sort((a, b) => a.position - b.position);
}

function timesOf({ columns }: ColumnBatch, column: number | null): Float64Array | null {
  const vector = column === null ? undefined : columns[column];
  return vector?.kind === "number" ? vector.values : null;
}

function idsOf({ columns }: ColumnBatch, column: number | null): ArrayLike<EventId> | null {
  const vector: ColumnVector | undefined = column === null ? undefined : columns[column];
  return vector?.kind === "number" || vector?.kind === "text" ? vector.values : null;
}
