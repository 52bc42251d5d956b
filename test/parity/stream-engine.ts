/** Spark's streaming queries as an engine of bounded inputs: a topic that ends, and what was sent of it read back. */
import { Buffer } from "node:buffer";
import type { RecordBatch } from "../../src/engine/batch.ts";
import type { Analysis, DeadLetter, Engine, TableRows } from "../../src/engine/engine.ts";
import type { QueryProgress } from "../../src/engine/spark/connect/progress.ts";
import { streamQueries } from "../../src/engine/spark/stream/queries.ts";
import type { StreamQuery } from "../../src/engine/spark/stream/query.ts";
import { ALERTS } from "../../src/pipeline/alerts.ts";
import type { Pipeline, Table } from "../../src/pipeline/pipeline.ts";
import type { Column } from "../../src/sql/plan.ts";
import { aggregateBelow } from "../../src/sql/trace.ts";
import type { Value } from "../../src/sql/types.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import type { Streams } from "../spark/kafka-streams.ts";
import { produce, type QueryRun, runToEnd, type Sent } from "./stream-runs.ts";

/**
 * Takes in one record a batch and a dead one after it, since Spark judges what is late by the watermark of the batch before:
 * so each record is judged by all before it. The input has one partition, and ids and times of its events are texts at the
 * top of the record. Of an alert's rows it has the ids; ledgers of tables Spark has none.
 */
export function streamEngine(on: Streams): Engine {
  return { name: "spark", analyze: (pipeline, input) => analyze(on, pipeline, input) };
}

async function analyze(
  on: Streams,
  pipeline: Pipeline,
  input: AsyncIterable<RecordBatch>,
): Promise<Analysis> {
  const log = await recordsOf(input);
  const letters = await run(on, pipeline, log, { isWanted: ({ deadLetters }) => deadLetters, records: ALL });
  const dead = letters
    .flatMap(({ sent }) => sent.filter(({ headers }) => !(OUTPUT in headers)))
    .map(deadLetter);
  const apart = spaced(pipeline, log);
  const changing = await run(on, pipeline, apart, {
    isWanted: (query) => sends(query, pipeline, false),
    records: 1,
  });
  const closed = [...apart, ...endOf(pipeline, log, dead)];
  const final = await run(on, pipeline, closed, {
    isWanted: (query) => sends(query, pipeline, true),
    records: 1,
  });
  const from = ({ emit }: Table) => (emit === "final" ? final : changing).flatMap(({ sent }) => sent);
  return {
    tables: pipeline.tables.map((table) => rowsOf(table, from(table))),
    alerts: pipeline.alerts.map(({ name, rows }) => idsOf(name, rows, from(rows))),
    dead,
    ...counted(log.length, dead, [...changing, ...final][0]?.batches ?? []),
  };
}

/** Names a message's table; a dead letter has none. */
const OUTPUT = "output";
const ALL = 1_000_000;
/** Of records without one: later than all that the suite's events are. */
const INGEST_MS = Date.UTC(2026, 0, 10);

async function recordsOf(input: AsyncIterable<RecordBatch>): Promise<LogRecord[]> {
  const log: LogRecord[] = [];
  for await (const { count, bytes, offsets, ingestTimesMs } of input)
    for (let row = 0; row < count; row++) {
      const text = Buffer.from(bytes.subarray(offsets[row], offsets[row + 1]! - 1)).toString();
      log.push({ text, ingestTimeMs: ingestTimesMs?.[row] ?? null });
    }
  return log;
}

/** Without times there is no watermark, and every record keeps its place. */
const spaced = ({ source }: Pipeline, log: readonly LogRecord[]): readonly LogRecord[] =>
  source.eventTime === null ? log : log.flatMap((record) => [record, { ...record, text: "" }]);

interface Wanted {
  readonly isWanted: (query: StreamQuery) => boolean;
  /** Of a batch. */
  readonly records: number;
}

async function run(
  on: Streams,
  given: Pipeline,
  log: readonly LogRecord[],
  { isWanted, records }: Wanted,
): Promise<readonly QueryRun[]> {
  const topic = await produce(on, [log], INGEST_MS);
  const pipeline = { ...given, source: { ...given.source, topic } };
  const ran: QueryRun[] = [];
  for (const query of streamQueries(pipeline).filter(isWanted))
    ran.push(await runToEnd(on, query, { topic, records }));
  return ran;
}

/** Whether it has a table or an alert of those that leave once their window has closed, or one of the others. */
function sends(query: StreamQuery, { tables, alerts }: Pipeline, final: boolean): boolean {
  const members = [
    ...tables.filter(({ name }) => query.tables.includes(name)),
    ...alerts.filter(({ name }) => query.alerts.includes(name)).map(({ rows }) => rows),
  ];
  return members.some(({ emit }) => (emit === "final") === final);
}

/** An event after all windows of those before it: by it they close. */
function endOf(
  { source, tables, delayMs }: Pipeline,
  log: readonly LogRecord[],
  dead: readonly DeadLetter[],
): readonly LogRecord[] {
  const { eventTime, eventId } = source;
  const last = log.findLast((_, position) => dead.every((letter) => letter.position !== position));
  if (last === undefined || eventTime === null) return [];
  const windowsMs = tables.map(({ relation }) => aggregateBelow(relation)?.window.sizeMs ?? 0);
  const endMs = INGEST_MS + Math.max(...windowsMs) + delayMs;
  const end = { ...JSON.parse(last.text), [eventTime]: new Date(endMs).toISOString() };
  if (eventId !== null) end[eventId] = "end";
  return [{ text: JSON.stringify(end), ingestTimeMs: endMs }];
}

function deadLetter({ headers }: Sent): DeadLetter {
  const position = Number(headers["__streams.errors.offset"]);
  return { partition: 0, position, path: "$", reason: "" };
}

/** Of batches of one record each, whose dead ones are among `dead` or were put between. */
function counted(
  read: number,
  dead: readonly DeadLetter[],
  batches: readonly QueryProgress[],
): Pick<Analysis, "late" | "ledger"> {
  const taken = batches.filter(({ inputRows }) => inputRows === 1);
  const late = taken.flatMap(({ droppedByWatermark }, record) =>
    droppedByWatermark.some((rows) => rows > 0) ? [{ partition: 0, position: record / 2 }] : [],
  );
  const duplicate = taken.reduce((sum, { duplicates }) => sum + duplicates, 0);
  const accepted = read - late.length - duplicate - dead.length;
  const source = { read, accepted, late: late.length, duplicate, dead: dead.length };
  return { late, ledger: { source, tables: {} } };
}

/** Of a table that changes, the last row of each key. */
function rowsOf({ name, emit, relation }: Table, sent: readonly Sent[]): TableRows {
  const all = sent.filter(({ headers }) => headers[OUTPUT] === name);
  const last = emit === "update" ? [...new Map(all.map((each) => [each.key, each])).values()] : all;
  return { table: name, rows: last.map(({ value }) => rowOf(relation.columns, parse(value))) };
}

function idsOf(alert: string, { name }: Table, sent: readonly Sent[]): TableRows {
  const values = sent.filter(({ headers }) => headers[OUTPUT] === ALERTS).map(({ value }) => parse(value));
  const ids = values.filter((value) => value.alert === alert).map((value) => String(value.alert_id));
  return { table: name, rows: [...new Set(ids)].map((id) => [id]) };
}

type Json = Readonly<Record<string, unknown>>;

/** Numbers as their texts, since not all of a BIGINT are JavaScript's. */
function parse(json: string): Json {
  const exact = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? { number: context?.source ?? "" } : value;
  return JSON.parse(json, exact);
}

const rowOf = (columns: readonly Column[], json: Json): readonly Value[] =>
  columns.map(({ name, type }) => readValue(type, json[name]));

function readValue(type: Column["type"], value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value))
    return value.map((element) => readValue(type.kind === "array" ? type.element : type, element));
  if (typeof value === "boolean") return value;
  if (typeof value === "object" && "number" in value) return numberOf(type, String(value.number));
  return type.kind === "timestamp" ? Date.parse(String(value)) : String(value);
}

function numberOf({ kind }: Column["type"], text: string): number | bigint {
  return kind === "double" || Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}
