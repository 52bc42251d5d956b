/** Spark as an engine: bounded runs as batch SQL over Spark Connect. */
import { fail } from "../../errors.ts";
import { computedTables, type Pipeline, type Table } from "../../pipeline/pipeline.ts";
import { PARTITION_COLUMN, POSITION_COLUMN, RAW } from "../../pipeline/source.ts";
import { batchSource, GATED } from "../../pipeline/spark-source.ts";
import type { Alias } from "../../sql/plan.ts";
import { modelsBelow, quoteName, renderRelation } from "../../sql/render/spark.ts";
import { aggregateBelow } from "../../sql/trace.ts";
import type { RecordBatch } from "../batch.ts";
import {
  type Analysis,
  type DeadLetter,
  type Engine,
  firstOfEachId,
  type Ledger,
  type RecordPlace,
  type TableLedger,
  type TableRows,
} from "../engine.ts";
import { type LocalData, rawRecords } from "./connect/local-data.ts";
import type { SparkSession } from "./connect/session.ts";

/**
 * An engine on a Spark session. An analysis makes views there (`raw`, `events`, the models by their names, and others
 * that begin with `_`) and drops them at its end; one at a time runs in a session. The input has one partition: an
 * analysis of several is refused with `spark.several-partitions`. Dead letters have the place alone: why a record is
 * dead, Spark can't say.
 */
export function sparkEngine(session: SparkSession): Engine {
  return { name: "spark", analyze: (pipeline, input) => analyze(session, pipeline, input) };
}

async function analyze(
  session: SparkSession,
  pipeline: Pipeline,
  input: AsyncIterable<RecordBatch>,
): Promise<Analysis> {
  const views: string[] = [];
  const createView = async (name: string, source: string | LocalData) => {
    views.push(name);
    await session.createView(name, source);
  };
  const cached: string[] = [];
  /** What several queries read is computed once, and their plans stay small. */
  const cache = async (name: string) => {
    cached.push(name);
    await session.sql(`CACHE TABLE ${name}`);
  };
  const release = async () => {
    for (const name of cached) await session.sql(`UNCACHE TABLE IF EXISTS ${name}`);
    await Promise.all(views.map((name) => session.dropView(name)));
  };
  try {
    await createView(RAW, rawRecords(onePartition(input)));
    for (const { name, sql } of batchSource(pipeline)) {
      await createView(name, sql);
      if (name === GATED) await cache(name);
    }
    for (const model of orderedModels(pipeline)) {
      await createView(quoteName(model.name), modelQuery(model));
      if (readersOf(model, pipeline) > 1) await cache(quoteName(model.name));
    }
    const analysis = await readAll(session, pipeline);
    await release();
    return analysis;
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
}

async function* onePartition(input: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  let first: number | null = null;
  for await (const batch of input) {
    first ??= batch.partition;
    if (batch.partition !== first) throw severalPartitions(first, batch.partition);
    yield batch;
  }
}

const severalPartitions = (first: number, other: number) =>
  fail(
    "spark.several-partitions",
    `a bounded run on Spark reads one partition, and the input has ${first} and ${other}`,
    "Analyse each partition by itself, or all of them with the embedded engine.",
  );

async function readAll(session: SparkSession, pipeline: Pipeline): Promise<Analysis> {
  const tables: TableRows[] = [];
  const ledgers: [string, TableLedger][] = [];
  const source = await readSourceLedger(session);
  const readUsed = usedReader(session);
  for (const table of pipeline.tables) {
    const { rows } = await session.sql(rowsQuery(table));
    tables.push({ table: table.name, rows });
    const used = await readUsed(table);
    ledgers.push([table.name, { used, filtered: source.accepted - used }]);
  }
  const late = await readPlaces(session, "late");
  const dead = (await readPlaces(session, "dead")).map(
    (place): DeadLetter => ({ ...place, path: "$", reason: "" }),
  );
  const alerts: TableRows[] = [];
  for (const { rows } of pipeline.alerts) {
    const found = await session.sql(rowsQuery(rows));
    alerts.push(firstOfEachId({ table: rows.name, rows: found.rows }));
  }
  return { tables, alerts, late, dead, ledger: { source, tables: Object.fromEntries(ledgers) } };
}

/** Every model that a table reads, once, after those that it reads itself. */
function orderedModels(pipeline: Pipeline) {
  const all = computedTables(pipeline).flatMap(({ relation }) => modelsBelow(relation));
  return all.filter((model, index) => all.findIndex(({ name }) => name === model.name) === index);
}

/** How many models read this one directly. */
function readersOf(model: Alias, pipeline: Pipeline): number {
  return orderedModels(pipeline).filter(({ input }) => modelsBelow(input).at(-1) === model).length;
}

/** Models of rows hand the record's position on beside their own columns, for the ledger. */
function modelQuery({ input }: Alias): string {
  const text = renderRelation(input, aggregateBelow(input) ? {} : CARRIED);
  return text.startsWith("SELECT") ? text : `SELECT * FROM ${text}`;
}

const CARRIED = { carried: POSITION_COLUMN };

function rowsQuery({ name, relation }: Table): string {
  return `SELECT ${relation.columns.map((column) => quoteName(column.name)).join(", ")} FROM ${quoteName(name)}`;
}

async function readSourceLedger(session: SparkSession): Promise<Ledger["source"]> {
  const { rows } = await session.sql(`SELECT _status, count(*) FROM ${GATED} GROUP BY _status`);
  const counts = new Map(rows.map(([status, count]) => [status, Number(count)]));
  const [accepted = 0, late = 0, duplicate = 0, dead = 0] = ["accepted", "late", "duplicate", "dead"].map(
    (status) => counts.get(status),
  );
  return { read: accepted + late + duplicate + dead, accepted, late, duplicate, dead };
}

/** How many events reach a table's aggregate, or the table itself. Tables over the same events share one query. */
function usedReader(session: SparkSession): (table: Table) => Promise<number> {
  const counts = new Map<string, number>();
  return async ({ relation }) => {
    const below = aggregateBelow(relation)?.input ?? relation;
    const text = renderRelation(below, CARRIED);
    const known = counts.get(text);
    if (known !== undefined) return known;
    const from = text.startsWith("SELECT") ? `(${text})` : text;
    const { rows } = await session.sql(`SELECT count(DISTINCT ${POSITION_COLUMN}) FROM ${from}`);
    const used = Number(rows[0]?.[0] ?? 0);
    counts.set(text, used);
    return used;
  };
}

async function readPlaces(session: SparkSession, status: string): Promise<readonly RecordPlace[]> {
  const { rows } = await session.sql(
    `SELECT ${PARTITION_COLUMN}, ${POSITION_COLUMN} FROM ${GATED} WHERE _status = '${status}' ORDER BY ${POSITION_COLUMN}`,
  );
  return rows.map(([partition, position]) => ({ partition: Number(partition), position: Number(position) }));
}
